/** @file Nested rolling-origin back-test: leave out the largest rungs, forecast them from the rest, and compare. */

import type { Run } from "../../law/law.ts";
import { mean } from "../../math/statistics.ts";
import { mixtureQuantile } from "./mixture.ts";
import { posteriorOf } from "./posterior.ts";
import type { Trend } from "./trend.ts";

/** A finished run with its name, by which the table of the back-test is read. */
export type NamedRun = Run & { readonly run: string };

/** One forecast of a left-out run. */
export type BackTestRow = {
  /** The run left out. */
  readonly run: string;
  /** Largest compute that the forecast was allowed to see, in FLOPs. */
  readonly cut: number;
  /** Compute of the rung forecast, over the cut. */
  readonly reach: number;
  readonly predicted: number;
  /** The forecast's own 90 % interval, before any widening. */
  readonly lo: number;
  readonly hi: number;
  readonly actual: number;
  /** 100 (predicted / actual - 1). */
  readonly errorPercent: number;
  /** Whether the rung fell inside the forecast's own 90 % interval, before any widening. */
  readonly inside: boolean;
};

/** Fewest distinct rungs to forecast from: with three, level, exponent and floor leave nothing to judge the noise by. */
export const MIN_RUNGS = 4;

/** Decades of compute that the rungs below a cut have to span: less says nothing of a slope. */
const LEAST_SPAN = 0.6;

/** Back-test of the forecast at every cut that leaves enough below: every run above the cut is forecast. */
export function backTest(runs: readonly NamedRun[], trends: readonly Trend[]): readonly BackTestRow[] {
  const levels = [...new Set(runs.map((run) => run.c))].sort((a, b) => a - b);
  const cuts = levels.slice(MIN_RUNGS - 1, -1).filter((cut) => Math.log10(cut / levels[0]!) >= LEAST_SPAN);
  return cuts.flatMap((cut) => {
    const posterior = posteriorOf(
      runs.filter((run) => run.c <= cut),
      trends,
    );
    const above = Map.groupBy(
      runs.filter((run) => run.c > cut),
      ({ n, d, c }) => `${n} ${d} ${c}`,
    );
    return [...above.values()].flatMap((group) => {
      const parts = posterior.predict(group[0]!);
      const predicted = Math.exp(mixtureQuantile(parts, 0.5));
      const lo = Math.exp(mixtureQuantile(parts, 0.05));
      const hi = Math.exp(mixtureQuantile(parts, 0.95));
      return group.map((run) => ({
        run: run.run,
        cut,
        reach: run.c / cut,
        predicted,
        lo,
        hi,
        actual: run.loss,
        errorPercent: 100 * (predicted / run.loss - 1),
        inside: run.loss >= lo && run.loss <= hi,
      }));
    });
  });
}

/** How many cuts of back-test the forecast's own standard deviation is worth. */
const OWN_WEIGHT = 6;

/** What the widening compares: the forecast's own uncertainty, and how far it reaches. */
export type Stretch = {
  /** Standard deviation of the forecast in log loss, before widening. */
  readonly sd: number;
  readonly seedNoise: number;
  readonly reach: number;
};

/**
 * Factor on the interval's width, never below 1. Squared errors of the back-test, less the noise of the two runs that each
 * compares, are taken to grow in proportion to the decades reached (a random walk away from the law); that growth is
 * extrapolated to the target and averaged with the forecast's own variance. All forecasts from one cut share that cut's luck,
 * so together they count as one.
 */
export function wideningFrom(rows: readonly BackTestRow[], own: Stretch): number {
  const cuts = [...new Set(rows.map((row) => row.cut))];
  if (cuts.length === 0 || own.reach <= 1) return 1;
  const growths = cuts.map((cut) =>
    mean(rows.filter((row) => row.cut === cut).map((row) => growth(row, own))),
  );
  const shown = own.seedNoise ** 2 + mean(growths) * Math.log10(own.reach);
  const ratio = (OWN_WEIGHT + cuts.length * (shown / own.sd ** 2)) / (OWN_WEIGHT + cuts.length);
  return Math.max(1, Math.sqrt(ratio));
}

/** Variance per decade of reach that one forecast's error speaks for. */
function growth(row: BackTestRow, own: Stretch): number {
  const squared = Math.log(row.actual / row.predicted) ** 2;
  return Math.max(0, squared - 2 * own.seedNoise ** 2) / Math.log10(row.reach);
}
