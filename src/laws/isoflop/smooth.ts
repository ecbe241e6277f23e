/** @file A smooth curve through noisy losses: a parabola that may bend, its noise learnt from all budgets. */

import { assert } from "../../errors.ts";
import { dot } from "../../math/statistics.ts";
import { cholesky, logRootDeterminant, solveLower } from "../../math/symmetric.ts";
import type { TriedSize } from "./budgets.ts";

/**
 * log L(x) = parabola(x) + bend(x) + noise, x = log N. The bend is a twice integrated Brownian motion of its
 * slope's slope (the quintic smoothing spline; Wahba 1990, chapter 1) of size `bend`; the parabola is free.
 * With no bend this is the parabola of Hoffmann et al. 2022, approach 2, which is biased where the two arms
 * of the curve differ; with a large one it goes through every point, as the interpolation of Porian et al.
 * 2024 does, noise and all. The data choose between.
 */
export type Smoothness = {
  /** Standard deviation of one run's log loss. */
  readonly noise: number;
  /** Standard deviation of the third derivative's integral over one unit of log N. */
  readonly bend: number;
};

/** Prior deviation of the parabola's coefficients: log losses of one budget differ by less than 1. */
const FREE = 5;
/** Added to the variance of the curve, (1e-5)^2, so that rounding leaves it positive. */
const JITTER = 1e-10;
/** Where noise and bend are looked for, in decades. Seeds differ by 0.1 to 1 %. */
const LOG_NOISES = Array.from({ length: 11 }, (_, i) => -4 + i / 4);
const LOG_BENDS = Array.from({ length: 17 }, (_, i) => -3 + i / 4);

/** Five-point Gauss-Legendre nodes and weights on [-1, 1]: exact for the kernel's integral. */
const NODES = [-0.906179845938664, -0.5384693101056831, 0, 0.5384693101056831, 0.906179845938664];
const WEIGHTS = [
  0.23692688505618908, 0.47862867049936647, 0.5688888888888889, 0.47862867049936647, 0.23692688505618908,
];

/** Covariance of the free parabola at two places of log N; within a budget they run from -1 to 1. */
function free(x: number, y: number, { first, length }: Range): number {
  const product = ((2 * (x - first)) / length - 1) * ((2 * (y - first)) / length - 1);
  return FREE ** 2 * (1 + product + product ** 2);
}

/** Covariance of the bend at two places of log N, for a bend of 1. */
function bending(x: number, y: number, { first }: Range): number {
  const [u, v] = [x - first, y - first];
  const half = Math.min(u, v) / 2;
  let sum = 0;
  for (const [i, node] of NODES.entries()) {
    const s = half * (1 + node);
    sum += WEIGHTS[i]! * half * (((u - s) * (v - s)) ** 2 / 4);
  }
  return sum;
}

/** Of log N. */
type Range = { readonly first: number; readonly length: number };

/** The losses of a budget, and the two parts of their covariance. */
type Known = {
  readonly sizes: readonly TriedSize[];
  readonly range: Range;
  readonly losses: Float64Array;
  readonly free: Float64Array;
  readonly bending: Float64Array;
};

function knownOf(sizes: readonly TriedSize[]): Known {
  const range = { first: sizes[0]!.logN, length: sizes.at(-1)!.logN - sizes[0]!.logN };
  const matrix = (part: typeof free) =>
    Float64Array.from(sizes.flatMap((a) => sizes.map((b) => part(a.logN, b.logN, range))));
  const losses = Float64Array.from(sizes, ({ logLoss }) => logLoss - sizes[0]!.logLoss);
  return { sizes, range, losses, free: matrix(free), bending: matrix(bending) };
}

/** Cholesky's factor of the covariance of the measured losses. */
function factorOf({ sizes, free, bending }: Known, { noise, bend }: Smoothness): Float64Array {
  const covariance = free.map((value, at) => value + bend ** 2 * bending[at]!);
  for (const [i, { numRuns }] of sizes.entries()) covariance[i * (sizes.length + 1)]! += noise ** 2 / numRuns;
  return positive(cholesky(covariance, sizes.length, 0));
}

function positive(factor: Float64Array | null): Float64Array {
  assert(factor !== null, "a covariance with noise on its diagonal is positive definite");
  return factor;
}

/** The noise and bend under which the losses of all budgets together are most likely. */
export function learnSmoothness(budgets: readonly (readonly TriedSize[])[]): Smoothness {
  const known = budgets.map((sizes) => knownOf(sizes));
  // All of the grid: the likelihood may have two hills, one of a stiff curve with noise and one of a bent
  // curve without.
  let best = { noise: Number.NaN, bend: Number.NaN, score: Number.NEGATIVE_INFINITY };
  for (const logNoise of LOG_NOISES) {
    for (const logBend of LOG_BENDS) {
      const [noise, bend] = [10 ** logNoise, 10 ** logBend];
      const score = known.reduce((sum, sizes) => sum + logLikelihood(sizes, { noise, bend }), 0);
      if (score > best.score) best = { noise, bend, score };
    }
  }
  return { noise: best.noise, bend: best.bend };
}

function logLikelihood(known: Known, smoothness: Smoothness): number {
  const factor = factorOf(known, smoothness);
  const whitened = solveLower(factor, known.losses);
  return -dot(whitened, whitened) / 2 - logRootDeterminant(factor, known.sizes.length);
}

export type Curve = {
  /** The curve's mean at each place of the grid. */
  readonly mean: Float64Array;
  /** Lower triangle F, F F' the curve's covariance over the grid: mean + F z is a curve that could be. */
  readonly factor: Float64Array;
};

/** The curve over `grid` (log N), given the losses. */
export function curveOver(sizes: readonly TriedSize[], grid: Float64Array, smoothness: Smoothness): Curve {
  const known = knownOf(sizes);
  const factor = factorOf(known, smoothness);
  const whitened = solveLower(factor, known.losses);
  const covariance = (x: number, y: number) =>
    free(x, y, known.range) + smoothness.bend ** 2 * bending(x, y, known.range);
  const rows = Array.from(grid, (x) =>
    solveLower(
      factor,
      sizes.map(({ logN }) => covariance(x, logN)),
    ),
  );
  const spread = Float64Array.from(
    rows.flatMap((row, i) =>
      rows.map((other, j) => covariance(grid[i]!, grid[j]!) - dot(row, other) + (i === j ? JITTER : 0)),
    ),
  );
  const level = sizes[0]!.logLoss;
  return {
    mean: Float64Array.from(rows, (row) => level + dot(row, whitened)),
    factor: positive(cholesky(spread, grid.length, 0)),
  };
}
