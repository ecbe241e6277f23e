/** @file Small statistics of plain number lists: means, spreads, quantiles, with weights where a caller has them. */

import { assert } from "../errors.ts";

/** A plain or typed list of numbers. */
export type Numbers = ArrayLike<number>;

/** Arithmetic mean. */
export function mean(values: Numbers): number {
  assert(values.length > 0, "the mean of nothing is not defined");
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Standard deviation with the n - 1 divisor: an estimate of the population's from a sample. */
export function standardDeviation(values: Numbers): number {
  assert(values.length > 1, "a standard deviation takes two values or more");
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - centre) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

/** Ascending copy, as numbers (not as text, which is what a bare `sort` compares). */
export function sorted(values: Numbers): Float64Array {
  return Float64Array.from(values).sort();
}

/** Quantile of ascending values, linear between order statistics (Hyndman and Fan's type 7, the default of R and numpy). */
export function quantileOfSorted(ascending: Numbers, fraction: number): number {
  assert(
    ascending.length > 0 && fraction >= 0 && fraction <= 1,
    `a quantile takes values and 0..1, got ${fraction}`,
  );
  const position = fraction * (ascending.length - 1);
  const below = Math.floor(position);
  const low = ascending[below]!;
  const high = ascending[Math.min(below + 1, ascending.length - 1)]!;
  return low + (high - low) * (position - below);
}

/** Quantile of values in any order; type 7. */
export function quantile(values: Numbers, fraction: number): number {
  return quantileOfSorted(sorted(values), fraction);
}

/** Middle value. */
export function median(values: Numbers): number {
  return quantile(values, 0.5);
}

/** Median absolute deviation times 1.4826, which makes it the standard deviation where the values are normal. */
export function scaledMedianDeviation(values: Numbers): number {
  const centre = median(values);
  return 1.482602218505602 * median(Float64Array.from(values, (value) => Math.abs(value - centre)));
}

/** Mean under non-negative weights. */
export function weightedMean(values: Numbers, weights: Numbers): number {
  assert(
    values.length === weights.length,
    `one weight per value, got ${weights.length} for ${values.length}`,
  );
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    sum += weights[i]! * values[i]!;
    total += weights[i]!;
  }
  assert(total > 0, "weights add up to more than nothing");
  return sum / total;
}

/**
 * Quantile under non-negative weights: each value stands at the middle of its share of the total weight, linear in between,
 * flat outside the outermost middles.
 */
export function weightedQuantile(values: Numbers, weights: Numbers, fraction: number): number {
  assert(values.length === weights.length && values.length > 0, "one weight per value, one value at least");
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  assert(total > 0, "weights add up to more than nothing");
  let before = 0;
  let lastMiddle = 0;
  let lastValue = values[order[0]!]!;
  for (const index of order) {
    const middle = (before + weights[index]! / 2) / total;
    if (middle >= fraction) {
      const span = middle - lastMiddle;
      const share = before === 0 || span === 0 ? 1 : (fraction - lastMiddle) / span;
      return lastValue + (values[index]! - lastValue) * share;
    }
    before += weights[index]!;
    lastMiddle = middle;
    lastValue = values[index]!;
  }
  return lastValue;
}
