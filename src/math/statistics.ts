/** @file Small statistics of plain number lists: means, spreads, quantiles. */

import { assert } from "../errors.ts";

/** A plain or typed list of numbers. */
export type Numbers = ArrayLike<number>;

/** Arithmetic mean. */
export function mean(values: Numbers): number {
  assert(values.length > 0, "the mean of nothing is not defined");
  return sum(values) / values.length;
}

/** Sum, in the list's order. */
export function sum(values: Numbers): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

/** Sum of products of two lists of one length. */
export function dot(a: Numbers, b: Numbers): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** Standard deviation with the n - 1 divisor: an estimate of the population's from a sample. */
export function standardDeviation(values: Numbers): number {
  assert(values.length > 1, "a standard deviation takes two values or more");
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - centre) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/** Ascending copy, as numbers (not as text, which is what a bare `sort` compares). */
export function sorted(values: Numbers): Float64Array {
  return Float64Array.from(values).sort();
}

/** Quantile of ascending values, linear between order statistics (Hyndman and Fan's type 7). */
export function quantileOfSorted(ascending: Numbers, fraction: number): number {
  assert(
    ascending.length > 0 && fraction >= 0 && fraction <= 1,
    `a quantile takes values and 0..1, got ${fraction}`,
  );
  const position = fraction * (ascending.length - 1);
  const below = Math.floor(position);
  const low = ascending[below]!;
  const high = ascending[Math.min(below + 1, ascending.length - 1)]!;
  // Of two infinite neighbours the difference is not a number.
  return low === high || position === below ? low : low + (high - low) * (position - below);
}

/** Quantile of values in any order; type 7. */
export function quantile(values: Numbers, fraction: number): number {
  return quantileOfSorted(sorted(values), fraction);
}

/** Middle value. */
export function median(values: Numbers): number {
  return quantile(values, 0.5);
}

/** Standard deviation of normal residuals of the same median size: 1.4826 times the median of |r|. */
export function robustScale(residuals: Numbers): number {
  return 1.4826 * median(Float64Array.from(residuals, Math.abs));
}
