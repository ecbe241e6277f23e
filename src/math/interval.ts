/** @file A number that is not known exactly, with the 90 % interval around it: its median, or the value at the best fit. */

export type Interval = {
  readonly median: number;
  readonly lo: number;
  readonly hi: number;
};

/** A best fit's value with its 90 % interval. An end may be null, unbounded on that side, unless `End` is number. */
export type Estimate<End extends number | null = number | null> = {
  readonly value: number;
  readonly lo: End;
  readonly hi: End;
};

/** Median and 90 % interval of a quantile function. */
export function intervalAt(quantile: (fraction: number) => number): Interval {
  return { median: quantile(0.5), lo: quantile(0.05), hi: quantile(0.95) };
}
