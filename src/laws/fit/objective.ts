/** @file A fit's objective over theta, with its gradient, on numbers laid out once: nothing is allocated when it is evaluated. */

import type { Law, Run } from "../../law/law.ts";
import type { Objective } from "../../math/minimise.ts";
import type { LossNumbers } from "./loss.ts";

/** Runs as a fit reads them: one entry per run in each list. */
export type FitData = {
  readonly logLosses: Float64Array;
  readonly covariates: readonly Float64Array[];
  readonly weights: Float64Array;
};

export function fitData(law: Law, runs: readonly Run[], weights?: ArrayLike<number>): FitData {
  return {
    logLosses: Float64Array.from(runs, (run) => Math.log(run.loss)),
    covariates: runs.map(law.covariates),
    weights: Float64Array.from(runs, (_, i) => weights?.[i] ?? 1),
  };
}

/**
 * sum_i w_i cost(log L_i - log law_i): a sum, since a mean of 1e-6 stops optimisers early. Reads `data` at each call, so that a
 * resample can change weights and losses in place; runs of weight 0 cost no time.
 */
export function objectiveOf(
  law: Law,
  { logLosses, covariates, weights }: FitData,
  { delta, scale, penalty }: LossNumbers,
): Objective {
  const size = law.parameters.length;
  const own = new Float64Array(size);
  return (theta, gradient) => {
    gradient.fill(0);
    let sum = 0;
    for (let i = 0; i < logLosses.length; i++) {
      const weight = weights[i]!;
      if (weight === 0) continue;
      const residual = logLosses[i]! - law.logLoss(theta, covariates[i]!, own);
      const factor = residual < 0 ? weight * scale * penalty : weight * scale;
      let slope: number;
      if (residual > delta) {
        sum += factor * delta * (residual - delta / 2);
        slope = -factor * delta;
      } else if (residual < -delta) {
        sum += factor * delta * (-residual - delta / 2);
        slope = factor * delta;
      } else {
        sum += (factor * residual * residual) / 2;
        slope = -factor * residual;
      }
      for (let j = 0; j < size; j++) gradient[j]! += slope * own[j]!;
    }
    return sum;
  };
}

/** log(measured) - log(fitted) of each run. */
export function residualsOf(law: Law, { logLosses, covariates }: FitData, theta: Float64Array): Float64Array {
  const unused = new Float64Array(law.parameters.length);
  return logLosses.map((logLoss, i) => logLoss - law.logLoss(theta, covariates[i]!, unused));
}
