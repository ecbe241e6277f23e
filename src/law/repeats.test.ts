import fc from "fast-check";
import { expect, test } from "vitest";
import { chinchillaLaw } from "./formulas/power-laws.ts";
import { lossOverND, optimumOn } from "./optimum.ts";
import {
  effectiveRatio,
  effectiveRatioSlope,
  epochsUntilWorthless,
  limitedSurface,
  logNDAtTokens,
  REPETITIONS,
} from "./repeats.ts";

/** Muennighoff et al.'s base law and decays (arXiv 2305.16264). */
const base = lossOverND(
  chinchillaLaw,
  Float64Array.of(6.255414, 7.3049974, 0.6254804, 0.3526596, 0.3526596),
  6,
);
const published = REPETITIONS[1]!;
const limited = limitedSurface(base, 25e9, published);

test("the losses that the authors print for 25 billion unique tokens", () => {
  const loss = (n: number, d: number) => Math.exp(limited(Math.log(n), Math.log(d)));
  expect(loss(6.34e9, 242e9)).toBeCloseTo(2.2256440889984477, 9);
  expect(loss(8.67e9, 178e9)).toBeCloseTo(2.2269634075087867, 9);
});

test("their optimum for 1e22 FLOPs: within a tenth of a percent, and ours is the lower by a hair", () => {
  const { logN, logD, logLoss } = optimumOn(limited, Math.log(1e22 / 6));
  expect(Math.exp(logN) / 7_022_364_735.88).toBeCloseTo(1, 2.9);
  expect(Math.exp(logD) / 237_336_955_477.55).toBeCloseTo(1, 2.9);
  expect(Math.exp(logD) / 25e9).toBeCloseTo(9.49, 2);
  const theirs = limited(Math.log(7_022_364_735.88), Math.log(237_336_955_477.55));
  expect(logLoss).toBeLessThan(theirs);
  expect(theirs - logLoss).toBeLessThan(1e-8);
});

test("unlimited data is the plain surface, limited data never a better one", () => {
  fc.assert(
    fc.property(
      fc.double({ min: Math.log(1e6), max: Math.log(1e12), noNaN: true }),
      fc.double({ min: Math.log(1e7), max: Math.log(1e13), noNaN: true }),
      fc.constantFrom(...REPETITIONS),
      (logN, logD, repetition) => {
        const free = limitedSurface(base, Infinity, repetition);
        expect(free(logN, logD)).toBe(base(logN, logD));
        const short = limitedSurface(base, 1e9, repetition);
        expect(short(logN, logD)).toBeGreaterThanOrEqual(base(logN, logD));
        // Up to the unique tokens and the size that they deserve nothing changes.
        const deserved = logNDAtTokens(base, Math.log(1e9)) - Math.log(1e9);
        if (logD <= Math.log(1e9) && logN <= deserved) expect(short(logN, logD)).toBe(base(logN, logD));
      },
    ),
    { numRuns: 100 },
  );
});

test("a budget that needs fewer than the unique tokens has the plain optimum", () => {
  const small = optimumOn(base, Math.log(1e19));
  const same = optimumOn(limitedSurface(base, 1e13, published), Math.log(1e19));
  expect(same.logN).toBeCloseTo(small.logN, 8);
});

test("the compute at which the optimum needs so many tokens", () => {
  const logND = logNDAtTokens(base, Math.log(1e11));
  expect(Math.exp(optimumOn(base, logND).logD)).toBeCloseTo(1e11, -4);
  expect(logNDAtTokens(base, Infinity)).toBe(Infinity);
});

const epochs = fc.double({ min: 0.01, max: 1500, noNaN: true });
const decay = fc.double({ min: 0.1, max: 1e6, noNaN: true });

test("fresh tokens count in full, repeats for less, all for at most 1 + decay times the distinct", () => {
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

test("one more token is worth e less every `decay` repeats: the slope of the worth of all", () => {
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

test("past so many passes another one is worth a hundredth of the first", () => {
  expect(epochsUntilWorthless(published)).toBeCloseTo(71.9, 1);
  expect(effectiveRatio(72.86, 15.387756) - effectiveRatio(71.86, 15.387756)).toBeCloseTo(0.01, 3);
});

test("with little data an exhaustive look finds nothing lower, and less data is never better", () => {
  const amounts = fc.record({
    logND: fc.double({ min: 46, max: 58, noNaN: true }),
    epochs: fc.double({ min: 1.1, max: 60, noNaN: true }),
    repetition: fc.constantFrom(...REPETITIONS),
  });
  fc.assert(
    fc.property(amounts, ({ logND, epochs, repetition }) => {
      const free = optimumOn(base, logND);
      const unique = Math.exp(free.logD) / epochs;
      const short = limitedSurface(base, unique, repetition);
      const { logLoss } = optimumOn(short, logND);
      expect(logLoss).toBeGreaterThanOrEqual(free.logLoss - 1e-12);
      const shorter = limitedSurface(base, unique / 2, repetition);
      expect(optimumOn(shorter, logND).logLoss).toBeGreaterThanOrEqual(logLoss - 1e-9);
      for (let i = 0; i < 200; i++) {
        const logN = free.logN - 8 + (11 * i) / 200;
        expect(logLoss).toBeLessThanOrEqual(short(logN, logND - logN) + 1e-9);
      }
    }),
    { numRuns: 30 },
  );
});
