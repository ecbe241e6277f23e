import fc from "fast-check";
import { expect, test } from "vitest";
import { ratioEstimate, shareEstimate, studentQuantile95 } from "./interval.ts";

const items = (values: readonly number[], copies = 1) =>
  values.flatMap((sum, i) => Array.from({ length: copies }, () => ({ cluster: `c${i}`, sum, weight: 1 })));

// Any table of Student's t.
test.each([
  [1, 6.3138],
  [2, 2.92],
  [3, 2.3534],
  [5, 2.015],
  [10, 1.8125],
  [30, 1.6973],
  [1000, 1.6464],
])("t at 95 %% with %i degrees of freedom is %f", (degrees, t) => {
  expect(studentQuantile95(degrees) / t).toBeCloseTo(1, degrees === 3 ? 2 : 3);
});

test("a mean has Student's interval", () => {
  // 1, 2, 3, 4, 5: mean 3, standard error sqrt(2.5 / 5).
  const { median: value, lo, hi, sd } = ratioEstimate(items([1, 2, 3, 4, 5]));
  expect(value).toBe(3);
  expect(sd).toBeCloseTo(Math.sqrt(0.5), 12);
  expect(hi - value).toBeCloseTo(2.1318 * Math.sqrt(0.5), 2);
  expect(value - lo).toBeCloseTo(hi - value, 12);
});

test("a ratio weighs by bytes", () => {
  const parts = [
    { cluster: "a", sum: 2, weight: 1 },
    { cluster: "b", sum: 2, weight: 3 },
  ];
  expect(ratioEstimate(parts).median).toBe(1);
});

test("a share of many independent items has Wilson's interval", () => {
  // z = 1.645 on 500 of 1000: 0.5 -+ 1.645 sqrt(0.25 / 1000) / sqrt(1 + z^2 / 1000), to four digits.
  const { lo, hi } = shareEstimate(items([...Array(500).fill(1), ...Array(500).fill(0)]));
  expect(hi - 0.5).toBeCloseTo(0.02598, 3);
  expect(0.5 - lo).toBeCloseTo(0.02598, 3);
});

test("no item right, or all, still leaves an interval", () => {
  const none = shareEstimate(items(Array(50).fill(0)));
  expect(none).toMatchObject({ median: 0, lo: 0 });
  expect(none.hi).toBeGreaterThan(0.03);
  expect(none.sd).toBeGreaterThan(0);
  expect(shareEstimate(items(Array(50).fill(1))).lo).toBeCloseTo(1 - none.hi, 12);
});

test("copies of an item within its cluster tell nothing new", () => {
  const shares = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 5, maxLength: 40 });
  fc.assert(
    fc.property(shares, fc.integer({ min: 2, max: 6 }), (values, copies) => {
      for (const estimate of [shareEstimate, ratioEstimate]) {
        const [once, often] = [estimate(items(values)), estimate(items(values, copies))];
        expect(often.median).toBeCloseTo(once.median, 12);
        expect(often.hi - often.lo).toBeGreaterThanOrEqual(0.98 * (once.hi - once.lo));
        expect(often.lo).toBeLessThanOrEqual(often.median);
        expect(often.hi).toBeGreaterThanOrEqual(often.median);
      }
    }),
    { numRuns: 50 },
  );
});
