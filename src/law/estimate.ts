/** @file A number with its 90 % interval, from draws of whatever it depends on. */

import type { Interval } from "../math/interval.ts";
import { quantileOfSorted, sorted } from "../math/statistics.ts";

/** The middle value with the 5 and 95 % quantiles of draws; infinite draws, or none, leave a side open. */
export function estimate(value: number, draws: readonly number[]): Interval {
  const known = sorted(draws.filter((draw) => !Number.isNaN(draw)));
  if (known.length === 0) return { median: value, lo: -Infinity, hi: Infinity };
  const [lo, hi] = [quantileOfSorted(known, 0.05), quantileOfSorted(known, 0.95)];
  return {
    median: value,
    lo: Number.isFinite(lo) ? Math.min(lo, value) : -Infinity,
    hi: Number.isFinite(hi) ? Math.max(hi, value) : Infinity,
  };
}

/** `estimate` for each number of a record. */
export function estimates<K extends string>(
  value: Readonly<Record<K, number>>,
  draws: readonly Readonly<Record<K, number>>[],
): Record<K, Interval> {
  const keys = Object.keys(value) as K[];
  const of = (key: K) =>
    estimate(
      value[key],
      draws.map((draw) => draw[key]),
    );
  return Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<K, Interval>;
}
