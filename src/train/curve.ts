/** @file A loss curve in few points: the means of stretches of equal length, each standing at its middle. */

import { mean } from "../math/statistics.ts";

/** Points of a run's curve. */
export const NUM_CURVE_POINTS = 64;

/** Where the points stand, as shares of the run. */
export function curveFractions(numPoints = NUM_CURVE_POINTS): readonly number[] {
  return Array.from({ length: numPoints }, (_, i) => (i + 0.5) / numPoints);
}

/**
 * Means over the stretches of a run of `numSteps` steps that its losses so far complete; a run of fewer steps
 * than points repeats its steps.
 */
export function curveOf(
  losses: Float64Array,
  numSteps = losses.length,
  numPoints = NUM_CURVE_POINTS,
): readonly number[] {
  const edge = (i: number) => Math.floor((i * numSteps) / numPoints);
  const means: number[] = [];
  for (let i = 0; i < numPoints; i++) {
    const [from, to] = [edge(i), Math.max(edge(i) + 1, edge(i + 1))];
    if (to > losses.length) break;
    means.push(mean(losses.subarray(from, to)));
  }
  return means;
}
