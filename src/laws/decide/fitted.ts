/** @file A fitted law as decisions need it: the best fit, draws around it, and what its table covered. */

import { UserError } from "../../errors.ts";
import { flopsPerPairOf, type Law, type Run } from "../../law/law.ts";
import { optimumOn, splitLossOf } from "../../law/optimum.ts";
import { checkTellsSizeFromTokens, type ScalingLaw } from "../../law/scaling-law.ts";
import { standardDeviation } from "../../math/statistics.ts";
import { bootstrapFit } from "../fit/bootstrap.ts";
import { type Fit, fitLaw, numDistinct } from "../fit/fit.ts";
import { resamplingFor } from "../fit/resample.ts";
import { checkTable } from "../table/checks.ts";
import type { RunTable, TableRun } from "../table/table.ts";

/** A law over N and D, fitted. */
export type FittedLaw = ScalingLaw & {
  readonly largestCompute: number;
  /** Smallest and largest D / N of the table; null where the law came from a file that does not say. */
  readonly ratios: readonly [number, number] | null;
  /** Null where the law came from a file: its runs are not known. */
  readonly wander: Wander | null;
  /** The table, where its runs repeat data and the law does not know repeats: another law may. Else null. */
  readonly repeating: RunTable | null;
  readonly warnings: readonly string[];
};

/**
 * How far answers moved, beyond what scatter explains, when the table's largest runs were left out: variances
 * per decade of compute left out. Beyond the table they go on at this pace. Of 62 nested cuts of 15 public
 * tables (reach 2 to 110) the 90 % interval of the optimal size held the whole table's answer 66 % of the
 * time by scatter alone, 89 % with this (measured).
 */
export type Wander = {
  /** Of log N at the optimum of the table's largest compute. */
  readonly logN: number;
  /** Of the log loss there. */
  readonly logLoss: number;
};

const NUM_DRAWS = 300;
const STAY: Wander = { logN: 0, logLoss: 0 };

/** Least spread of D / N from which a split can be learnt: an assumption; isoFLOP tables have 10. */
const LEAST_RATIO_SPREAD = 2;

/** Fits `law`, draws by resampling. Throws a `UserError` where the table cannot tell size from tokens. */
export function fittedLaw(law: Law, table: RunTable): FittedLaw {
  checkTellsSizeFromTokens(law);
  const check = checkTable(table, law);
  if (check.decision === "refuse") throw check.refusal;
  const { runs, warnings } = freshRuns(law, table.runs);
  checkSplits(runs);
  const fit = fitLaw(law, runs, { weights: weightsOf(runs) });
  const flopsPerPair = flopsPerPairOf(runs);
  const largestCompute = runs.reduce((most, run) => Math.max(most, run.c), 0);
  const ratios = runs.map(({ n, d }) => d / n);
  return {
    law,
    theta: fit.theta,
    draws: refits(fit, runs, NUM_DRAWS),
    flopsPerPair,
    largestCompute,
    counts: table.conventions.parameters,
    ratios: [Math.min(...ratios), Math.max(...ratios)],
    wander: wanderOf(fit, runs, flopsPerPair, largestCompute),
    repeating: law.uses.includes("unique") || !table.runs.some(isRepeating) ? null : table,
    warnings: [...table.warnings, ...check.warnings, ...warnings],
  };
}

/** Rounding in a table makes 1.00 epochs of 1.002. */
const isRepeating = ({ d, unique }: TableRun) => unique !== undefined && d > 1.01 * unique;

/** Runs for a law of fresh data: those that saw no token twice, where enough are left to fit to. */
export function freshRuns(law: Law, runs: readonly TableRun[]) {
  const fresh = runs.filter((run) => !isRepeating(run));
  const repeating = runs.length - fresh.length;
  if (law.uses.includes("unique") || repeating === 0) return { runs, warnings: [] };
  if (fresh.length < 4 * law.parameters.length) {
    const warning = `${repeating} of ${runs.length} runs repeat their data, and ${law.formula} takes repeats for fresh tokens; too few others to fit to them alone`;
    return { runs, warnings: [warning] };
  }
  const warning = `${repeating} of ${runs.length} runs repeat their data and were left out: ${law.formula} takes repeats for fresh tokens`;
  return { runs: fresh, warnings: [warning] };
}

