/** @file Training compute from parameters and tokens: C = 6 N D, or the factor that runs themselves show. */

import { median } from "../math/statistics.ts";
import type { Design } from "./law.ts";

/**
 * FLOPs a parameter in matrix products and token, forward and backward: 2 and 4. Only ever an approximation:
 * it leaves out attention, recomputed activations, and what reads a parameter without multiplying by it
 * (Kaplan et al. 2020, arXiv 2001.08361, section 2.1; Hoffmann et al. 2022, arXiv 2203.15556, appendix F).
 */
export const FLOPS_PER_PARAMETER_TOKEN = 6;

/** FLOPs of training `parameters` on `tokens`, about: 6 N D. One token: FLOPs a token. */
export function trainingFlops(parameters: number, tokens = 1): number {
  return FLOPS_PER_PARAMETER_TOKEN * parameters * tokens;
}

/**
 * C / (N D) of runs, their median: 6 where that is within a percent of it, since 6 N D is what most tables
 * mean, and where none of them has all three.
 */
export function flopsPerParameterTokenOf(runs: readonly Design[]): number {
  const own = runs.map(({ n, d, c }) => c / (n * d)).filter((ratio) => ratio > 0 && Number.isFinite(ratio));
  return own.length === 0 ? FLOPS_PER_PARAMETER_TOKEN : flopsPerParameterTokenFrom(median(own));
}

/** The same rule for one number; null: not known. */
export function flopsPerParameterTokenFrom(own: number | null): number {
  const isUsual = own === null || Math.abs(own / FLOPS_PER_PARAMETER_TOKEN - 1) < 0.01;
  return isUsual ? FLOPS_PER_PARAMETER_TOKEN : own;
}
