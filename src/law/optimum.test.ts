import fc from "fast-check";
import { expect, test } from "vitest";
import { chinchillaLaw } from "./formulas/power-laws.ts";
import { flatRange, leastLogNDFor, lossOverND, optimumOn, tokensFor } from "./optimum.ts";

/** Chinchilla laws like those that published fits have found. */
const laws = fc
  .record({
    a: fc.double({ min: 3, max: 9, noNaN: true }),
    b: fc.double({ min: 4, max: 12, noNaN: true }),
    floor: fc.double({ min: 0.3, max: 3, noNaN: true }),
    alpha: fc.double({ min: 0.15, max: 0.7, noNaN: true }),
    beta: fc.double({ min: 0.15, max: 0.7, noNaN: true }),
  })
  .map(({ a, b, floor, alpha, beta }) => Float64Array.of(a, b, Math.log(floor), alpha, beta));
const budgets = fc.double({ min: Math.log(1e15), max: Math.log(1e26), noNaN: true });
const surfaceAt = (theta: Float64Array) => lossOverND(chinchillaLaw, theta, 6);

/**
 * log N* of E + A N^-alpha + B D^-beta with N D = P: alpha A N^-alpha = beta B D^-beta (Hoffmann et al.,
 * equation 4).
 */
function closedForm([a, b, , alpha, beta]: Float64Array, logND: number): number {
  return (Math.log((alpha! * Math.exp(a!)) / (beta! * Math.exp(b!))) + beta! * logND) / (alpha! + beta!);
}

test("the optimum is Hoffmann's closed form", () => {
  fc.assert(
    fc.property(laws, budgets, (theta, logND) => {
      const expected = closedForm(theta, logND);
      fc.pre(expected > 1 && expected < logND - 1);
      const { logN, logD, interior } = optimumOn(surfaceAt(theta), logND);
      expect(interior).toBe(true);
      expect(Math.abs(logN - expected)).toBeLessThan(1e-5);
      expect(logN + logD).toBeCloseTo(logND, 12);
    }),
    { numRuns: 100 },
  );
});

test("it beats every other split of the budget, and the flat range holds it and nothing worse", () => {
  fc.assert(
    fc.property(laws, budgets, fc.double({ min: 0, max: 1, noNaN: true }), (theta, logND, place) => {
      const surface = surfaceAt(theta);
      const best = optimumOn(surface, logND);
      const at = (logN: number) => surface(logN, logND - logN);
      expect(at(place * logND)).toBeGreaterThanOrEqual(best.logLoss - 1e-12);
      const [lo, hi] = flatRange(surface, logND, 0.001);
      if (lo !== null) {
        expect(lo).toBeLessThan(best.logN);
        expect(at(lo)).toBeCloseTo(best.logLoss + Math.log(1.001), 9);
      }
      if (hi !== null) {
        expect(hi).toBeGreaterThan(best.logN);
        expect(at(hi)).toBeCloseTo(best.logLoss + Math.log(1.001), 9);
      }
    }),
    { numRuns: 60 },
  );
});

test("more compute never asks for a smaller model or fewer tokens", () => {
  fc.assert(
    fc.property(laws, budgets, fc.double({ min: 0.01, max: 10, noNaN: true }), (theta, logND, more) => {
      const surface = surfaceAt(theta);
      const [small, large] = [optimumOn(surface, logND), optimumOn(surface, logND + more)];
      expect(large.logN).toBeGreaterThanOrEqual(small.logN - 1e-6);
      expect(large.logD).toBeGreaterThanOrEqual(small.logD - 1e-6);
    }),
    { numRuns: 60 },
  );
});

test("the least budget for an optimum's loss is that optimum's, and tokensFor goes back", () => {
  fc.assert(
    fc.property(laws, budgets, (theta, logND) => {
      const surface = surfaceAt(theta);
      const best = optimumOn(surface, logND);
      fc.pre(best.interior && best.logN > 1 && best.logD > 1);
      expect(leastLogNDFor(surface, best.logLoss)).toBeCloseTo(logND, 5);
      expect(tokensFor(surface, best.logN, best.logLoss)).toBeCloseTo(best.logD, 5);
    }),
    { numRuns: 40 },
  );
});

test("no budget reaches a loss below the floor", () => {
  const surface = surfaceAt(Float64Array.of(6, 7, Math.log(1.8), 0.35, 0.37));
  expect(leastLogNDFor(surface, Math.log(1.79))).toBeNull();
  expect(tokensFor(surface, Math.log(1e8), Math.log(1.8))).toBeNull();
});

test("a law in which size is worth nothing has no optimum inside", () => {
  expect(optimumOn(surfaceAt(Float64Array.of(6, 7, 0.6, -0.1, 0.37)), Math.log(1e20)).interior).toBe(false);
});
