/** @file What one more measurement would tell: a normal variable's variance once others are measured. */

/** The covariance of normal variables, row by row: means do not matter for what a measurement tells. */
export type Knowledge = { readonly dimension: number; readonly covariance: Float64Array };

/** Variance of `asked` once `i` is measured with this noise: var(a) - cov(a, y)^2 / var(y). */
export function varianceAfter(
  { dimension, covariance }: Knowledge,
  asked: number,
  i: number,
  noiseVariance: number,
): number {
  const shared = covariance[asked * dimension + i]!;
  const own = covariance[i * dimension + i]! + noiseVariance;
  return Math.max(0, covariance[asked * dimension + asked]! - (own > 0 ? (shared * shared) / own : 0));
}

/** Knowledge once variable `i` is measured with this noise (Kalman's update of a state at rest). */
export function measured({ dimension, covariance }: Knowledge, i: number, noiseVariance: number): Knowledge {
  const own = covariance[i * dimension + i]! + noiseVariance;
  const updated = covariance.slice();
  for (let a = 0; a < dimension; a++) {
    const gain = covariance[a * dimension + i]! / own;
    for (let b = 0; b < dimension; b++) updated[a * dimension + b]! -= gain * covariance[i * dimension + b]!;
  }
  return { dimension, covariance: updated };
}

/** Variance of a variable as things stand. */
export function varianceOf({ dimension, covariance }: Knowledge, i: number): number {
  return covariance[i * dimension + i]!;
}
