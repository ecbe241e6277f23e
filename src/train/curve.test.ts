import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mean } from "../math/statistics.ts";
import { curveOf, NUM_CURVE_POINTS } from "./curve.ts";

describe("a loss curve", () => {
  test("is the means of equal stretches", () => {
    expect(curveOf(Float64Array.of(8, 6, 5, 3, 2, 0), 6, 3)).toEqual([7, 4, 1]);
    expect(curveOf(Float64Array.of(9, 7, 5, 3, 1), 5, 2)).toEqual([8, 3]);
  });

  test("so far holds the stretches that are complete", () => {
    expect(curveOf(Float64Array.of(8, 6, 5), 6, 3)).toEqual([7]);
    expect(curveOf(Float64Array.of(), 6, 3)).toEqual([]);
  });

  test("repeats steps where there are fewer than points", () => {
    expect(curveOf(Float64Array.of(4, 2), 2, 5)).toEqual([4, 4, 4, 2, 2]);
    expect(curveOf(Float64Array.of(3))).toEqual(new Array(NUM_CURVE_POINTS).fill(3));
  });

  test("leaves no step out: its mean is that of the losses where the stretches are even", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 12, noNaN: true }), { minLength: 8, maxLength: 8 }),
        (part) => {
          const losses = Float64Array.from([...part, ...part.toReversed()]);
          expect(mean(curveOf(losses, losses.length, 4))).toBeCloseTo(mean(losses), 10);
        },
      ),
    );
  });

  test("stays between the least and the greatest loss", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 12, noNaN: true }), { minLength: 1, maxLength: 300 }),
        (losses) => {
          const curve = curveOf(Float64Array.from(losses));
          expect(curve).toHaveLength(NUM_CURVE_POINTS);
          expect(Math.min(...curve)).toBeGreaterThanOrEqual(Math.min(...losses) - 1e-9);
          expect(Math.max(...curve)).toBeLessThanOrEqual(Math.max(...losses) + 1e-9);
        },
      ),
      { numRuns: 50 },
    );
  });
});
