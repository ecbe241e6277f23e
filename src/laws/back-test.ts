/** @file Nested rolling-origin back-test: leave out the largest rungs, forecast them from the rest, and compare. */

import type { Run } from "./law.ts";
import { mixtureQuantile, momentsOf } from "./mixture.ts";
import { posteriorOf } from "./posterior.ts";
import type { Trend } from "./trend.ts";

/** One forecast of a left-out rung. */
export type BackTestRow = {
  /** Largest compute that the forecast was allowed to see, in FLOPs. */
  readonly cut: number;
  /** Compute of the rung forecast, over the cut. */
  readonly reach: number;
  readonly predicted: number;
  readonly actual: number;
  /** 100 (predicted / actual - 1). */
  readonly errorPercent: number;
  /** Whether the rung fell inside the forecast's own 90 % interval, before any widening. */
  readonly inside: boolean;
  /** log(actual / predicted) over the standard deviation that the forecast gave. */
  readonly standardised: number;
};

/** Fewest distinct rungs to forecast from: with three, level, exponent and floor leave nothing to judge the noise by. */
const MIN_RUNGS = 4;

/** Back-test of the forecast at every cut that leaves enough rungs below; the largest left-out rung of each is the test. */
export function backTest(runs: readonly Run[], trends: readonly Trend[]): readonly BackTestRow[] {
  const levels = [...new Set(runs.map((run) => run.c))].sort((a, b) => a - b);
  return levels.slice(MIN_RUNGS - 1, -1).flatMap((cut) => {
    const posterior = posteriorOf(
      runs.filter((run) => run.c <= cut),
      trends,
    );
    return runs
      .filter((run) => run.c > cut)
      .map((run) => {
        const parts = posterior.predict(run);
        const { mean, sd } = momentsOf(parts);
        const predicted = Math.exp(mixtureQuantile(parts, 0.5));
        const logLoss = Math.log(run.loss);
        return {
          cut,
          reach: run.c / cut,
          predicted,
          actual: run.loss,
          errorPercent: 100 * (predicted / run.loss - 1),
          inside: logLoss >= mixtureQuantile(parts, 0.05) && logLoss <= mixtureQuantile(parts, 0.95),
          standardised: (logLoss - mean) / sd,
        };
      });
  });
}

/** How many back-test forecasts the prior belief "the intervals are right" is worth. */
const PRIOR_FORECASTS = 6;

/**
 * Factor on the interval's width: the root mean square of the standardised errors, pulled towards 1 by the prior's weight, and
 * never below 1. All forecasts from one cut share that cut's luck, so together they count as one.
 */
export function wideningFrom(rows: readonly BackTestRow[]): number {
  const cuts = [...new Set(rows.map((row) => row.cut))];
  let sum = PRIOR_FORECASTS;
  for (const cut of cuts) {
    const own = rows.filter((row) => row.cut === cut);
    sum += own.reduce((total, row) => total + row.standardised ** 2, 0) / own.length;
  }
  return Math.max(1, Math.sqrt(sum / (PRIOR_FORECASTS + cuts.length)));
}
