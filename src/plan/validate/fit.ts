/** @file Fits the shared constants to measured runs: robust least squares on logarithms, each constant held near its prior and in its bounds. */

import { median } from "../../math/statistics.ts";
import { cholesky, solveCholesky } from "../../math/symmetric.ts";
import { CONSTANT_NAMES, CONSTANT_ROWS, type ConstantName, type Constants, PRIORS } from "../constants.ts";
import { stepModel } from "../step/predict.ts";
import { comparableBytes } from "./comparable-memory.ts";
import type { PublishedRun } from "./published-run.ts";

/** Residuals beyond this count by size, not by square (Huber): software faults are not the model's to explain. */
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

export type FitOptions = {
  readonly prior?: Constants;
  /** Standard deviation of the prior in units of the bounded scale; smaller holds tighter. */
  readonly priorWidth?: number;
  readonly iterations?: number;
  /** What a family weighs, in recipes. */
  readonly familyWeight?: number;
  readonly free?: readonly ConstantName[];
};

/**
 * The constants that fit the runs best. Every family weighs the same, however many recipes it has.
 * Gauss-Newton with damping on u = logit((value - low) / (high - low)), derivatives by differences.
 */
export function fitConstants(runs: readonly PublishedRun[], options: FitOptions = {}): Constants {
  const prior = options.prior ?? PRIORS;
  const free = options.free ?? CONSTANT_NAMES;
  const priorWidth = options.priorWidth ?? 1;
  const targets = targetsOf(runs, options.familyWeight ?? FAMILY_WEIGHT);
  const origin = free.map((name) => toFree(name, prior[name]));
  let point = [...origin];
  let residuals = residualsAt(targets, prior, free, point);
  let cost = costOf(residuals, point, origin, priorWidth);
  let damping = 1e-2;
  for (let iteration = 0; iteration < (options.iterations ?? 12); iteration++) {
    const jacobian = free.map((_, j) => {
      const moved = point.map((value, i) => (i === j ? value + 1e-3 : value));
      return residualsAt(targets, prior, free, moved).map((value, i) => (value - residuals[i]!) / 1e-3);
    });
    let improved = false;
    for (let trial = 0; trial < 6 && !improved; trial++) {
      const step = solve(jacobian, residuals, point, origin, priorWidth, damping);
      const next = point.map((value, i) => value + Math.max(-1.5, Math.min(1.5, step[i] ?? 0)));
      const nextResiduals = residualsAt(targets, prior, free, next);
      const nextCost = costOf(nextResiduals, next, origin, priorWidth);
      if (nextCost < cost) {
        improved = true;
        const gain = (cost - nextCost) / cost;
        [point, residuals, cost, damping] = [next, nextResiduals, nextCost, damping / 5];
        if (gain < 1e-3) return toConstants(prior, free, point);
      } else damping *= 6;
    }
    if (!improved) break;
  }
  return toConstants(prior, free, point);
}

function targetsOf(runs: readonly PublishedRun[], familyWeight: number): readonly Target[] {
  const recipes = Map.groupBy(
    runs.filter((run) => run.stepSeconds !== null || run.memoryBytes !== null),
    (run) => `${run.family}|${run.recipe}`,
  );
  const perFamily = new Map<string, number>();
  for (const [first] of recipes.values())
    if (first) perFamily.set(first.family, (perFamily.get(first.family) ?? 0) + 1);
  return [...recipes.values()].map((same) => {
    const run = same[0]!;
    const seconds = same.flatMap(({ stepSeconds }) => (stepSeconds === null ? [] : [Math.log(stepSeconds)]));
    const bytes = same.flatMap(({ memoryBytes }) => (memoryBytes === null ? [] : [Math.log(memoryBytes)]));
    return {
      run,
      logSeconds: seconds.length > 0 ? median(seconds) : null,
      logBytes: bytes.length > 0 ? median(bytes) : null,
      weight: familyWeight / (perFamily.get(run.family) ?? 1),
    };
  });
}

function residualsAt(
  targets: readonly Target[],
  prior: Constants,
  free: readonly ConstantName[],
  point: readonly number[],
): readonly number[] {
  const constants = toConstants(prior, free, point);
  return targets.flatMap(({ run, logSeconds, logBytes, weight }) => {
    const predicted = stepModel(run.model, run.cluster, run.job, constants)(run.layout);
    const scale = Math.sqrt(weight);
    const time = logSeconds === null ? 0 : huber(Math.log(predicted.stepSeconds) - logSeconds) / NOISE;
    const memory =
      logBytes === null
        ? 0
        : huber(Math.log(comparableBytes(predicted.memory, run.memoryKind)) - logBytes) / MEMORY_NOISE;
    return [scale * time, scale * memory];
  });
}

/** A residual whose square is Huber's loss. */
function huber(residual: number): number {
  const size = Math.abs(residual);
  return size <= HUBER ? residual : Math.sign(residual) * Math.sqrt(2 * HUBER * size - HUBER * HUBER);
}

function costOf(
  residuals: readonly number[],
  point: readonly number[],
  origin: readonly number[],
  priorWidth: number,
): number {
  const data = residuals.reduce((sum, value) => sum + value * value, 0);
  return data + point.reduce((sum, value, i) => sum + ((value - origin[i]!) / priorWidth) ** 2, 0);
}

function solve(
  jacobian: readonly (readonly number[])[],
  residuals: readonly number[],
  point: readonly number[],
  origin: readonly number[],
  priorWidth: number,
  damping: number,
): Float64Array {
  const n = jacobian.length;
  const matrix = new Float64Array(n * n);
  const right = new Float64Array(n);
  const stiffness = 1 / (priorWidth * priorWidth);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let r = 0; r < residuals.length; r++) sum += jacobian[i]![r]! * jacobian[j]![r]!;
      matrix[i * n + j] = sum;
      matrix[j * n + i] = sum;
    }
    let slope = 0;
    for (let r = 0; r < residuals.length; r++) slope += jacobian[i]![r]! * residuals[r]!;
    right[i] = -slope - stiffness * (point[i]! - origin[i]!);
  }
  for (let i = 0; i < n; i++) matrix[i * n + i]! += stiffness + damping * (matrix[i * n + i]! + stiffness);
  const lower = cholesky(matrix, n);
  return lower ? solveCholesky(lower, right) : right.map(() => 0);
}

function toFree(name: ConstantName, value: number): number {
  const { low, high } = CONSTANT_ROWS[name];
  const share = Math.min(0.999, Math.max(0.001, (value - low) / (high - low)));
  return Math.log(share / (1 - share));
}

function toConstants(prior: Constants, free: readonly ConstantName[], point: readonly number[]): Constants {
  const changed = free.map((name, i) => {
    const { low, high } = CONSTANT_ROWS[name];
    return [name, low + (high - low) / (1 + Math.exp(-point[i]!))] as const;
  });
  return { ...prior, ...Object.fromEntries(changed) };
}
