/** @file Fits a curve law to several loss curves: Huber's loss on the logarithm, and weak priors. */

import { assert, UserError } from "../../errors.ts";
import { type Minimum, minimise, type Objective } from "../../math/minimise.ts";
import { mean } from "../../math/statistics.ts";
import { inverseOrDiagonal } from "../../math/symmetric.ts";
import type { CurveLaw, NormalPrior } from "./curve-laws.ts";
import { areaOf, type Geometry, geometryOf, type Units } from "./geometry.ts";
import type { LossCurve } from "./read-curve.ts";
import { isSameShape, peakRate, type RateSchedule, warmupOf } from "./schedule.ts";

/** A curve as a fit reads it; `weights` are those of its points. */
export type CurvePoints = {
  readonly geometry: Geometry;
  readonly logLosses: Float64Array;
  readonly weights: Float64Array;
};

/** A law of loss curves at its optimum. */
export type CurveFit = {
  readonly law: CurveLaw;
  readonly units: Units;
  readonly theta: Float64Array;
  /** Sum of the weighted Huber losses and the priors. */
  readonly objective: number;
  readonly shareAtOptimum: number;
  readonly curves: readonly CurvePoints[];
};

/** Log losses further off than this count by their distance, not its square: 0.1 %, as in the paper. */
const HUBER_WIDTH = 1e-3;
/**
 * The misfit of neighbouring points is one and the same, so that a curve is worth about this many points
 * however densely it was sampled (chosen on the authors' 25M and 100M curves, where 24 and 8 predict other
 * schedules about equally well).
 */
const EFFECTIVE_POINTS = 8;
/** Of longer curves a fit reads every so many points: more neighbours tell seven parameters no more. */
const MOST_POINTS = 192;
/** Curves made by the law itself, without noise, count this much more than noisy ones. */
const MOST_GAIN = 100;
/** Iterations before the curvature is computed anew, and how often it is. */
const ROUND = 12;
const MAX_ROUNDS = 12;

/** Fits `law` in the units of the curves given: the same curves in other units give the same fit. */
export function fitCurves(curves: readonly LossCurve[], law: CurveLaw): CurveFit {
  checkCurves(curves);
  const units = unitsOf(curves);
  const coarse = curves.map((curve) => pointsOf(curve, units));
  const lowest = Math.min(...curves.map(({ losses }) => losses.at(-1)!));
  const highest = Math.max(...curves.map(({ losses }) => losses[0]!));
  const first = law
    .starts(lowest, Math.max(highest - lowest, 0.01 * lowest))
    .map((start) => descend(coarse, law, start))
    .toSorted((a, b) => a.value - b.value);
  const sharp = sharpened(coarse, law, first[0]!.point);
  const minima = first.map(({ point }) => descend(sharp, law, point)).toSorted((a, b) => a.value - b.value);
  const [best] = minima as [Minimum];
  const atOptimum = minima.filter(({ value }) => value <= best.value * (1 + 1e-3) + 1e-9);
  return {
    law,
    units,
    theta: best.point,
    objective: best.value,
    shareAtOptimum: atOptimum.length / minima.length,
    curves: sharp,
  };
}

/** Fits the same points with other weights, or other priors, from an optimum that is near. */
export function refit(
  { law, theta }: CurveFit,
  curves: readonly CurvePoints[],
  priors: readonly NormalPrior[],
): Float64Array {
  return descend(curves, law, theta, priors).point;
}

/** The loss that a fit expects at `steps` of any schedule. */
export function expectedLosses(
  { law, units, theta }: Pick<CurveFit, "law" | "units" | "theta">,
  schedule: RateSchedule,
  steps: ArrayLike<number>,
): Float64Array {
  const geometry = geometryOf(schedule, steps, units);
  return law.losses(theta, geometry, new Float64Array(steps.length * theta.length));
}

/** Mean square of the log of expected over measured loss. */
export function meanSquare({ geometry, logLosses }: CurvePoints, law: CurveLaw, theta: Float64Array): number {
  const losses = law.losses(theta, geometry, new Float64Array(logLosses.length * theta.length));
  return mean(losses.map((loss, i) => (Math.log(loss) - logLosses[i]!) ** 2));
}

export function unitsOf(curves: readonly LossCurve[]): Units {
  return {
    peak: Math.max(...curves.map(({ schedule }) => peakRate(schedule))),
    area: Math.max(...curves.map(({ schedule }) => areaOf(schedule))),
    span: Math.max(...curves.map(({ steps }) => steps.at(-1)!)),
  };
}

function pointsOf(curve: LossCurve, units: Units): CurvePoints {
  const stride = Math.ceil(curve.steps.length / MOST_POINTS);
  const every = (values: Float64Array) => values.filter((_, i) => i % stride === 0);
  const steps = every(curve.steps);
  return {
    geometry: geometryOf(curve.schedule, steps, units),
    logLosses: every(curve.losses).map(Math.log),
    weights: new Float64Array(steps.length).fill(EFFECTIVE_POINTS / steps.length),
  };
}

