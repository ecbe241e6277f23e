/** @file Errors of predicted against measured: mean, median, ninth decile and bias, in per cent. */

import { mean, median, quantile } from "../../math/statistics.ts";

/** A predicted and a measured time. */
export type Pair = {
  readonly predicted: number;
  readonly measured: number;
};

export type ErrorSummary = {
  readonly rows: number;
  readonly mapePercent: number;
  readonly medianPercent: number;
  readonly p90Percent: number;
  readonly worstPercent: number;
  /** Median of predicted over measured, less one. */
  readonly biasPercent: number;
};

/** Summary of at least one pair. */
export function summariseErrors(pairs: readonly Pair[]): ErrorSummary {
  const ratios = pairs.map(({ predicted, measured }) => predicted / measured - 1);
  const sizes = ratios.map((ratio) => 100 * Math.abs(ratio));
  return {
    rows: pairs.length,
    mapePercent: mean(sizes),
    medianPercent: median(sizes),
    p90Percent: quantile(sizes, 0.9),
    worstPercent: Math.max(...sizes),
    biasPercent: 100 * median(ratios),
  };
}
