/** @file Linear least squares for a handful of terms: plain, and with non-negative coefficients. */

import { assert } from "../errors.ts";
import { cholesky, solveCholesky } from "./symmetric.ts";

/**
 * The coefficients of `columns` (one list a row) that bring their sum nearest to `values`. A ridge of 1e-12
 * of each column's square settles ties.
 */
export function linearFit(columns: readonly (readonly number[])[], values: readonly number[]): number[] {
  const size = columns[0]!.length;
  const terms = Array.from({ length: size }, (_, k) => k);
  const scale = terms.map((k) => Math.sqrt(columns.reduce((sum, row) => sum + row[k]! ** 2, 0)) || 1);
  const summed = (of: (row: readonly number[], i: number) => number) =>
    columns.reduce((sum, row, i) => sum + of(row, i), 0);
  const gram = Float64Array.from(
    terms.flatMap((j) =>
      terms.map(
        (k) => summed((row) => (row[j]! / scale[j]!) * (row[k]! / scale[k]!)) + (j === k ? 1e-12 : 0),
      ),
    ),
  );
  const right = terms.map((j) => summed((row, i) => (row[j]! / scale[j]!) * values[i]!));
  const lower = cholesky(gram, size, 0);
  assert(lower !== null, "normal equations with a ridge have positive pivots");
  return Array.from(solveCholesky(lower, right), (value, k) => value / scale[k]!);
}

/** Terms row by row: row i, term k at [i * numTerms + k]. */
export type Rows = { readonly terms: Float64Array; readonly numTerms: number };

/** Below this ratio of a pivot to its diagonal two terms are taken for one. */
const DEPENDENT = 1e-13;

/**
 * The coefficients c >= 0 that minimise sum_i w_i (1 - sum_k c_k x_ik)^2. The optimum solves the plain normal
 * equations on some subset of the terms; with five or fewer all subsets are tried, which is exact and cannot
 * cycle.
 */
export function solveNonNegative({ terms, numTerms }: Rows, weights: Float64Array): Float64Array {
  assert(numTerms <= 5, `all subsets of at most 5 terms are tried, got ${numTerms}`);
  const gram = new Float64Array(numTerms * numTerms);
  const right = new Float64Array(numTerms);
  for (let i = 0; i < weights.length; i++) {
    for (let k = 0; k < numTerms; k++) {
      const weighted = weights[i]! * terms[i * numTerms + k]!;
      right[k]! += weighted;
      for (let l = 0; l < numTerms; l++) gram[k * numTerms + l]! += weighted * terms[i * numTerms + l]!;
    }
  }
  let best = new Float64Array(numTerms);
  let bestGain = 0;
  for (let subset = 1; subset < 1 << numTerms; subset++) {
    const chosen = Array.from({ length: numTerms }, (_, k) => k).filter((k) => subset & (1 << k));
    const part = Float64Array.from(chosen.flatMap((k) => chosen.map((l) => gram[k * numTerms + l]!)));
    const lower = cholesky(part, chosen.length, DEPENDENT);
    if (lower === null) continue;
    const solution = solveCholesky(
      lower,
      chosen.map((k) => right[k]!),
    );
    if (!solution.every((value) => value >= 0)) continue;
    // At a free solution the sum of squares has fallen by right . solution.
    const gain = chosen.reduce((sum, k, at) => sum + right[k]! * solution[at]!, 0);
    if (gain <= bestGain) continue;
    bestGain = gain;
    best = new Float64Array(numTerms);
    for (const [at, k] of chosen.entries()) best[k] = solution[at]!;
  }
  return best;
}

/** 1 - fitted of every row. */
export function residuals({ terms, numTerms }: Rows, coefficients: Float64Array): Float64Array {
  return Float64Array.from({ length: terms.length / numTerms }, (_, i) => {
    let fitted = 0;
    for (let k = 0; k < numTerms; k++) fitted += coefficients[k]! * terms[i * numTerms + k]!;
    return 1 - fitted;
  });
}
