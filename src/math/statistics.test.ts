import fc from "fast-check";
import { expect, test } from "vitest";
import {
  mean,
  median,
  quantile,
  scaledMedianDeviation,
  standardDeviation,
  weightedMean,
  weightedQuantile,
} from "./statistics.ts";

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 });

test("means, spreads and quantiles of a known list", () => {
  const values = [10, 9, 2, 4, 100];
  expect(mean(values)).toBe(25);
  expect(median(values)).toBe(9);
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.138089935299395, 12);
  expect(scaledMedianDeviation(values)).toBeCloseTo(1.482602218505602 * 5, 12);
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

test("weights", () => {
  expect(weightedMean([1, 5], [3, 1])).toBe(2);
  expect(weightedQuantile([1, 2, 3], [1, 1, 1], 0.5)).toBe(2);
  expect(weightedQuantile([3, 1, 2], [0, 1, 0], 0.5)).toBe(1);
  expect(weightedQuantile([1, 2], [1, 1], 0.5)).toBe(1.5);
  expect(weightedQuantile([1, 2], [3, 1], 0.5)).toBeCloseTo(1.25, 12);
  expect(() => weightedMean([1], [0])).toThrow("weights add up to more than nothing");
});

test("nothing has no mean and no quantile, one value no deviation", () => {
  expect(() => mean([])).toThrow("mean of nothing");
  expect(() => quantile([], 0.5)).toThrow("a quantile takes values");
  expect(() => standardDeviation([1])).toThrow("two values");
});
