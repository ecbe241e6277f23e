/** @file Four ways to draw a table's runs again: rows, whole runs, seeds within a design, residuals. */

import { UserError } from "../../errors.ts";
import type { Random } from "../../math/random.ts";
import type { TableRun } from "../table/run-table.ts";
import { designKey, numDistinct } from "./fit.ts";
import type { FitData } from "./objective.ts";

/**
 * case: rows with replacement; residual: fitted losses times residuals drawn with replacement, for tables
 * with few designs; cluster: whole runs, where several rows are checkpoints of one; seed: replicates within
 * each design, all designs kept.
 */
export const RESAMPLINGS = ["case", "cluster", "seed", "residual"] as const;

/** What is drawn again: runs, groups of them, seeds, or residuals. */
export type Resampling = (typeof RESAMPLINGS)[number];

/** Writes one drawing of the runs into the weights or log losses of `data`. */
export type Resampler = (random: Random) => void;

/**
 * Rows are drawn only where this many designs or more stand behind each parameter: with fewer, many drawings
 * hold too few different designs to fit at all. Assumption, after Freedman's advice that drawn cases need
 * large tables.
 */
const DESIGNS_PER_PARAMETER = 4;

/** How this table is best drawn again. */
export function resamplingFor(runs: readonly TableRun[], numParameters: number): Resampling {
  if (rowsPerRun(runs) > 1) return "cluster";
  return numDistinct(runs) >= DESIGNS_PER_PARAMETER * numParameters ? "case" : "residual";
}

/** How many rows repeat one another's noise, as checkpoints of one run do. */
export function rowsPerRun(runs: readonly TableRun[]): number {
  return runs.length / new Set(runs.map(({ run }) => run)).size;
}

/** The resampler of that kind for `runs`, whose fit left `residuals`. */
export function resamplerOf(
  kind: Resampling,
  runs: readonly TableRun[],
  data: FitData,
  residuals: Float64Array,
): Resampler {
  switch (kind) {
    case "case":
      return weightResampler(data, [runs.map((_, i) => [i])]);
    case "cluster":
      return weightResampler(data, [groupsBy(runs, ({ run }) => run)]);
    case "seed":
      return weightResampler(
        data,
        replicates(runs).map((rows) => rows.map((i) => [i])),
      );
    case "residual":
      return residualResampler(data, residuals);
  }
}

/** Row numbers by key, in the order of first appearance. */
export function groupsBy(runs: readonly TableRun[], key: (run: TableRun) => string): readonly number[][] {
  return [...Map.groupBy(runs.keys(), (i) => key(runs[i]!)).values()];
}

function replicates(runs: readonly TableRun[]): readonly number[][] {
  const designs = groupsBy(runs, designKey);
  if (designs.some((rows) => rows.length > 1)) return designs;
  throw new UserError(
    "no design with two runs or more",
    "replicates (seeds) of at least some designs, to draw from",
    "add a second seed, or leave the way of drawing to the program",
  );
}

/** Draws as many groups of rows as each stratum has; a row weighs as often as its group came up. */
function weightResampler(
  { weights }: FitData,
  strata: readonly (readonly (readonly number[])[])[],
): Resampler {
  const original = weights.slice();
  return (random) => {
    weights.fill(0);
    for (const groups of strata) {
      for (let draw = 0; draw < groups.length; draw++) {
        for (const i of random.pick(groups)) weights[i]! += original[i]!;
      }
    }
  };
}

function residualResampler({ logLosses, weights }: FitData, residuals: Float64Array): Resampler {
  const fitted = logLosses.map((logLoss, i) => logLoss - residuals[i]!);
  // A run of weight w has a residual 1 / sqrt(w) as wide as one of weight 1.
  const widths = weights.map((weight) => 1 / Math.sqrt(weight));
  return (random) => {
    for (let i = 0; i < logLosses.length; i++) {
      const drawn = random.integer(logLosses.length);
      logLosses[i] = fitted[i]! + (residuals[drawn]! / widths[drawn]!) * widths[i]!;
    }
  };
}
