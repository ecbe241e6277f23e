/** @file A law over size and tokens from runs: of all that a forecast weighs, or the one named. */

import { UserError } from "../../errors.ts";
import type { Law, Run } from "../../law/law.ts";
import { lawOfFit, lawOfPosterior, type ScalingLaw, smallestComputeOf } from "../../law/scaling-law.ts";
import { flopsPerParameterTokenOf } from "../../law/training-flops.ts";
import { significant } from "../../units/print.ts";
import { bootstrapFit } from "../fit/bootstrap.ts";
import { fitLaw } from "../fit/fit.ts";
import { resamplingFor } from "../fit/resample.ts";
import { strayRuns, strayWarnings } from "../forecast/stray-runs.ts";
import { study } from "../forecast/study.ts";
import { checkTable } from "../table/checks.ts";
import type { RunTable, TableRun } from "../table/run-table.ts";

/** A law over N and D, and what a reader of its answers should know of the runs behind it. */
export type FittedLaw = ScalingLaw & { readonly warnings: readonly string[] };

/** The law that a forecast goes by. Throws a `UserError` where the runs cannot tell size from tokens. */
export function forecastLaw(table: RunTable): FittedLaw {
  const { posterior, runs } = study(table.runs);
  const warnings = [...table.warnings, ...strayWarnings(strayRuns(runs))];
  return { ...lawOfPosterior(posterior, table.conventions.parameters, smallestComputeOf(runs)), warnings };
}

const NUM_DRAWS = 300;

/** Least spread of D / N from which a split can be learnt: an assumption; isoFLOP tables have 10. */
const LEAST_RATIO_SPREAD = 2;

/** Fits `law` alone, by resampling. Throws a `UserError` where the table cannot tell size from tokens. */
export function fittedLaw(law: Law, table: RunTable): FittedLaw {
  const check = checkTable(table, law);
  if (check.decision === "refuse") throw check.refusal;
  const { runs, warnings } = freshRuns(law, table.runs);
  checkSplits(runs);
  const fit = fitLaw(law, runs, { weights: runs.map(({ weight }) => weight ?? 1) });
  const resampling = resamplingFor(runs, fit.theta.length);
  const ratios = runs.map(({ n, d }) => d / n);
  const fitted = lawOfFit({
    law,
    theta: fit.theta,
    draws: bootstrapFit(fit, runs, { resampling, numResamples: NUM_DRAWS, seed: 0 }),
    flopsPerParameterToken: flopsPerParameterTokenOf(runs),
    smallestCompute: smallestComputeOf(runs),
    largestCompute: runs.reduce((most, run) => Math.max(most, run.c), 0),
    ratios: [Math.min(...ratios), Math.max(...ratios)],
    counts: table.conventions.parameters,
  });
  return { ...fitted, warnings: [...table.warnings, ...check.warnings, ...warnings] };
}

/** Rounding in a table makes 1.00 epochs of 1.002. */
const isRepeating = ({ d, unique }: TableRun) => unique !== undefined && d > 1.01 * unique;

/** Runs for a law of fresh data: those that saw no token twice, where enough are left to fit to. */
function freshRuns(law: Law, runs: readonly TableRun[]) {
  const fresh = runs.filter((run) => !isRepeating(run));
  const repeating = runs.length - fresh.length;
  if (law.uses.includes("unique") || repeating === 0) return { runs, warnings: [] };
  const found = `${repeating} of ${runs.length} runs repeat their data`;
  const reason = `${law.formula} takes repeats for fresh tokens`;
  if (fresh.length < 4 * law.parameters.length)
    return { runs, warnings: [`${found}, and ${reason}; too few others to fit to them alone`] };
  return { runs: fresh, warnings: [`${found} and were left out: ${reason}`] };
}

function checkSplits(runs: readonly Run[]): void {
  const ratios = runs.map(({ n, d }) => d / n);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  if (most >= LEAST_RATIO_SPREAD * least) return;
  throw new UserError(
    `${runs.length} runs whose D / N lies between ${significant(least, 3)} and ${significant(most, 3)}`,
    `D / N that differs by a factor of ${LEAST_RATIO_SPREAD} or more: along one ratio nothing says what another would have cost`,
    "add runs with 4 times more and 4 times fewer tokens per parameter, at two budgets or more",
  );
}
