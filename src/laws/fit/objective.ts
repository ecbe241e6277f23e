/** @file A fit's objective over theta: value, gradient, and curvature at an optimum. */

import type { Law, Run } from "../../law/law.ts";
import type { Objective } from "../../math/minimise.ts";
import { robustScale } from "../../math/statistics.ts";
import { inverseOrDiagonal } from "../../math/symmetric.ts";
import { freeResiduals, type Loss, type LossNumbers, lossNumbers } from "./loss.ts";

/** Runs as a fit reads them: one entry per run in each list. */
export type FitData = {
  readonly logLosses: Float64Array;
  readonly covariates: readonly Float64Array[];
  readonly weights: Float64Array;
};

/** A run that counts `weight` times in a fit; left out: once. */
export type WeightedRun = Run & { readonly weight?: number };

export function fitData(law: Law, runs: readonly WeightedRun[], weights?: ArrayLike<number>): FitData {
  return {
    logLosses: Float64Array.from(runs, (run) => Math.log(run.loss)),
    covariates: runs.map(law.covariates),
    weights: Float64Array.from(runs, ({ weight }, i) => weights?.[i] ?? weight ?? 1),
  };
}

/**
 * sum_i w_i cost(log L_i - log law_i): a sum, since a mean of 1e-6 stops optimisers early. Nothing is
 * allocated when it is evaluated. Reads `data` at each call, so that a resample can change weights and losses
 * in place; runs of weight 0 cost no time.
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

/**
 * The cost's mean second derivative and mean squared slope per run, at the residuals of a fit. Where most
 * residuals lie beyond Huber's delta few runs are left inside it, so their share is counted in a window of
 * the residuals' own width (Silverman's rule for the density at 0) and scaled down.
 */
function costDerivatives(loss: Loss, residuals: Float64Array, numParameters: number) {
  const { delta, scale, penalty } = lossNumbers(loss);
  const free = freeResiduals(residuals, numParameters);
  const window = Math.max(delta, 1.06 * robustScale(free) * free.length ** -0.2, 1e-15);
  const share = window === delta ? 1 : delta / window;
  let second = 0;
  let slopeSquared = 0;
  for (const residual of free) {
    const factor = scale * (residual < 0 ? penalty : 1);
    if (Math.abs(residual) <= window) second += factor * share;
    slopeSquared += (factor * Math.min(Math.abs(residual), delta)) ** 2;
  }
  // A window without any run in it still has some curvature: that of one run.
  return { second: Math.max(second, scale * share) / free.length, slopeSquared: slopeSquared / free.length };
}

/**
 * By how much the sum of costs rises on average when one parameter is moved to where the truth may be: for
 * squares the variance of a residual. Twice the rise over this is chi-squared with one degree of freedom
 * (Huber 1981, section 6.3).
 */
export function costUnit(loss: Loss, residuals: Float64Array, numParameters: number): number {
  const { second, slopeSquared } = costDerivatives(loss, residuals, numParameters);
  return slopeSquared / second;
}

/** Where two parameters cannot be told apart, each gets this share of what the runs say of it alone. */
const RIDGE = 1e-10;

/** The inverse of sum_i w_i g_i g_i', g the gradient of log law_i, before the residuals' scale. */
export function inverseInformation(
  law: Law,
  { covariates, weights }: FitData,
  theta: Float64Array,
): Float64Array {
  const size = theta.length;
  const information = new Float64Array(size * size);
  const own = new Float64Array(size);
  for (const [i, x] of covariates.entries()) {
    law.logLoss(theta, x, own);
    for (let j = 0; j < size; j++)
      for (let k = 0; k < size; k++) information[j * size + k]! += weights[i]! * own[j]! * own[k]!;
  }
  for (let j = 0; j < size; j++)
    information[j * size + j]! = information[j * size + j]! * (1 + RIDGE) + 1e-300;
  return inverseOrDiagonal(information, size);
}

/** The inverse of the objective's second derivatives at `theta`, by Gauss and Newton's part of them. */
export function inverseCurvature(
  law: Law,
  loss: Loss,
  data: FitData,
  theta: Float64Array,
  residuals: Float64Array,
): Float64Array {
  const { second } = costDerivatives(loss, residuals, theta.length);
  return inverseInformation(law, data, theta).map((value) => value / second);
}
