/** @file Runs that no law of the others believes: they are named, and never left out unasked. */

import { dataConstrainedLaw } from "../../law/formulas/data-constrained.ts";
import { chinchillaLaw, computeLaw } from "../../law/formulas/power-laws.ts";
import { routedLaw } from "../../law/formulas/routed.ts";
import { type Law, lossOf } from "../../law/law.ts";
import { robustScale } from "../../math/statistics.ts";
import { formatList, formatPercent } from "../../units/print.ts";
import { fitLaw } from "../fit/fit.ts";
import { freeResiduals } from "../fit/loss.ts";
import type { TableRun } from "../table/run-table.ts";
import { hasExperts, isOneRecipe, repeatsData } from "./candidate-laws.ts";

/** A run, and how far its loss lies above what the others say, in percent; negative: below. */
export type StrayRun = { readonly run: TableRun; readonly percent: number };

/** Robust deviations of the residuals, and the least distance: seeds differ by 0.3 %. Assumptions. */
const FAR_DEVIATIONS = 6;
const LEAST_RESIDUAL = 0.01;
/** Where more stray, it is the law that fails and not single runs. */
const MOST_SHARE = 0.1;
const MOST_OF_FEW = 3;

/** The runs furthest from the usual law for such a table, furthest first; none where many are. */
export function strayRuns(runs: readonly TableRun[]): readonly StrayRun[] {
  const law = usualLaw(runs);
  // One run more than unknowns: with fewer every law passes through all of them.
  if (runs.length < law.parameters.length + 2) return [];
  const fit = fitLaw(law, runs);
  const scale = robustScale(freeResiduals(fit.residuals, fit.theta.length));
  const far = Math.max(LEAST_RESIDUAL, FAR_DEVIATIONS * scale);
  const isStray = runs.map((_, i) => Math.abs(fit.residuals[i]!) > far);
  const strays = runs.filter((_, i) => isStray[i]);
  if (strays.length === 0 || strays.length > Math.max(MOST_OF_FEW, MOST_SHARE * runs.length)) return [];
  const { theta } = fitLaw(
    law,
    runs.filter((_, i) => !isStray[i]),
  );
  return strays
    .map((run) => ({ run, percent: 100 * (run.loss / lossOf(law, theta, run) - 1) }))
    .sort((a, b) => Math.abs(b.percent) - Math.abs(a.percent));
}

/** The law that is fitted where none is asked for, by what the runs differ in. */
export function usualLaw(runs: readonly TableRun[]): Law {
  if (isOneRecipe(runs)) return computeLaw;
  if (hasExperts(runs)) return routedLaw;
  return repeatsData(runs) ? dataConstrainedLaw : chinchillaLaw;
}

const MOST_NAMED = 3;

/** "run-c lies 8.1 % above what the other runs say"; empty for none. */
export function strayWarnings(strays: readonly StrayRun[]): readonly string[] {
  if (strays.length === 0) return [];
  const each = strays.map(
    ({ run, percent }) =>
      `${run.run} lies ${formatPercent(Math.abs(percent), 1)} ${percent > 0 ? "above" : "below"}`,
  );
  return [`${formatList(each, MOST_NAMED)} what the other runs say`];
}