/** A law that was saved by a fit. Throws a `UserError` where its runs had no compute. */
export function fittedFromFile(law: ScalingLaw): FittedLaw {
  if (law.largestCompute === null) {
    throw new UserError(
      "a saved law whose runs had no compute",
      "one fitted to runs with N, D and FLOPs",
      "fit it to such a table, or give that table here",
    );
  }
  return {
    ...law,
    largestCompute: law.largestCompute,
    ratios: null,
    wander: null,
    repeating: null,
    warnings: [],
  };
}

/** Variances that the wander of past optima adds at a budget beyond the table, in logs. */
export function wanderAt({ wander, largestCompute }: FittedLaw, compute: number) {
  const decades = Math.max(0, Math.log10(compute / largestCompute));
  const size = (wander?.logN ?? 0) * decades;
  // D = C / (k N) moves as far as N, their ratio twice as far.
  return { n: size, d: size, tokensPerParameter: 4 * size, loss: (wander?.logLoss ?? 0) * decades };
}

function checkSplits(runs: readonly Run[]): void {
  const ratios = runs.map(({ n, d }) => d / n);
  const spread = Math.max(...ratios) / Math.min(...ratios);
  if (spread < LEAST_RATIO_SPREAD) {
    throw new UserError(
      `${runs.length} runs whose D / N lies between ${Math.min(...ratios).toPrecision(3)} and ${Math.max(...ratios).toPrecision(3)}`,
      `D / N that differs by a factor of ${LEAST_RATIO_SPREAD} or more: along one ratio nothing says what another would have cost`,
      "add runs with 4 times more and 4 times fewer tokens per parameter, at two budgets or more",
    );
  }
}

/** Shares of the runs, smallest compute first, that the law is refitted to; and refits for its scatter. */
const CUTS = [0.35, 0.5, 0.65, 0.8, 0.9];
const DRAWS_PER_CUT = 24;

/** Refits to runs drawn again, in the way that suits the table. */
function refits(fit: Fit, runs: readonly TableRun[], numResamples: number): readonly Float64Array[] {
  const resampling = resamplingFor(runs, fit.theta.length);
  return bootstrapFit(fit, runs, { resampling, numResamples, seed: 0 });
}

const weightsOf = (runs: readonly TableRun[]) => runs.map(({ weight }) => weight ?? 1);

function wanderOf(
  { law, theta }: Fit,
  runs: readonly TableRun[],
  flopsPerPair: number,
  largestCompute: number,
): Wander {
  const ascending = runs.toSorted((a, b) => a.c - b.c);
  const logPairs = Math.log(largestCompute / flopsPerPair);
  const optimumAt = (at: Float64Array) => optimumOn(splitLossOf(law, at, flopsPerPair), logPairs);
  const growths = CUTS.flatMap((share) => {
    const cut = ascending[Math.floor(share * (ascending.length - 1))]!.c;
    const below = ascending.filter((run) => run.c <= cut);
    const decades = Math.log10(largestCompute / cut);
    if (numDistinct(below) < 2 * theta.length || decades < 0.1) return [];
    const refit = fitLaw(law, below, { starts: [theta], weights: weightsOf(below) });
    const scatter = refits(refit, below, DRAWS_PER_CUT).map(optimumAt);
    const growth = (of: "logN" | "logLoss") => {
      const moved = optimumAt(refit.theta)[of] - optimumAt(theta)[of];
      const sd = standardDeviation(scatter.map((optimum) => optimum[of]));
      return Math.max(0, moved ** 2 - sd ** 2) / decades;
    };
    return [{ logN: growth("logN"), logLoss: growth("logLoss") }];
  });
  if (growths.length === 0) return STAY;
  return {
    logN: growths.reduce((sum, { logN }) => sum + logN, 0) / growths.length,
    logLoss: growths.reduce((sum, { logLoss }) => sum + logLoss, 0) / growths.length,
  };
}
