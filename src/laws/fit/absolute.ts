/** @file The minimum of a sum of absolute residuals, where the slope jumps: approached through smooth stand-ins. */

import type { Law } from "../../law/law.ts";
import { minimise } from "../../math/minimise.ts";
import { lossNumbers, robustScale } from "./loss.ts";
import { type FitData, objectiveOf, residualsOf } from "./objective.ts";

/**
 * Huber's delta as shares of the residuals' scale, each minimum from the one before. The published digits of the Chinchilla
 * refit are those of a delta of some 5e-9 (arXiv 2404.10102, its learnt scale), which is 1e-6 of the scale; the exact corner
 * differs from them in the seventh digit (B 2085.436 against 2085.434).
 */
const CONTINUATION = [0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 2e-6];

/** From `theta`, a minimum of some smooth loss, to that of the absolute loss. */
export function absoluteMinimum(
  law: Law,
  data: FitData,
  theta: Float64Array,
): { readonly point: Float64Array; readonly value: number } {
  const scale = Math.max(robustScale(residualsOf(law, data, theta)), 1e-12);
  let point = theta;
  for (const share of CONTINUATION) {
    const numbers = lossNumbers({ kind: "absolute" }, share * scale);
    point = minimise(objectiveOf(law, data, numbers), point).point;
  }
  const residuals = residualsOf(law, data, point);
  return { point, value: residuals.reduce((sum, r, i) => sum + data.weights[i]! * Math.abs(r), 0) };
}
