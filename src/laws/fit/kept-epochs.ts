/** @file Does the worth of repeats hang on the most repeated runs? A fit without them says. */

import { significant } from "../../units/print.ts";
import type { TableRun } from "../table/run-table.ts";
import { type Fit, fitLaw } from "./fit.ts";
import type { FittedParameter } from "./parameters.ts";
import { CHI_SQUARED_90, profilerOf } from "./profile.ts";
import { rowsPerRun } from "./resample.ts";

/** The decay of the worth of repeats, in every law that has one. */
export const REPEAT_DECAY = "R_D*";

/** Share of the runs, those of most epochs, that is left out. An assumption. */
const LEFT_OUT = 1 / 3;
/** Points of the interval that are tried. */
const NUM_TRIED = 5;

/**
 * What is left of the interval of R_D* where it hangs on the most repeated runs alone: it is open to where
 * the others lead, with a warning that says so. Null where the fit without the third of the runs with most
 * epochs bears some of that interval. An exponential decay that is not the true shape of what repeats are
 * worth is pinned by the extreme runs, to where the others exclude it: on the 182 published runs to 22 to 33
 * repeats, while those up to 55 epochs ask for 40 or more.
 */
export function keptEpochs(
  { law, loss, theta }: Fit,
  runs: readonly TableRun[],
  parameter: FittedParameter,
): { readonly parameter: FittedParameter; readonly warning: string } | null {
  const { lo, hi } = parameter;
  if (!parameter.identified) return null;
  const epochs = ({ d, unique = d }: TableRun) => d / unique;
  const ascending = runs.toSorted((a, b) => epochs(a) - epochs(b));
  const kept = ascending.slice(0, Math.ceil((1 - LEFT_OUT) * runs.length));
  const mostEpochs = epochs(kept.at(-1)!);
  const designs = new Set(kept.map((run) => law.covariates(run).join())).size;
  if (designs <= theta.length || mostEpochs < 1.01) return null;
  const index = law.parameters.findIndex(({ name }) => name === REPEAT_DECAY);
  const internal = (end: number) =>
    law.internal(law.natural(theta).map((own, j) => (j === index ? end : own)))[index]!;
  const [from, to] = [internal(lo), internal(hi)];
  const fit = fitLaw(law, kept, { loss });
  const { riseAt } = profilerOf(fit, rowsPerRun(kept));
  const tried = Array.from({ length: NUM_TRIED }, (_, i) => from + (i / (NUM_TRIED - 1)) * (to - from));
  if (tried.some((value) => riseAt(index, value) <= CHI_SQUARED_90)) return null;
  const isAbove = fit.theta[index]! > theta[index]!;
  const numLeftOut = runs.length - kept.length;
  const all = `all runs give ${significant(lo)} to ${significant(hi)}`;
  const without = `without the ${numLeftOut} of more than ${significant(mostEpochs, 3)} epochs`;
  return {
    parameter: {
      ...parameter,
      ...(isAbove ? { hi: Infinity } : { lo: -Infinity }),
      standardError: null,
      identified: false,
    },
    warning:
      `${REPEAT_DECAY} moves with which epochs are kept: ${all}, and ${without} that whole range is ` +
      `excluded from ${isAbove ? "above" : "below"}`,
  };
}
