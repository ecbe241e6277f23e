/** @file What a reader of a fit must be told before its numbers are used, in sentences with numbers. */

import { significant } from "../../units/print.ts";
import type { TableRun } from "../table/table.ts";
import type { Fit } from "./fit.ts";
import type { FittedParameter } from "./fit-table.ts";
import { groupsBy } from "./resample.ts";

/** Fewer starts than this at the optimum say that another optimum may lie deeper still. */
const FEW_STARTS = 0.25;
/** Freedom left per parameter, below which intervals rest on very little. */
const LITTLE_FREEDOM = 2;

/** Warnings of the fit itself; those of the table come from the table. */
export function warningsOf(
  fit: Fit,
  runs: readonly TableRun[],
  parameters: Readonly<Record<string, FittedParameter>>,
): readonly string[] {
  return [
    ...unidentified(parameters),
    ...risingExponents(fit),
    ...(fit.shareAtOptimum < FEW_STARTS
      ? [
          `only ${Math.round(fit.shareAtOptimum * fit.numStarts)} of ${fit.numStarts} starts reached the optimum: there are several, and a deeper one may have been missed`,
        ]
      : []),
    ...littleFreedom(fit, runs),
    ...seedNoiseBeaten(fit, runs),
  ];
}

function unidentified(parameters: Readonly<Record<string, FittedParameter>>): readonly string[] {
  return Object.entries(parameters)
    .filter(([, { identified }]) => !identified)
    .map(([name, { lo, hi }]) => {
      const known =
        lo !== null
          ? `only that it is above ${significant(lo)}`
          : hi !== null
            ? `only that it is below ${significant(hi)}`
            : "nothing";
      return `${name} is not identified: the runs say ${known}. Its fitted value must not be quoted alone; add runs that differ in what it multiplies`;
    });
}

/** A negative exponent makes loss rise with size or data. */
function risingExponents({ law, parameters }: Fit): readonly string[] {
  return law.parameters
    .filter(({ name, bounds }) => /positive where loss falls/.test(bounds) && parameters[name]! < 0)
    .map(
      ({ name }) => `${name} is negative (${significant(parameters[name]!)}): along it the fitted loss rises`,
    );
}

function littleFreedom({ law }: Fit, runs: readonly TableRun[]): readonly string[] {
  const numDesigns = groupsBy(
    runs,
    (run) => `${run.n} ${run.d} ${run.c} ${run.unique} ${run.experts}`,
  ).length;
  const numParameters = law.parameters.length;
  if (numDesigns >= LITTLE_FREEDOM * numParameters) return [];
  return [
    `${numDesigns} designs for ${numParameters} parameters: little is left to judge the law by, and the intervals are rough`,
  ];
}

/** Residuals much wider than the scatter of replicates are misfit, which no drawing of the same runs shows. */
function seedNoiseBeaten({ residuals }: Fit, runs: readonly TableRun[]): readonly string[] {
  const groups = groupsBy(runs, (run) => `${run.n} ${run.d} ${run.c} ${run.unique} ${run.experts}`).filter(
    (group) => group.length > 1,
  );
  const freedom = groups.reduce((sum, group) => sum + group.length - 1, 0);
  if (freedom < 5) return [];
  let within = 0;
  let total = 0;
  let count = 0;
  for (const group of groups) {
    const centre = group.reduce((sum, i) => sum + residuals[i]!, 0) / group.length;
    for (const i of group) within += (residuals[i]! - centre) ** 2;
    for (const i of group) total += residuals[i]! ** 2;
    count += group.length;
  }
  const ratio = Math.sqrt(total / count / (within / freedom));
  if (!(ratio > 3)) return [];
  return [
    `residuals are ${significant(ratio, 2)} times as wide as the scatter between runs of one design: the law misses something, and its intervals know nothing of that`,
  ];
}
