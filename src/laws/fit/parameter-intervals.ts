/** @file The numbers of a fitted law with 90 % intervals, from refits on residuals drawn again: for the reader, not for the forecast. */

import type { Law, Run } from "../../law/law.ts";
import { quantile } from "../../math/statistics.ts";
import { bootstrapFit } from "./bootstrap.ts";
import { fitLaw } from "./fit.ts";
import { SMALL_LADDER_LOSS } from "./loss.ts";

export type ParameterInterval = {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly lo: number;
  readonly hi: number;
};

const NUM_RESAMPLES = 100;

/** The best fit as the median, the 5 % and 95 % quantiles of refits to fitted losses times resampled residuals. Empty with too few runs. */
export function parameterIntervals(law: Law, runs: readonly Run[]): readonly ParameterInterval[] {
  if (new Set(runs.map(({ n, d, c }) => `${n}/${d}/${c}`)).size < law.parameters.length + 1) return [];
  const best = fitLaw(law, runs, { loss: SMALL_LADDER_LOSS });
  const named = runs.map((run, i) => ({ ...run, run: `run ${i}` }));
  const drawn = bootstrapFit(best, named, {
    resampling: "residual",
    numResamples: NUM_RESAMPLES,
    seed: 0,
  }).map((theta) => law.natural(theta));
  return law.parameters.map(({ name, unit }, j) => {
    const values = drawn.map((natural) => natural[j]!);
    const median = best.parameters[name]!;
    return {
      name,
      unit,
      median,
      lo: Math.min(median, quantile(values, 0.05)),
      hi: Math.max(median, quantile(values, 0.95)),
    };
  });
}
