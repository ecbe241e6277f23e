import fc from "fast-check";
import { expect, test } from "vitest";
import { mean, median, quantile, standardDeviation } from "./statistics.ts";

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 });

test("means, spreads and quantiles of a known list", () => {
  const values = [10, 9, 2, 4, 100];
  expect(mean(values)).toBe(25);
  expect(median(values)).toBe(9);
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.138089935299395, 12);
  // numpy.quantile([10, 9, 2, 4, 100], 0.9) = 64
  expect(quantile(values, 0.9)).toBeCloseTo(64, 12);
});

test("typed arrays are taken as they are and left unchanged", () => {
  const values = Float64Array.of(3, 1, 2);
  expect(median(values)).toBe(2);
  expect([...values]).toEqual([3, 1, 2]);
});

test("a quantile lies within the values and does not fall as the fraction grows", () => {
  fc.assert(
    fc.property(
      numbers,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (v, a, b) => {
        const low = quantile(v, Math.min(a, b));
        const high = quantile(v, Math.max(a, b));
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...v));
        expect(high).toBeLessThanOrEqual(Math.max(...v));
      },
    ),
  );
});

test("nothing has no mean and no quantile, one value no deviation", () => {
  expect(() => mean([])).toThrow("mean of nothing");
  expect(() => quantile([], 0.5)).toThrow("a quantile takes values");
  expect(() => standardDeviation([1])).toThrow("two values");
});
