/** @file Goodman and Weare's ensemble of walkers (2010): no gradient, no scales, no tuning. */

import type { Random } from "./random.ts";

/**
 * Moves every walker once, in place, along the line through another one. `walkerAt` evaluates a point;
 * `logDensity` reads the density off a walker, up to a constant.
 */
export function stretchMoves<Walker extends { readonly point: Float64Array }>(
  walkers: Walker[],
  walkerAt: (point: Float64Array) => Walker,
  logDensity: (walker: Walker) => number,
  random: Random,
): void {
  for (let i = 0; i < walkers.length; i++) {
    const own = walkers[i]!;
    const other = walkers[(i + 1 + random.integer(walkers.length - 1)) % walkers.length]!.point;
    // z has density 1 / sqrt(z) on [1/2, 2], their equation 9.
    const z = (1 + random.uniform()) ** 2 / 2;
    const moved = walkerAt(own.point.map((x, j) => other[j]! + z * (x - other[j]!)));
    const logRatio = (own.point.length - 1) * Math.log(z) + logDensity(moved) - logDensity(own);
    if (Math.log(random.uniform()) < logRatio) walkers[i] = moved;
  }
}
