/** @file A number with its 90 % interval, from draws of whatever it depends on. */

import type { Interval } from "../math/interval.ts";
import { Z_90 } from "../math/normal.ts";
import { quantileOfSorted, sorted } from "../math/statistics.ts";

/**
 * The best fit's value with the 5 % and 95 % quantiles over draws. `extraVariance`, in the log of the value,
 * is added to both sides; infinite draws, or none, make a side unbounded.
 */
export function estimate(value: number, draws: readonly number[], extraVariance = 0): Interval {
  const known = sorted(draws.filter((draw) => !Number.isNaN(draw)));
  if (known.length === 0) return { median: value, lo: -Infinity, hi: Infinity };
  const side = (fraction: number) => {
    const end = quantileOfSorted(known, fraction);
    if (!Number.isFinite(end)) return fraction < 0.5 ? -Infinity : Infinity;
    if (extraVariance === 0 || !(value > 0) || !(end > 0)) return end;
    const width = Math.hypot(Math.log(end / value), Z_90 * Math.sqrt(extraVariance));
    return value * Math.exp(fraction < 0.5 ? -width : width);
  };
  return { median: value, lo: Math.min(side(0.05), value), hi: Math.max(side(0.95), value) };
}

/** `estimate` for each number of a record. */
export function estimates<K extends string>(
  value: Readonly<Record<K, number>>,
  draws: readonly Readonly<Record<K, number>>[],
  extraVariance: Partial<Record<K, number>> = {},
): Record<K, Interval> {
  const keys = Object.keys(value) as K[];
  return Object.fromEntries(
    keys.map((key) => [
      key,
      estimate(
        value[key],
        draws.map((draw) => draw[key]),
        extraVariance[key],
      ),
    ]),
  ) as Record<K, Interval>;
}
