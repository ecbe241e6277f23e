/** @file The drifting level anywhere, given residuals at rungs: weights, and the remaining covariance. */

import { assert } from "../../errors.ts";
import { cholesky, solveCholesky } from "../../math/symmetric.ts";

/** Where a residual was seen, log10 of compute, and the variance of its scatter. */
export type Seen = { readonly place: number; readonly variance: number };

export type Level = {
  /** For each place asked about, row by row, the weight of each residual. */
  readonly weights: Float64Array;
  /** Covariance of the level at the places asked about, given the residuals. */
  readonly covariance: Float64Array;
};

/** Variance of the level where nothing was seen: so wide that it does not matter. */
const FLAT = 1;

/**
 * The local level model of a forecast (forecast/local-level.ts) asked at any places rather than at the top:
 * kriging with a random walk of variance drift^2 per decade (Cressie 1993, chapter 3).
 */
export function levelGiven(seen: readonly Seen[], asked: readonly number[], drift: number): Level {
  const lowest = Math.min(...seen.map(({ place }) => place), ...asked);
  const walk = (a: number, b: number) => FLAT + drift * drift * (Math.min(a, b) - lowest);
  const n = seen.length;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      matrix[i * n + j] = walk(seen[i]!.place, seen[j]!.place) + (i === j ? seen[i]!.variance : 0);
  const factor = cholesky(matrix, n);
  assert(factor !== null, "a covariance with scatter on its diagonal is positive definite");
  const weights = new Float64Array(asked.length * n);
  const covariance = new Float64Array(asked.length ** 2);
  const shared = asked.map((place) => seen.map((one) => walk(place, one.place)));
  asked.forEach((place, a) => {
    const row = solveCholesky(factor, shared[a]!);
    weights.set(row, a * n);
    asked.forEach((other, b) => {
      const explained = row.reduce((sum, weight, i) => sum + weight * shared[b]![i]!, 0);
      covariance[a * asked.length + b] = walk(place, other) - explained;
    });
  });
  return { weights, covariance };
}
