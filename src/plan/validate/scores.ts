/** @file How far predictions are off: errors in per cent, and the order of layouts of one setting. */

import { rankCorrelation } from "../../math/rank.ts";
import { mean, median, quantile } from "../../math/statistics.ts";
import type { PublishedRun } from "./published-run.ts";

/** A predicted and a measured time. Of layouts: seconds per sequence, so that batches compare. */
export type Pair = {
  readonly predicted: number;
  readonly measured: number;
};

/** Errors of some predictions, in percent. */
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

/** Whether layouts came out in the measured order. */
export type Ranking = {
  readonly setting: string;
  readonly layouts: number;
  readonly spearman: number;
  /** By how much the layout predicted fastest was slower than the fastest measured. */
  readonly regretPercent: number;
};

/** Fewer layouts than this have no order worth the name. */
const LEAST_LAYOUTS = 4;

/** What may differ within a setting is the layout alone. */
function settingOf({ model, cluster, job, layout, family }: PublishedRun): string {
  const { name, numLayers, hidden, attention } = model;
  const shape = `${name} ${numLayers}x${hidden}, ${attention.numHeads} heads`;
  const machine = `${cluster.numDevices} ${cluster.accelerator.label}`;
  const trained = `${layout.precision}, ${job.sequence} tokens, ${job.software.gradientBytes} B`;
  return `${family}: ${shape} on ${machine}, ${trained}`;
}

/** Orders every setting with enough layouts; a layout measured again counts once, at its median. */
export function rankLayouts(
  runs: readonly PublishedRun[],
  predict: (run: PublishedRun) => number,
): readonly Ranking[] {
  const timed = runs.filter((run) => run.stepSeconds !== null);
  return [...Map.groupBy(timed, settingOf)].flatMap(([setting, members]) => {
    const recipes = [...Map.groupBy(members, ({ recipe }) => recipe).values()];
    const layouts = recipes.map((same): Pair => {
      const [run] = same as [PublishedRun];
      return {
        predicted: predict(run) / run.job.batchSequences,
        measured: median(same.map(({ stepSeconds, job }) => stepSeconds! / job.batchSequences)),
      };
    });
    return layouts.length < LEAST_LAYOUTS ? [] : [{ setting, ...orderOf(layouts) }];
  });
}

/** Order of the layouts of one setting. */
export function orderOf(layouts: readonly Pair[]): Omit<Ranking, "setting"> {
  const first = layouts.reduce((best, each) => (each.predicted < best.predicted ? each : best));
  const fastest = Math.min(...layouts.map(({ measured }) => measured));
  return {
    layouts: layouts.length,
    spearman: rankCorrelation(
      layouts.map(({ predicted }) => predicted),
      layouts.map(({ measured }) => measured),
    ),
    regretPercent: 100 * (first.measured / fastest - 1),
  };
}

/** Rankings of a family put together, each by its number of layouts; null where it has none. */
export function joinRankings(
  rankings: readonly Ranking[],
): { readonly spearman: number; readonly regretPercent: number } | null {
  const total = rankings.reduce((sum, { layouts }) => sum + layouts, 0);
  if (total === 0) return null;
  const weighted = (of: (ranking: Ranking) => number) =>
    rankings.reduce((sum, each) => sum + of(each) * each.layouts, 0) / total;
  return {
    spearman: weighted(({ spearman }) => spearman),
    regretPercent: weighted((each) => each.regretPercent),
  };
}
