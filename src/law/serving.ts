/** @file A model that will serve many tokens: the cheapest for one loss, training and serving together. */

import { lowest } from "../math/univariate.ts";
import { type LossOverND, tokensFor } from "./optimum.ts";

/**
 * FLOPs of serving one token per parameter, over those of training on one: 2 N against 6 N (forward alone).
 */
export const SERVING_SHARE = 1 / 3;

/** A model and what it costs in all, in N D of training. */
export type Served = { readonly logN: number; readonly logD: number; readonly cost: number };

/**
 * The least of N D + N S / 3 at the given loss (Sardana et al., arXiv 2401.00448: 6 N D + 2 N S). With S = 0
 * it is the plain optimum of the budget with that loss; more served tokens favour smaller models trained for
 * longer. `logN`: the plain optimum's.
 */
export function cheapestServed(
  surface: LossOverND,
  logLoss: number,
  servedTokens: number,
  logN: number,
): Served {
  const logCost = (size: number) => {
    const logTokens = tokensFor(surface, size, logLoss);
    return logTokens === null
      ? Infinity
      : size + Math.log(Math.exp(logTokens) + SERVING_SHARE * servedTokens);
  };
  // The optimum is never larger than the plain one: a larger model costs more to train and more to serve.
  const { argument, value } = lowest(logCost, Math.max(0, logN - WIDEST), logN + 0.1);
  return { logN: argument, logD: tokensFor(surface, argument, logLoss)!, cost: Math.exp(value) };
}

/** exp(9) = 8,000 times smaller than optimal: far below where any loss can still be reached. */
const WIDEST = 9;
