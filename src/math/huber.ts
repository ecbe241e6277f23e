/** @file Huber's loss: quadratic near zero, linear outside, so that strays pull less. */

/** r^2 / 2 within `delta` of zero and delta (|r| - delta / 2) outside (Huber 1964). */
export function huber(residual: number, delta: number): number {
  const size = Math.abs(residual);
  return size <= delta ? (residual * residual) / 2 : delta * (size - delta / 2);
}

/** The residual whose half square is Huber's loss, for fits that minimise squares. */
export function huberResidual(residual: number, delta: number): number {
  return Math.sign(residual) * Math.sqrt(2 * huber(residual, delta));
}
