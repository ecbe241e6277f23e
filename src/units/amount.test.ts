import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { Random } from "../math/random.ts";
import { drawFrom, intervalOf, logSdOf, parseUncertain, readUncertain, within } from "../plan/uncertain.ts";
import {
  BYTES_PER_SECOND,
  COUNT,
  DAYS,
  DURATION,
  PLAIN,
  parseAmount,
  readBytes,
  readCount,
  readSeconds,
} from "./amount.ts";

test.each([
  ["15.6T", 15.6e12],
  ["16M", 16e6],
  ["7b", 7e9],
  ["1e21", 1e21],
  ["16,384", 16384],
  [".5k", 500],
])("count %s", (text, value) => {
  expect(readCount("--tokens")(text)).toBeCloseTo(value, 6);
});

test("times and bytes need their unit; bare numbers are refused, not guessed", () => {
  expect(readSeconds("--days")("54d")).toBe(54 * 86400);
  expect(readSeconds("--days")("12 min")).toBe(720);
  expect(readBytes("--bytes")("80GB")).toBe(80e9);
  expect(readBytes("--bytes")("1GiB")).toBe(2 ** 30);
  expect(parseAmount("2TB/s", BYTES_PER_SECOND)).toBe(2e12);
  for (const text of ["54", "54x", "-3d", "d", "0d"]) {
    expect(() => readSeconds("--elapsed")(text)).toThrow(UserError);
  }
  expect(() => readSeconds("--elapsed")("54")).toThrow(
    /found: --elapsed "54"\nexpected: a time with its unit/,
  );
});

test("a range is a 90 % interval, with its unit where people leave it", () => {
  expect(parseUncertain("5..20min", DURATION)).toEqual({ median: 600, lo: 300, hi: 1200 });
  expect(parseUncertain("4M..16M", COUNT)).toEqual({ median: 8e6, lo: 4e6, hi: 16e6 });
  expect(parseUncertain("0.4", PLAIN)).toEqual({ median: 0.4, lo: 0.4, hi: 0.4 });
  expect(parseUncertain("7..8B", COUNT)).toMatchObject({ lo: 7e9, hi: 8e9 });
  expect(parseUncertain("1e9..8B", COUNT)).toMatchObject({ lo: 1e9, hi: 8e9 });
  expect(parseUncertain("0.3..50%", PLAIN)).toMatchObject({ lo: 0.3, hi: 0.5 });
  expect(parseUncertain("50..70", DAYS)).toEqual(parseUncertain("50..70d", DAYS));
  expect(parseUncertain("5..200h", DAYS)).toMatchObject({ lo: 5 * 3600, hi: 200 * 3600 });
  expect(parseUncertain("3..2", PLAIN)).toBeNull();
  expect(() => readUncertain("--mfu", PLAIN)("fast")).toThrow(/or a 90 % interval, lo..hi/);
});

test("draws have the interval that they were drawn from", () => {
  const random = new Random(1, "test");
  const wanted = within(100, 0.5);
  const got = intervalOf(Array.from({ length: 20_000 }, () => drawFrom(wanted, random)));
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
