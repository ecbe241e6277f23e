/** @file 90 % intervals of scores over clustered items: Wilson's for shares, Student's for ratios. */

import type { Interval } from "../math/interval.ts";
import { Z_90 } from "../math/normal.ts";

/** A measured score: value, 90 % interval, and its standard deviation over items of this kind. */
export type ScoreEstimate = Interval & {
  readonly sd: number;
};

/** One item's part of a ratio: its sum above the line, its weight below. */
export type RatioPart = {
  readonly cluster: string;
  readonly sum: number;
  readonly weight: number;
};

/** 95 % quantile of Student's t: exact for 1 and 2 degrees, Cornish-Fisher above (-0.3 % at 3). */
export function studentQuantile95(degrees: number): number {
  if (degrees === 1) return 6.313751514675043;
  if (degrees === 2) return 2.919985580353725;
  const z2 = Z_90 * Z_90;
  return (
    Z_90 *
    (1 +
      (z2 + 1) / (4 * degrees) +
      ((5 * z2 + 16) * z2 + 3) / (96 * degrees ** 2) +
      (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * degrees ** 3))
  );
}

/** Ratio of sums; var = k / (k - 1) sum_j (sum_j - ratio weight_j)^2 / weight^2 over clusters, linearised. */
export function ratioEstimate(parts: readonly RatioPart[]): ScoreEstimate {
  const { value, sd, numClusters } = ratio(parts);
  const half = numClusters < 2 ? Number.POSITIVE_INFINITY : studentQuantile95(numClusters - 1) * sd;
  return { median: value, lo: value - half, hi: value + half, sd };
}

/**
 * A share of right items. Wilson's interval at the number of independent items that would scatter as much as
 * these clusters do: it never leaves 0..1 and does not shrink to nothing where all items are right, or none
 * (there, each cluster counts as one item).
 */
export function shareEstimate(parts: readonly RatioPart[]): ScoreEstimate {
  const { value, sd, numClusters } = ratio(parts);
  const variance = value * (1 - value);
  const independent = variance > 0 && sd > 0 ? Math.min(parts.length, variance / sd ** 2) : numClusters;
  const t = numClusters < 2 ? studentQuantile95(1) : studentQuantile95(numClusters - 1);
  const scale = 1 + t ** 2 / independent;
  const centre = (value + t ** 2 / (2 * independent)) / scale;
  const half = (t / scale) * Math.sqrt(variance / independent + t ** 2 / (4 * independent ** 2));
  const [lo, hi] = [Math.max(0, Math.min(value, centre - half)), Math.min(1, Math.max(value, centre + half))];
  return { median: value, lo, hi, sd: (hi - lo) / (2 * Z_90) };
}

function ratio(parts: readonly RatioPart[]): {
  readonly value: number;
  readonly sd: number;
  readonly numClusters: number;
} {
  const clusters = new Map<string, { sum: number; weight: number }>();
  for (const { cluster, sum, weight } of parts) {
    const total = clusters.get(cluster) ?? { sum: 0, weight: 0 };
    clusters.set(cluster, { sum: total.sum + sum, weight: total.weight + weight });
  }
  const totals = [...clusters.values()];
  const weight = totals.reduce((sum, cluster) => sum + cluster.weight, 0);
  const value = totals.reduce((sum, cluster) => sum + cluster.sum, 0) / weight;
  const squares = totals.reduce((sum, cluster) => sum + (cluster.sum - value * cluster.weight) ** 2, 0);
  const k = totals.length;
  return { value, sd: Math.sqrt(((k / Math.max(1, k - 1)) * squares) / weight ** 2), numClusters: k };
}
