/** @file The straight line of least weighted squares. */

/** y = intercept + slope x. */
export type Line = { readonly intercept: number; readonly slope: number };

/** The line through y over x; left out, weights are equal. Its slope is NaN where all x are one. */
export function lineThrough(
  x: readonly number[],
  y: readonly number[],
  weights: readonly number[] = x.map(() => 1),
): Line {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const centre = (values: readonly number[]) =>
    values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
  const [mx, my] = [centre(x), centre(y)];
  let [xy, xx] = [0, 0];
  for (const [i, weight] of weights.entries()) {
    xy += weight * (x[i]! - mx) * (y[i]! - my);
    xx += weight * (x[i]! - mx) ** 2;
  }
  const slope = xy / xx;
  return { intercept: my - slope * mx, slope };
}
