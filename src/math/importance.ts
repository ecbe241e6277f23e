/** @file Weighted draws from a smooth density, without chance: importance sampling from heavy tails. */

import { minimise } from "./minimise.ts";
import { normalQuantile } from "./normal.ts";
import { cholesky, inverseCholesky } from "./symmetric.ts";

/** Log of a density, up to a constant. Must not keep the array. */
export type LogDensity = (point: Float64Array) => number;

/** Draws with weights that add up to 1. `effective`: how many of equal weight they are worth (Kish). */
export type WeightedDraws = {
  readonly points: readonly Float64Array[];
  readonly weights: Float64Array;
  readonly effective: number;
};

/** Step of central differences, for variables of about unit scale. */
const GRADIENT_STEP = 1e-5;
const CURVATURE_STEP = 1e-3;

function gradientOf(density: LogDensity, point: Float64Array, gradient: Float64Array): void {
  for (let j = 0; j < point.length; j++) {
    const own = point[j]!;
    point[j] = own + GRADIENT_STEP;
    const above = density(point);
    point[j] = own - GRADIENT_STEP;
    gradient[j] = (above - density(point)) / (2 * GRADIENT_STEP);
    point[j] = own;
  }
}

/** Where the density peaks, searched from `start`. */
export function peakOf(density: LogDensity, start: ArrayLike<number>): Float64Array {
  const falling = (point: Float64Array, gradient: Float64Array) => {
    gradientOf(density, point, gradient);
    for (let j = 0; j < gradient.length; j++) gradient[j] = -gradient[j]!;
    return -density(point);
  };
  return minimise(falling, start, { tolerance: 1e-6, maxIterations: 200 }).point;
}

/** -d2 log density / dx2 at a point, symmetric, row by row. */
function curvatureAt(density: LogDensity, peak: Float64Array): Float64Array {
  const k = peak.length;
  const curvature = new Float64Array(k * k);
  const above = new Float64Array(k);
  const below = new Float64Array(k);
  for (let j = 0; j < k; j++) {
    const point = Float64Array.from(peak);
    point[j] = peak[j]! + CURVATURE_STEP;
    gradientOf(density, point, above);
    point[j] = peak[j]! - CURVATURE_STEP;
    gradientOf(density, point, below);
    for (let i = 0; i < k; i++) curvature[j * k + i] = (below[i]! - above[i]!) / (2 * CURVATURE_STEP);
  }
  return curvature.map((value, at) => (value + curvature[(at % k) * k + Math.floor(at / k)]!) / 2);
}

/** Cholesky's factor of matrix + ridge I, the ridge the least of 0, 1e-3, 1e-2 ... that makes it definite. */
function ridgedFactor(matrix: Float64Array, size: number): Float64Array {
  for (let ridge = 0; ; ridge = ridge === 0 ? 1e-3 : 10 * ridge) {
    const ridged = matrix.map((value, at) => (at % (size + 1) === 0 ? value + ridge : value));
    const lower = cholesky(ridged, size, 1e-8);
    if (lower) return lower;
  }
}

/** The proposal: a normal and a wider one about the same centre, for heavier tails. Shares of five points. */
const SCALES = [1, 1.3, 1.7] as const;

/** The root above 1 of x^(k + 1) = x + 1: its inverse powers are steps of an even sequence. */
function evenRoot(dimension: number): number {
  let root = 2;
  for (let i = 0; i < 60; i++) root = (1 + root) ** (1 / (dimension + 1));
  return root;
}

const known = new Map<string, readonly Float64Array[]>();

/** Even points of the proposal: Roberts's additive recurrence (2018) through the normal quantile. */
function standardPoints(dimension: number, count: number): readonly Float64Array[] {
  const key = `${dimension} ${count}`;
  const before = known.get(key);
  if (before) return before;
  const root = evenRoot(dimension);
  const points = Array.from({ length: count }, (_, i) =>
    Float64Array.from(
      { length: dimension },
      (__, j) => SCALES[i % SCALES.length]! * normalQuantile((0.5 + (i + 1) * root ** -(j + 1)) % 1),
    ),
  );
  known.set(key, points);
  return points;
}

/** Log density of the standard proposal, up to a constant. */
function logProposal(point: Float64Array): number {
  let square = 0;
  for (let j = 0; j < point.length; j++) square += point[j]! ** 2;
  let density = 0;
  for (const scale of SCALES) density += Math.exp(-square / (2 * scale * scale)) * scale ** -point.length;
  return Math.log(density);
}

/** Centre and lower triangular factor of the covariance. */
type Bell = { readonly centre: Float64Array; readonly factor: Float64Array };

function placed({ centre, factor }: Bell, standard: Float64Array): Float64Array {
  const k = centre.length;
  return centre.map((x, i) => {
    let sum = x;
    for (let j = 0; j <= i; j++) sum += factor[i * k + j]! * standard[j]!;
    return sum;
  });
}

function weighed(density: LogDensity, bell: Bell, count: number): WeightedDraws {
  const standard = standardPoints(bell.centre.length, count);
  const points = standard.map((point) => placed(bell, point));
  const logs = points.map((point, i) => density(point) - logProposal(standard[i]!));
  const best = logs.reduce((most, value) => Math.max(most, value), -Infinity);
  const weights = Float64Array.from(logs, (value) => Math.exp(value - best));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < count; i++) weights[i]! /= total;
  return { points, weights, effective: 1 / weights.reduce((sum, weight) => sum + weight * weight, 0) };
}

/** The normal with the draws' moments, none counting more than a few others (Ionides 2008). */
function fitted({ points, weights }: WeightedDraws): Bell {
  const k = points[0]!.length;
  const most = 1 / Math.sqrt(points.length);
  const tamed = weights.map((weight) => Math.min(weight, most));
  const total = tamed.reduce((sum, weight) => sum + weight, 0);
  const centre = new Float64Array(k);
  points.forEach((point, i) => {
    for (let j = 0; j < k; j++) centre[j]! += (tamed[i]! / total) * point[j]!;
  });
  const covariance = new Float64Array(k * k);
  points.forEach((point, i) => {
    for (let a = 0; a < k; a++)
      for (let b = 0; b < k; b++)
        covariance[a * k + b]! += (tamed[i]! / total) * (point[a]! - centre[a]!) * (point[b]! - centre[b]!);
  });
  return { centre, factor: ridgedFactor(covariance, k) };
}

/** Rounds of fitting the proposal to its own weighted draws, and points in each for every variable. */
const NUM_ROUNDS = 3;
const NUM_PILOT = 64;

/**
 * `count` weighted draws of a density near `peak`. Nothing in it is random: draws of two densities that
 * differ little differ little, so that comparing them is not clouded by sampling.
 */
export function weightedDraws(density: LogDensity, peak: Float64Array, count: number): WeightedDraws {
  const k = peak.length;
  const precision = ridgedFactor(curvatureAt(density, peak), k);
  let bell: Bell = { centre: peak, factor: ridgedFactor(inverseCholesky(precision, k), k) };
  for (let round = 0; round < NUM_ROUNDS; round++) bell = fitted(weighed(density, bell, NUM_PILOT * k));
  return weighed(density, bell, count);
}
