/** @file Runs grouped by compute budget: the sizes tried at each, with repeats merged. */

import { lineThrough } from "../../math/line.ts";
import { mean, median } from "../../math/statistics.ts";
import type { TableRun } from "../table/run-table.ts";

/** One size at one budget. */
export type TriedSize = {
  readonly logN: number;
  readonly logLoss: number;
  /** How many runs stand behind it: the noise of their mean is smaller by its square root. */
  readonly numRuns: number;
};

export type ComputeBudget = {
  /** FLOPs: the middle of the runs' own. */
  readonly c: number;
  /** C / (N D) of its runs: 6 by the usual rule. */
  readonly flopsPerParameterToken: number;
  /** Smallest first. */
  readonly sizes: readonly TriedSize[];
  readonly flags: readonly string[];
};

/** Budgets of one ladder differ by factors of 2 or so; their own runs by rounding. */
const SAME_BUDGET = 1.08;
const WIDEST_BUDGET = 1.25;
/** Closer sizes are one size: the curve between them would be noise. */
const SAME_SIZE = 1.03;
/** Repeats that differ by more are a sweep of something, and the best of them is what the size can do. */
const SEEDS_DIFFER = 0.01;

/** Groups runs by compute, lowest budget first. */
export function groupByBudget(runs: readonly TableRun[]): readonly ComputeBudget[] {
  const groups: TableRun[][] = [];
  for (const run of runs.toSorted((a, b) => a.c - b.c)) {
    const group = groups.at(-1);
    const joins = group && run.c < SAME_BUDGET * group.at(-1)!.c && run.c < WIDEST_BUDGET * group[0]!.c;
    if (joins) group.push(run);
    else groups.push([run]);
  }
  const slope = envelopeSlope(groups);
  return groups.map((group) => budgetOf(group, slope));
}

/**
 * How the best loss falls with compute, d log L / d log C. Runs of one budget that differ by some percent of
 * compute (points read off a figure) are brought to the budget's own by it: 5 % of compute are worth some .3
 * % of loss, as much as the noise.
 */
function envelopeSlope(groups: readonly (readonly TableRun[])[]): number {
  const bests = groups
    .filter((group) => group.length >= 3)
    .map((group) => group.reduce((best, run) => (run.loss < best.loss ? run : best)));
  if (bests.length < 2 || bests[0]!.c === bests.at(-1)!.c) return 0;
  const line = lineThrough(
    bests.map(({ c }) => Math.log(c)),
    bests.map(({ loss }) => Math.log(loss)),
  );
  return Math.min(0, line.slope);
}

function budgetOf(runs: readonly TableRun[], slope: number): ComputeBudget {
  const c = median(runs.map((run) => run.c));
  const bySize: TableRun[][] = [];
  for (const run of runs.toSorted((a, b) => a.n - b.n)) {
    const size = bySize.at(-1);
    if (size && run.n < SAME_SIZE * size[0]!.n) size.push(run);
    else bySize.push([run]);
  }
  const flags: string[] = [];
  const sizes = bySize.map((size) => sizeOf(size, c, slope, flags));
  return {
    c,
    flopsPerParameterToken: median(runs.map((run) => run.c / (run.n * run.d))),
    sizes,
    flags: [...new Set(flags)],
  };
}

function sizeOf(runs: readonly TableRun[], budget: number, slope: number, flags: string[]): TriedSize {
  const logN = mean(runs.map(({ n }) => Math.log(n)));
  const logLosses = runs.map(({ loss, c }) => Math.log(loss) + slope * Math.log(budget / c));
  const [best, worst] = [Math.min(...logLosses), Math.max(...logLosses)];
  if (runs.length === 1) return { logN, logLoss: best, numRuns: 1 };
  if (worst - best > SEEDS_DIFFER) {
    flags.push("the best of several runs stands for a size that was tried in several ways");
    return { logN, logLoss: best, numRuns: 1 };
  }
  const distinct = new Set(runs.map(({ n }) => n)).size > 1;
  flags.push(
    distinct ? "sizes less than 3 % apart merged" : "the mean stands for a size that was run several times",
  );
  return { logN, logLoss: mean(logLosses), numRuns: runs.length };
}

/**
 * The sizes that decide where the minimum is: losses within `rise` (in log loss) of the best, and at least
 * `least` more on each side where there are so many. Far up a side the curve is another story: models that
 * hardly trained.
 */
export function nearMinimum(sizes: readonly TriedSize[], rise: number, least: number): readonly TriedSize[] {
  const best = indexOfBest(sizes);
  const low = (i: number) => sizes[i]!.logLoss - sizes[best]!.logLoss < rise;
  let [from, to] = [best, best];
  while (from > 0 && (low(from - 1) || best - from < least)) from--;
  while (to < sizes.length - 1 && (low(to + 1) || to - best < least)) to++;
  return sizes.slice(from, to + 1);
}

/** The place of the lowest loss. */
export function indexOfBest(sizes: readonly TriedSize[]): number {
  return sizes.reduce((best, { logLoss }, i) => (logLoss < sizes[best]!.logLoss ? i : best), 0);
}
