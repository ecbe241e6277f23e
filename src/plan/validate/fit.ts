/** @file Fits the shared constants to measured runs: robust least squares on logs, priors, bounds. */

import { huberResidual } from "../../math/huber.ts";
import { logistic, logit } from "../../math/logit.ts";
import { dot, median } from "../../math/statistics.ts";
import { cholesky, solveCholesky } from "../../math/symmetric.ts";
import {
  CONSTANT_NAMES,
  CONSTANT_PRIORS,
  CONSTANT_ROWS,
  type ConstantName,
  type Constants,
} from "../constants.ts";
import { comparableBytes, type PublishedRun, predictRun } from "./published-run.ts";

/**
 * Residuals beyond this count by size, not by square (Huber): software faults are not the model's to explain.
 */
const HUBER = 0.15;
/** Spread of the logarithm that a good model leaves: what weighs data against prior. */
const NOISE = 0.1;
/** A family counts as so many independent recipes: what its makers have in common is not independent. */
const FAMILY_WEIGHT = 20;
/** Weight of a recipe in memory against one in time. */
const MEMORY_NOISE = 0.08;

/** One recipe: all runs of it count once. */
type Target = {
  readonly run: PublishedRun;
  readonly logSeconds: number | null;
  readonly logBytes: number | null;
  readonly weight: number;
};

export type ConstantsFit = {
  readonly prior?: Constants;
  /** Standard deviation of the prior in units of the bounded scale; smaller holds tighter. */
  readonly priorWidth?: number;
  /** What a family weighs, in recipes. */
  readonly familyWeight?: number;
};

const MOST_ITERATIONS = 12;
const MOST_TRIALS = 6;
/** Longest step of one constant on the bounded scale. */
const LONGEST_STEP = 1.5;
/** Step of a derivative by differences. */
const NUDGE = 1e-3;
/** A fit that gains less than this part of its cost is done. */
const LEAST_GAIN = 1e-3;

/**
 * The constants that fit the runs best. Every family weighs the same, however many recipes it has.
 * Gauss-Newton with damping on u = logit((value - low) / (high - low)), derivatives by differences.
 */
export function fitConstants(runs: readonly PublishedRun[], options: ConstantsFit = {}): Constants {
  const { prior = CONSTANT_PRIORS, priorWidth = 1, familyWeight = FAMILY_WEIGHT } = options;
  const targets = targetsOf(runs, familyWeight);
  const origin = CONSTANT_NAMES.map((name) => toFree(name, prior[name]));
  const looseness = 1 / (priorWidth * priorWidth);
  const costOf = (residuals: readonly number[], point: readonly number[]) =>
    sumOfSquares(residuals) + looseness * sumOfSquares(point.map((value, i) => value - origin[i]!));
  let point: readonly number[] = origin;
  let residuals = residualsAt(targets, point);
  let cost = costOf(residuals, point);
  let damping = 1e-2;
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const jacobian = point.map((_, j) => {
      const nudged = point.map((value, i) => (i === j ? value + NUDGE : value));
      return residualsAt(targets, nudged).map((value, i) => (value - residuals[i]!) / NUDGE);
    });
    const pull = point.map((value, i) => looseness * (value - origin[i]!));
    let gain = 0;
    for (let trial = 0; trial < MOST_TRIALS && gain === 0; trial++) {
      const step = stepFrom(jacobian, residuals, pull, looseness, damping);
      const next = point.map((value, i) => value + Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, step[i]!)));
      const nextResiduals = residualsAt(targets, next);
      const nextCost = costOf(nextResiduals, next);
      if (nextCost < cost) {
        gain = (cost - nextCost) / cost;
        [point, residuals, cost, damping] = [next, nextResiduals, nextCost, damping / 5];
      } else damping *= 6;
    }
    if (gain < LEAST_GAIN) break;
  }
  return toConstants(point);
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

function targetsOf(runs: readonly PublishedRun[], familyWeight: number): readonly Target[] {
  const measured = runs.filter((run) => run.stepSeconds !== null || run.memoryBytes !== null);
  const recipes = [...Map.groupBy(measured, (run) => `${run.family}|${run.recipe}`).values()];
  const families = Map.groupBy(recipes, ([run]) => run!.family);
  const middle = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length > 0 ? median(known.map(Math.log)) : null;
  };
  return recipes.map((same) => {
    const run = same[0]!;
    return {
      run,
      logSeconds: middle(same.map(({ stepSeconds }) => stepSeconds)),
      logBytes: middle(same.map(({ memoryBytes }) => memoryBytes)),
      weight: familyWeight / families.get(run.family)!.length,
    };
  });
}

/** Of each target its time and its memory, in units of what a good model leaves. */
function residualsAt(targets: readonly Target[], point: readonly number[]): readonly number[] {
  const constants = toConstants(point);
  return targets.flatMap(({ run, logSeconds, logBytes, weight }) => {
    const { stepSeconds, memory } = predictRun(run, constants);
    const bytes = comparableBytes(memory, run.memoryKind);
    const scale = Math.sqrt(weight);
    return [
      logSeconds === null ? 0 : (scale * huberResidual(Math.log(stepSeconds) - logSeconds, HUBER)) / NOISE,
      logBytes === null ? 0 : (scale * huberResidual(Math.log(bytes) - logBytes, HUBER)) / MEMORY_NOISE,
    ];
  });
}

/** The damped Gauss-Newton step: (J'J + looseness + damping of the diagonal) step = -J'r - pull. */
function stepFrom(
  jacobian: readonly (readonly number[])[],
  residuals: readonly number[],
  pull: readonly number[],
  looseness: number,
  damping: number,
): Float64Array {
  const n = jacobian.length;
  const matrix = new Float64Array(n * n);
  for (const [i, column] of jacobian.entries())
    for (let j = 0; j <= i; j++) {
      const product = dot(column, jacobian[j]!);
      matrix[i * n + j] = product;
      matrix[j * n + i] = product;
    }
  for (let i = 0; i < n; i++) matrix[i * n + i]! += looseness + damping * (matrix[i * n + i]! + looseness);
  const right = Float64Array.from(jacobian, (column, i) => -dot(column, residuals) - pull[i]!);
  const lower = cholesky(matrix, n);
  return lower ? solveCholesky(lower, right) : right.fill(0);
}

function toFree(name: ConstantName, value: number): number {
  const { low, high } = CONSTANT_ROWS[name];
  return logit(Math.min(0.999, Math.max(0.001, (value - low) / (high - low))));
}

function toConstants(point: readonly number[]): Constants {
  const values = CONSTANT_NAMES.map((name, i) => {
    const { low, high } = CONSTANT_ROWS[name];
    return [name, low + (high - low) * logistic(point[i]!)] as const;
  });
  return Object.fromEntries(values) as Constants;
}
