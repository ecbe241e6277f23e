/** @file Variance of an answer after one more measurement: all variables are jointly normal. */

/** The covariance of normal variables, row by row: means do not matter to variances. */
export type Covariance = { readonly dimension: number; readonly values: Float64Array };

/** Variance of `target` once `i` is measured with this noise: var(a) - cov(a, y)^2 / var(y). */
export function varianceAfter(
  { dimension, values }: Covariance,
  target: number,
  i: number,
  noiseVariance: number,
): number {
  const shared = values[target * dimension + i]!;
  const own = values[i * dimension + i]! + noiseVariance;
  return Math.max(0, values[target * dimension + target]! - (own > 0 ? (shared * shared) / own : 0));
}

/** Covariance once variable `i` is measured with this noise (Kalman's update of a state at rest). */
export function measured({ dimension, values }: Covariance, i: number, noiseVariance: number): Covariance {
  const own = values[i * dimension + i]! + noiseVariance;
  const updated = values.slice();
  for (let a = 0; a < dimension; a++) {
    const gain = values[a * dimension + i]! / own;
    for (let b = 0; b < dimension; b++) updated[a * dimension + b]! -= gain * values[i * dimension + b]!;
  }
  return { dimension, values: updated };
}

/** Variance of a variable as things stand. */
export function varianceOf({ dimension, values }: Covariance, i: number): number {
  return values[i * dimension + i]!;
}
