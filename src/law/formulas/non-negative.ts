/** @file Least squares with coefficients that are not negative, for a handful of terms and the target 1 in every row. */

import { assert } from "../../errors.ts";

/** Terms row by row: row i, term k at [i * numTerms + k]. */
export type Rows = { readonly terms: Float64Array; readonly numTerms: number };

/** Below this ratio of a pivot to its diagonal two terms are taken for one. */
const DEPENDENT = 1e-13;

/**
 * The coefficients c >= 0 that minimise sum_i w_i (1 - sum_k c_k x_ik)^2. The optimum solves the plain normal equations on some
 * subset of the terms; with five or fewer all subsets are tried, which is exact and cannot cycle.
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
    const solution = solveSubset(gram, right, chosen);
    if (!solution?.every((value) => value >= 0)) continue;
    // At a free solution the sum of squares has fallen by right . solution.
    const gain = chosen.reduce((sum, k, at) => sum + right[k]! * solution[at]!, 0);
    if (gain <= bestGain) continue;
    bestGain = gain;
    best = new Float64Array(numTerms);
    for (const [at, k] of chosen.entries()) best[k] = solution[at]!;
  }
  return best;
}

/** Cholesky's solution for a subset of the terms; null where they depend on one another. */
function solveSubset(
  gram: Float64Array,
  right: Float64Array,
  chosen: readonly number[],
): Float64Array | null {
  const size = chosen.length;
  const lower = new Float64Array(size * size);
  const solution = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      const whole = gram[chosen[i]! * right.length + chosen[j]!]!;
      let sum = whole;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      if (i === j && !(sum > DEPENDENT * whole)) return null;
      lower[i * size + j] = i === j ? Math.sqrt(sum) : sum / lower[j * size + j]!;
    }
    let sum = right[chosen[i]!]!;
    for (let k = 0; k < i; k++) sum -= lower[i * size + k]! * solution[k]!;
    solution[i] = sum / lower[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) solution[i]! -= lower[k * size + i]! * solution[k]!;
    solution[i]! /= lower[i * size + i]!;
  }
  return solution;
}

/** 1 - fitted of every row. */
export function residuals({ terms, numTerms }: Rows, coefficients: Float64Array): Float64Array {
  return Float64Array.from({ length: terms.length / numTerms }, (_, i) => {
    let fitted = 0;
    for (let k = 0; k < numTerms; k++) fitted += coefficients[k]! * terms[i * numTerms + k]!;
    return 1 - fitted;
  });
}
