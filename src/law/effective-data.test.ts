import fc from "fast-check";
import { expect, test } from "vitest";
import { effectiveRatio, effectiveRatioSlope } from "./effective-data.ts";

const epochs = fc.double({ min: 0.01, max: 1500, noNaN: true });
const decay = fc.double({ min: 0.1, max: 1e6, noNaN: true });

test("fresh tokens count in full, repeats for less, and all together for at most 1 + decay times the distinct ones", () => {
  fc.assert(
    fc.property(epochs, decay, (passes, d) => {
      const value = effectiveRatio(passes, d);
      if (passes <= 1) expect(value).toBe(passes);
      expect(value).toBeLessThanOrEqual(passes * (1 + 1e-12));
      expect(value).toBeLessThanOrEqual((1 + d) * (1 + 1e-12));
      expect(effectiveRatio(1.1 * passes, d)).toBeGreaterThanOrEqual(value);
    }),
  );
});

test("with no decay repeats are as good as fresh tokens", () => {
  expect(effectiveRatio(7, Infinity)).toBe(7);
});

test("one more token is worth e less every `decay` repeats, and that is the slope of the worth of all", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1.1, max: 100, noNaN: true }),
      fc.double({ min: 1, max: 100, noNaN: true }),
      (ratio, d) => {
        const h = 1e-5 * ratio;
        const slope = (effectiveRatio(ratio + h, d) - effectiveRatio(ratio - h, d)) / (2 * h);
        expect(slope).toBeCloseTo(Math.exp(-(ratio - 1) / d), 6);
        const perDecay =
          (effectiveRatio(ratio, d * 1.00001) - effectiveRatio(ratio, d / 1.00001)) / (2 * Math.log(1.00001));
        expect(effectiveRatioSlope(ratio, d)).toBeCloseTo(perDecay, 5);
      },
    ),
  );
});

test("four epochs are nearly as good as fresh data at the published decay, forty are worth fifteen", () => {
  // The series R - R^2 / 2 r + R^3 / 6 r^2 - R^4 / 24 r^3 + R^5 / 120 r^4 at R = 3, r = 15.387756, by hand.
  expect(effectiveRatio(4, 15.387756)).toBeCloseTo(1 + 3 - 0.29244 + 0.019005 - 0.000926 + 0.000036, 5);
  expect(effectiveRatio(40, 15.387756)).toBeCloseTo(15.17, 2);
});
