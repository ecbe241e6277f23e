/** @file A straight line through optima in logs, N* = k C^a, each weighed by how well it is known. */

import { type Line, lineThrough } from "../../math/line.ts";
import type { Random } from "../../math/random.ts";
import { dot, mean, sum } from "../../math/statistics.ts";

/** What the line is drawn through: y known to `deviation`, or as one of `draws`. */
export type Point = {
  readonly x: number;
  readonly y: number;
  readonly deviation: number;
  readonly draws: Float64Array;
};

export type LineFit = Line & {
  /** Scatter of the points beyond their own uncertainty: standard deviation in y. */
  readonly excess: number;
  readonly draws: readonly Line[];
};

/**
 * Fits the line and draws lines that could be. The excess scatter is the moment estimate of DerSimonian and
 * Laird 1986 (points that disagree more than their deviations allow); with few points it is itself uncertain,
 * hence the chi-squared draw.
 */
export function fitLine(points: readonly Point[], random: Random, numDraws: number): LineFit {
  const x = points.map((point) => point.x);
  const y = points.map((point) => point.y);
  const excess = excessScatter(points);
  const weights = points.map(({ deviation }) => 1 / (deviation ** 2 + excess ** 2));
  const line = lineThrough(x, y, weights);
  const freedom = points.length - 2;
  const draws = Array.from({ length: numDraws }, () => {
    const scale = excess * Math.sqrt(freedom / chiSquared(random, freedom));
    const shifted = points.map(
      (point) => random.pick(point.draws) - mean(point.draws) + point.y + scale * random.normal(),
    );
    return lineThrough(x, shifted, weights);
  });
  return { ...line, excess, draws };
}

function excessScatter(points: readonly Point[]): number {
  const x = points.map((point) => point.x);
  const y = points.map((point) => point.y);
  const weights = points.map(({ deviation }) => 1 / deviation ** 2);
  const { intercept, slope } = lineThrough(x, y, weights);
  const misfit = points.reduce(
    (sum, point, i) => sum + weights[i]! * (point.y - intercept - slope * point.x) ** 2,
    0,
  );
  const total = sum(weights);
  const squares = dot(weights, weights);
  return Math.sqrt(Math.max(0, (misfit - (points.length - 2)) / (total - squares / total)));
}

function chiSquared(random: Random, freedom: number): number {
  let sum = 0;
  for (let i = 0; i < freedom; i++) sum += random.normal() ** 2;
  return sum;
}