/** Curves that a law follows more closely than Huber's width weigh by their own scatter. */
function sharpened(
  curves: readonly CurvePoints[],
  law: CurveLaw,
  theta: Float64Array,
): readonly CurvePoints[] {
  const square = mean(curves.map((points) => meanSquare(points, law, theta)));
  const gain = Math.min(MOST_GAIN, Math.max(1, HUBER_WIDTH ** 2 / square));
  return curves.map((points) => ({ ...points, weights: points.weights.map((weight) => weight * gain) }));
}

/** The valley bends, so the minimiser is given the curvature of where it has come to every few steps. */
function descend(
  curves: readonly CurvePoints[],
  law: CurveLaw,
  start: Float64Array,
  priors: readonly NormalPrior[] = law.priors,
): Minimum {
  const objective = objectiveOf(curves, law, priors);
  let best: Minimum = { point: start, value: Number.POSITIVE_INFINITY, iterations: 0, stop: "iterations" };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const inverse = inverseHessian(curves, law, best.point);
    const next = minimise(objective, best.point, { maxIterations: ROUND, tolerance: 1e-4, inverse });
    const gain = best.value - next.value;
    best = next;
    if (next.stop === "gradient" || gain <= 1e-5 * next.value) break;
  }
  return best;
}

/** Weighted Huber of every point plus the priors, in units of HUBER_WIDTH squared. */
function objectiveOf(
  curves: readonly CurvePoints[],
  law: CurveLaw,
  priors: readonly NormalPrior[],
): Objective {
  const size = law.parameters.length;
  const jacobian = new Float64Array(Math.max(...curves.map(({ logLosses }) => logLosses.length)) * size);
  return (theta, gradient) => {
    gradient.fill(0);
    let sum = 0;
    for (const [j, prior] of priors.entries()) {
      if (prior === null) continue;
      const distance = (theta[j]! - prior.mean) / prior.sd;
      sum += (distance * distance) / 2;
      gradient[j]! += distance / prior.sd;
    }
    for (const { geometry, logLosses, weights } of curves) {
      const losses = law.losses(theta, geometry, jacobian);
      for (let i = 0; i < losses.length; i++) {
        if (!(losses[i]! > 0)) return Number.POSITIVE_INFINITY;
        const residual = (Math.log(losses[i]!) - logLosses[i]!) / HUBER_WIDTH;
        const clipped = Math.max(-1, Math.min(1, residual));
        sum += weights[i]! * clipped * (residual - clipped / 2);
        const factor = (weights[i]! * clipped) / (HUBER_WIDTH * losses[i]!);
        for (let j = 0; j < size; j++) gradient[j]! += factor * jacobian[i * size + j]!;
      }
    }
    return sum;
  };
}

/**
 * The inverse of Gauss and Newton's second derivatives of the objective: a minimiser that begins with it
 * needs few steps. A point beyond Huber's width counts by its slope over its distance, as in reweighted least
 * squares. Every parameter is lent a curvature of 1, which keeps a step of one that the data say nothing
 * about below order 1.
 */
export function inverseHessian(
  curves: readonly CurvePoints[],
  law: CurveLaw,
  theta: Float64Array,
): Float64Array {
  const size = theta.length;
  const curvature = new Float64Array(size * size);
  for (const { geometry, logLosses, weights } of curves) {
    const jacobian = new Float64Array(logLosses.length * size);
    const losses = law.losses(theta, geometry, jacobian);
    for (let i = 0; i < losses.length; i++) {
      const residual =
        Math.abs(Math.log(Math.max(losses[i]!, Number.MIN_VALUE)) - logLosses[i]!) / HUBER_WIDTH;
      const factor = weights[i]! / Math.max(1, residual) / (HUBER_WIDTH * losses[i]!) ** 2;
      for (let j = 0; j < size; j++)
        for (let k = 0; k < size; k++)
          curvature[j * size + k]! += factor * jacobian[i * size + j]! * jacobian[i * size + k]!;
    }
  }
  for (const [j, prior] of law.priors.entries())
    curvature[j * (size + 1)]! += (prior ? prior.sd ** -2 : 0) + 1;
  return inverseOrDiagonal(curvature, size);
}

/** Throws a `UserError` where the curves lack what a fit needs. */
function checkCurves(curves: readonly LossCurve[]): void {
  assert(curves.length > 0, "a fit has curves");
  const different = curves.filter((curve, i) =>
    curves.slice(0, i).every((earlier) => !isSameShape(curve.schedule, earlier.schedule)),
  );
  if (different.length < 2) {
    const names = curves.map(({ name }) => name).join(", ");
    throw new UserError(
      `${curves.length === 1 ? "one curve" : `${curves.length} curves of one schedule`} (${names})`,
      "at least 2 different schedules: under one alone, what falling rates bring cannot be told from what " +
        "longer training brings",
      "add a curve under another schedule of the same model and data, such as a constant rate, or one that " +
        "falls at once",
    );
  }
  const falls = ({ schedule }: LossCurve) =>
    schedule.some(({ step, rate }) => step >= warmupOf(schedule) && rate < 0.9 * peakRate(schedule));
  if (!curves.some(falls))
    throw new UserError(
      `${curves.length} curves, in none of which the learning rate falls after the warm-up`,
      "at least one whose rate falls: the drop of the loss that a decay brings is not identified without",
      "add a curve with a decay, or with a second stage at a lower rate",
    );
}
