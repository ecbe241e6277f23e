import fc from "fast-check";
import { expect, test } from "vitest";
import { limitedSurface, pairsAtTokens, REPETITIONS, stockOf } from "./data-limit.ts";
import { chinchillaLaw } from "./formulas/chinchilla.ts";
import { optimumOn, splitLossOf } from "./optimum.ts";

/** Muennighoff et al.'s base law and decays (arXiv 2305.16264). */
const base = splitLossOf(
  chinchillaLaw,
  Float64Array.of(6.255414, 7.3049974, 0.6254804, 0.3526596, 0.3526596),
  6,
);
const published = REPETITIONS[1]!;
const limited = limitedSurface(base, stockOf(base, 25e9), published);

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
        const free = limitedSurface(base, stockOf(base, Infinity), repetition);
        expect(free(logN, logD)).toBe(base(logN, logD));
        const short = limitedSurface(base, stockOf(base, 1e9), repetition);
        expect(short(logN, logD)).toBeGreaterThanOrEqual(base(logN, logD));
        // Up to the unique tokens and the size that they deserve nothing changes.
        if (logD <= Math.log(1e9) && logN <= stockOf(base, 1e9).logSize)
          expect(short(logN, logD)).toBe(base(logN, logD));
      },
    ),
    { numRuns: 100 },
  );
});

test("a budget that needs fewer than the unique tokens has the plain optimum", () => {
  const small = optimumOn(base, Math.log(1e19));
  const same = optimumOn(limitedSurface(base, stockOf(base, 1e13), published), Math.log(1e19));
  expect(same.logN).toBeCloseTo(small.logN, 8);
});

test("the compute at which the optimum needs so many tokens", () => {
  const logPairs = pairsAtTokens(base, Math.log(1e11));
  expect(Math.exp(optimumOn(base, logPairs).logD)).toBeCloseTo(1e11, -4);
  expect(pairsAtTokens(base, Infinity)).toBe(Infinity);
});
