/** @file What a reader of a fit must know before its numbers are used, in sentences with numbers. */

import { significant } from "../../units/print.ts";
import type { TableRun } from "../table/run-table.ts";
import { designKey, type Fit, numDistinct } from "./fit.ts";
import type { FittedParameter } from "./parameters.ts";
import { groupsBy } from "./resample.ts";

/** Fewer starts than this at the optimum say that another optimum may lie deeper still. */
const FEW_STARTS = 0.25;
/** Designs per parameter, below which intervals rest on very little. */
const FEW_DESIGNS = 2;
/** Residuals this many times as wide as the scatter of replicates are misfit. */
const WIDE_RESIDUALS = 3;
/** Replicates must leave this many degrees of freedom to say how much runs of one design scatter. */
const LEAST_FREEDOM = 5;

/** Warnings of the fit itself; those of the table come from the table. */
export function warningsOf(
  fit: Fit,
  runs: readonly TableRun[],
  parameters: Readonly<Record<string, FittedParameter>>,
): readonly string[] {
  const { law, numStarts, shareAtOptimum } = fit;
  const warnings = Object.entries(parameters)
    .filter(([, { identified }]) => !identified)
    .map(
      ([name, parameter]) =>
        `${name} is not identified: the runs say ${knownText(parameter)}. Its fitted value must not be ` +
        "quoted alone; add runs that differ in what it multiplies",
    );
  for (const { name, isFalling } of law.parameters) {
    const value = fit.parameters[name]!;
    if (isFalling && value < 0)
      warnings.push(`${name} is negative (${significant(value)}): along it the fitted loss rises`);
  }
  if (shareAtOptimum < FEW_STARTS)
    warnings.push(
      `only ${Math.round(shareAtOptimum * numStarts)} of ${numStarts} starts reached the optimum: there ` +
        "are several, and a deeper one may have been missed",
    );
  const [numDesigns, numParameters] = [numDistinct(runs), law.parameters.length];
  if (numDesigns < FEW_DESIGNS * numParameters)
    warnings.push(
      `${numDesigns} designs for ${numParameters} parameters: little is left to judge the law by, and the ` +
        "intervals are rough",
    );
  const ratio = residualsOverScatter(fit, runs);
  if (ratio > WIDE_RESIDUALS)
    warnings.push(
      `residuals are ${significant(ratio, 2)} times as wide as the scatter between runs of one design: the ` +
        "law misses something, and its intervals know nothing of that",
    );
  return warnings;
}

function knownText({ lo, hi }: FittedParameter): string {
  if (lo > -Infinity) return `only that it is above ${significant(lo)}`;
  return hi === Infinity ? "nothing" : `only that it is below ${significant(hi)}`;
}

/** Width of the residuals over that of the scatter between replicates; 0 with too few of them. */
function residualsOverScatter({ residuals }: Fit, runs: readonly TableRun[]): number {
  const groups = groupsBy(runs, designKey).filter((group) => group.length > 1);
  const freedom = groups.reduce((sum, group) => sum + group.length - 1, 0);
  if (freedom < LEAST_FREEDOM) return 0;
  let [within, total, count] = [0, 0, 0];
  for (const group of groups) {
    const centre = group.reduce((sum, i) => sum + residuals[i]!, 0) / group.length;
    for (const i of group) within += (residuals[i]! - centre) ** 2;
    for (const i of group) total += residuals[i]! ** 2;
    count += group.length;
  }
  return Math.sqrt(total / count / (within / freedom));
}
