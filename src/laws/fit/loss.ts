/** @file What a residual in log loss costs: Huber, absolute, squared, or heavier above than below. */

import { huber } from "../../math/huber.ts";

/** residual = log(measured) - log(fitted). */
export type Loss =
  /** Quadratic within `delta`, linear outside. 1e-3 is the choice of Hoffmann et al. (arXiv 2203.15556). */
  | { readonly kind: "huber"; readonly delta: number }
  /** Least absolute deviation: what the published digits of Besiroglu et al. (arXiv 2404.10102) minimise. */
  | { readonly kind: "absolute" }
  | { readonly kind: "squared" }
  /** Huber, times `penalty` where the law lies above the run: badly tuned rungs pull it up less. */
  | { readonly kind: "asymmetric"; readonly delta: number; readonly penalty: number };

export const DEFAULT_LOSS: Loss = { kind: "huber", delta: 1e-3 };

/** For a small ladder: Huber's with 1 %, above the noise of seeds, so that only stray rungs count less. */
export const SMALL_LADDER_LOSS: Loss = { kind: "huber", delta: 0.01 };

/** A loss as numbers, for loops: cost = scale huber(r, delta), times `penalty` where r < 0. */
export type LossNumbers = { readonly delta: number; readonly scale: number; readonly penalty: number };

/** The absolute loss is Huber's / delta for delta to 0; `smoothing` is that delta, for a smooth slope. */
export function lossNumbers(loss: Loss, smoothing = 1e-9): LossNumbers {
  switch (loss.kind) {
    case "huber":
      return { delta: loss.delta, scale: 1, penalty: 1 };
    case "squared":
      return { delta: Infinity, scale: 1, penalty: 1 };
    case "asymmetric":
      return { delta: loss.delta, scale: 1, penalty: loss.penalty };
    case "absolute":
      return { delta: smoothing, scale: 1 / smoothing, penalty: 1 };
  }
}

/** The cost of one residual. */
export function costOf(loss: Loss, residual: number): number {
  if (loss.kind === "absolute") return Math.abs(residual);
  const { delta, scale, penalty } = lossNumbers(loss);
  return scale * huber(residual, delta) * (residual < 0 ? penalty : 1);
}

/** Words for people. */
export function lossText(loss: Loss): string {
  switch (loss.kind) {
    case "huber":
      return `Huber on log loss, delta ${loss.delta}`;
    case "squared":
      return "squares of log loss";
    case "absolute":
      return "least absolute deviation in log loss";
    case "asymmetric": {
      const { delta, penalty } = loss;
      return `Huber on log loss, delta ${delta}, ${penalty} times as much where the law lies above the run`;
    }
  }
}

/**
 * The residuals that a fit of p parameters leaves free: all but the p smallest. A fit in the manner of the
 * absolute loss passes through p runs, whose residuals vanish and say nothing of the noise; with few runs
 * they would halve its estimate.
 */
export function freeResiduals(residuals: ArrayLike<number>, numParameters: number): Float64Array {
  const bySize = Float64Array.from(residuals).sort((a, b) => Math.abs(b) - Math.abs(a));
  return bySize.subarray(0, Math.max(1, bySize.length - numParameters));
}
