/** @file Weights of physical quantities from measured seconds: least squares of relative errors, no weight below zero. Pure. */

import { cholesky, solveLower, solveUpper } from "../../math/symmetric.ts";

export type Timed = {
  readonly quantities: readonly number[];
  readonly seconds: number;
};

/**
 * Seconds for one of each quantity: minimises the sum of (predicted / measured - 1)^2 over weights >= 0. With so few weights every
 * choice of those above zero can be tried, and the best that keeps them there is the answer, exactly.
 */
export function fitWeights(timed: readonly Timed[]): readonly number[] {
  const numWeights = timed[0]?.quantities.length ?? 0;
  const columns = Array.from({ length: numWeights }, (_, j) =>
    timed.map(({ quantities, seconds }) => quantities[j]! / seconds),
  );
  let best = { weights: columns.map(() => 0), error: timed.length };
  for (let chosen = 1; chosen < 2 ** numWeights; chosen++) {
    const used = [...columns.keys()].filter((j) => chosen & (1 << j));
    const solved = leastSquares(used.map((j) => columns[j]!));
    if (!solved?.every((weight) => weight >= 0)) continue;
    const weights = columns.map((_, j) => (used.includes(j) ? solved[used.indexOf(j)]! : 0));
    const error = timed.reduce((sum, _, i) => {
      const predicted = weights.reduce((total, weight, j) => total + weight * columns[j]![i]!, 0);
      return sum + (predicted - 1) ** 2;
    }, 0);
    if (error < best.error) best = { weights, error };
  }
  return best.weights;
}

/** Weights whose sum of columns is nearest to 1 everywhere; null where one column follows from the others. */
function leastSquares(columns: readonly (readonly number[])[]): readonly number[] | null {
  const scales = columns.map((column) => Math.hypot(...column));
  if (scales.includes(0)) return null;
  const unit = columns.map((column, j) => column.map((x) => x / scales[j]!));
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const matrix = Float64Array.from(unit.flatMap((a) => unit.map((b) => dot(a, b))));
  const lower = cholesky(matrix, unit.length, 1e-10);
  if (!lower) return null;
  const sums = unit.map((column) => column.reduce((sum, x) => sum + x, 0));
  return [...solveUpper(lower, solveLower(lower, sums))].map((weight, j) => weight / scales[j]!);
}
