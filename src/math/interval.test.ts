import fc from "fast-check";
import { expect, test } from "vitest";
import { drawFrom, intervalOfDraws, logSdOf, within } from "./interval.ts";
import { Random } from "./random.ts";

test("draws have the interval that they were drawn from", () => {
  const random = new Random(1, "test");
  const wanted = within(100, 0.5);
  const got = intervalOfDraws(Array.from({ length: 20_000 }, () => drawFrom(wanted, random)));
  expect(got.lo / wanted.lo).toBeCloseTo(1, 1);
  expect(got.median / wanted.median).toBeCloseTo(1, 1);
  expect(got.hi / wanted.hi).toBeCloseTo(1, 1);
});

test("the spread of an interval comes back", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 2, noNaN: true }),
      fc.double({ min: 1, max: 1e9, noNaN: true }),
      (sd, x) => {
        expect(logSdOf(within(x, sd))).toBeCloseTo(sd, 9);
      },
    ),
    { numRuns: 50 },
  );
});
