/** @file A number not known exactly: its median, or the best fit's value, and the 90 % interval around it. */

import { Z_90 } from "./normal.ts";
import type { Random } from "./random.ts";
import { quantileOfSorted, sorted } from "./statistics.ts";

/** A median, or the value at the best fit, with its 90 % interval. Ends that nothing bounds are infinite. */
export type Interval = {
  readonly median: number;
  readonly lo: number;
  readonly hi: number;
};

/** A number known exactly. */
export function certain(value: number): Interval {
  return { median: value, lo: value, hi: value };
}

/** A positive number whose logarithm is normal with this standard deviation. */
export function within(median: number, logSd: number): Interval {
  const factor = Math.exp(Z_90 * logSd);
  return { median, lo: median / factor, hi: median * factor };
}

/** Whether a value lies in it, ends included. */
export function holds({ lo, hi }: Pick<Interval, "lo" | "hi">, value: number): boolean {
  return lo <= value && value <= hi;
}

/** Standard deviation of the logarithm. */
export function logSdOf({ lo, hi }: Interval): number {
  return lo === hi ? 0 : Math.log(hi / lo) / (2 * Z_90);
}

/** Draws it. A certain number takes a draw too, so that what follows stays in step whatever is known. */
export function drawFrom(interval: Interval, random: Random): number {
  return interval.median * Math.exp(logSdOf(interval) * random.normal());
}

/** Median and 90 % interval of a quantile function. */
export function intervalAt(quantile: (fraction: number) => number): Interval {
  return { median: quantile(0.5), lo: quantile(0.05), hi: quantile(0.95) };
}

/** Median and 90 % interval of draws. */
export function intervalOfDraws(draws: ArrayLike<number>): Interval {
  const ascending = sorted(draws);
  return intervalAt((fraction) => quantileOfSorted(ascending, fraction));
}

/**
 * Positive numbers given at ascending places, at any place: straight in their logarithms between two, flat
 * outside.
 */
export function intervalAlong(
  places: readonly number[],
  given: readonly Interval[],
  place: number,
): Interval {
  const after = places.findIndex((other) => other >= place);
  const index = after === -1 ? places.length - 1 : after;
  const [previous, next] = [given[Math.max(0, after - 1)]!, given[index]!];
  const from = places[Math.max(0, after - 1)]!;
  if (after <= 0 || places[index] === from) return next;
  const share = (place - from) / (places[index]! - from);
  const between = (a: number, b: number) => a * (b / a) ** share;
  return {
    median: between(previous.median, next.median),
    lo: between(previous.lo, next.lo),
    hi: between(previous.hi, next.hi),
  };
}

/** What follows from a number not known exactly, by a function that only rises or only falls. */
export function mapInterval({ median, lo, hi }: Interval, of: (value: number) => number): Interval {
  const ends = [of(lo), of(hi)];
  return { median: of(median), lo: Math.min(...ends), hi: Math.max(...ends) };
}

/** The same in other units. */
export function scaledBy(interval: Interval, factor: number): Interval {
  return mapInterval(interval, (value) => value * factor);
}

/**
 * A value at the best fit or the middle of all, with the 90 % interval of draws, widened to hold it. Draws
 * that are NaN have no answer and do not count; infinite ones, or none at all, leave a side open.
 */
export function intervalAround(median: number, draws: ArrayLike<number>): Interval {
  const known = Array.from(draws).filter((draw) => !Number.isNaN(draw));
  if (known.length === 0) return { median, lo: -Infinity, hi: Infinity };
  const { lo, hi } = intervalOfDraws(known);
  return {
    median,
    lo: Number.isFinite(lo) ? Math.min(lo, median) : -Infinity,
    hi: Number.isFinite(hi) ? Math.max(hi, median) : Infinity,
  };
}

/** The same for each number of a record. */
export function intervalsAround<K extends string>(
  median: Readonly<Record<K, number>>,
  draws: readonly Readonly<Record<K, number>>[],
): Record<K, Interval> {
  const around = (key: K) =>
    intervalAround(
      median[key],
      draws.map((draw) => draw[key]),
    );
  const keys = Object.keys(median) as K[];
  return Object.fromEntries(keys.map((key) => [key, around(key)])) as Record<K, Interval>;
}

/** A positive number with its interval, and another's uncertainty: independent, so logs add as squares. */
export function withSpreadOf(own: Interval, other: Interval): Interval {
  const side = (end: "lo" | "hi") =>
    Math.exp(Math.hypot(Math.log(own[end] / own.median), Math.log(other[end] / other.median)));
  return { median: own.median, lo: own.median / side("lo"), hi: own.median * side("hi") };
}
