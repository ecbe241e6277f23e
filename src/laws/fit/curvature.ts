/** @file The curvature of a fit at its optimum: what the runs say about each parameter, and how far a cost may rise by chance. */

import type { Law } from "../../law/law.ts";
import { cholesky, inverseCholesky } from "../../math/symmetric.ts";
import { freeResiduals, type Loss, lossNumbers, robustScale } from "./loss.ts";
import type { FitData } from "./objective.ts";

/** The cost's mean second derivative and mean squared slope per run, at the residuals of a fit. */
export type Curvature = { readonly second: number; readonly slopeSquared: number };

/**
 * Where most residuals lie beyond Huber's delta few runs are left inside it, so their share is counted in a window of the
 * residuals' own width (Silverman's rule for the density at 0) and scaled down.
 */
export function curvatureOf(loss: Loss, residuals: Float64Array, numParameters: number): Curvature {
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
 * By how much the sum of costs rises on average when one parameter is moved to where the truth may be: for squares the
 * variance of a residual. Twice the rise over this is chi-squared with one degree of freedom (Huber 1981, section 6.3).
 */
export function costUnit(loss: Loss, residuals: Float64Array, numParameters: number): number {
  const { second, slopeSquared } = curvatureOf(loss, residuals, numParameters);
  return slopeSquared / second;
}

/** sum_i w_i g_i g_i', g the gradient of log law_i: what the runs say of theta, before the residuals' scale. */
export function informationOf(law: Law, { covariates, weights }: FitData, theta: Float64Array): Float64Array {
  const size = theta.length;
  const information = new Float64Array(size * size);
  const own = new Float64Array(size);
  for (const [i, x] of covariates.entries()) {
    law.logLoss(theta, x, own);
    for (let j = 0; j < size; j++)
      for (let k = 0; k < size; k++) information[j * size + k]! += weights[i]! * own[j]! * own[k]!;
  }
  return information;
}

/** Where two parameters cannot be told apart, each gets this share of what the runs say of it alone: the inverse then exists. */
const RIDGE = 1e-10;

/** The inverse of an information matrix. */
export function inverseInformation(information: Float64Array, size: number): Float64Array {
  const ridged = information.slice();
  for (let j = 0; j < size; j++) ridged[j * size + j]! = ridged[j * size + j]! * (1 + RIDGE) + 1e-300;
  const lower = cholesky(ridged, size);
  if (lower) return inverseCholesky(lower, size);
  const diagonal = new Float64Array(size * size);
  for (let j = 0; j < size; j++) diagonal[j * size + j] = 1 / ridged[j * size + j]!;
  return diagonal;
}

/** The inverse of the objective's matrix of second derivatives at `theta`, by Gauss and Newton's part of it. */
export function inverseCurvature(
  law: Law,
  loss: Loss,
  data: FitData,
  theta: Float64Array,
  residuals: Float64Array,
): Float64Array {
  const { second } = curvatureOf(loss, residuals, theta.length);
  return inverseInformation(informationOf(law, data, theta), theta.length).map((value) => value / second);
}
