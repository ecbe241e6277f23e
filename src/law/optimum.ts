/** @file The best use of a budget on a loss surface, how flat it is, and what a given loss costs at least. */

import { UserError } from "../errors.ts";
import { crossing, lowest } from "../math/univariate.ts";
import type { Law } from "./law.ts";

/** Log loss of a model of e^logN parameters after e^logD tokens. */
export type LossOverND = (logN: number, logD: number) => number;

/** The same when so many tokens are distinct; left out: as many as wanted. */
export type LossSurface = (uniqueTokens?: number) => LossOverND;

/** A split of a budget, in natural logarithms. */
export type BudgetSplit = {
  readonly logN: number;
  readonly logD: number;
  readonly logLoss: number;
  /** Whether the loss rises on both sides. False: the law says that one of the two is worth nothing. */
  readonly interior: boolean;
};

/** A law at theta as a surface. `flopsPerParameterToken`: C / (N D); `unique`: distinct tokens, if read. */
export function lossOverND(
  law: Law,
  theta: Float64Array,
  flopsPerParameterToken: number,
  unique = Infinity,
): LossOverND {
  const unused = new Float64Array(theta.length);
  return (logN, logD) => {
    const n = Math.exp(logN);
    const d = Math.exp(logD);
    const design = { n, d, c: flopsPerParameterToken * n * d, unique: Math.min(unique, d) };
    return law.logLoss(theta, law.covariates(design), unused);
  };
}

/** The split of N D = e^logND with the lowest loss, over N and D of at least 1. */
export function optimumOn(surface: LossOverND, logND: number): BudgetSplit {
  const at = (logN: number) => surface(logN, logND - logN);
  const { argument, value, interior } = lowest(at, 0, logND);
  return { logN: argument, logD: logND - argument, logLoss: value, interior };
}

/**
 * The optimum of a budget in plain numbers; without one inside, no bound on the side that the law prefers.
 */
export function pointOf(surface: LossOverND, logND: number) {
  const { logN, logD, logLoss, interior } = optimumOn(surface, logND);
  const loss = Math.exp(logLoss);
  if (interior)
    return { n: Math.exp(logN), d: Math.exp(logD), tokensPerParameter: Math.exp(logD - logN), loss };
  const n = logN > logD ? Infinity : -Infinity;
  return { n, d: -n, tokensPerParameter: -n, loss };
}

/** Throws a `UserError` where the best split of a budget is all size or all tokens. */
export function checkOptimum(surface: LossOverND, logND: number, formula: string): void {
  const { interior, logN, logD } = optimumOn(surface, logND);
  if (interior) return;
  const [worthless, other] = logN > logD ? ["tokens", "size"] : ["size", "tokens"];
  throw new UserError(
    `a fit of ${formula} in which ${worthless} are worth nothing: all of the budget would go to ${other}`,
    "loss that falls with N and with D",
    `add runs of different ${worthless === "size" ? "size at equal tokens" : "tokens at equal size"}, or ` +
      "leave out those that were tuned badly",
  );
}

/** log N between which a budget's loss stays within this share of the optimum's; null: no such end. */
export function flatRange(
  surface: LossOverND,
  logND: number,
  share: number,
): readonly [number | null, number | null] {
  const best = optimumOn(surface, logND);
  const limit = best.logLoss + Math.log1p(share);
  const above = (logN: number) => surface(logN, logND - logN) - limit;
  return [crossing(above, best.logN, 0), crossing(above, best.logN, logND)];
}

/**
 * log(N D) that an optimal model needs for this loss; null where no budget of the searched range reaches it.
 */
export function leastLogNDFor(surface: LossOverND, logLoss: number): number | null {
  const short = (logND: number) => logLoss - optimumOn(surface, logND).logLoss;
  // From a budget that falls short (below zero) to one that is more than enough: N D of 10^5 to 10^52 holds
  // every run of any age.
  return crossing(short, Math.log(1e5), Math.log(1e52));
}

/** log D at which a model of this size reaches this loss; null where no number of tokens does. */
export function tokensFor(surface: LossOverND, logN: number, logLoss: number): number | null {
  if (surface(logN, 0) <= logLoss) return 0;
  return crossing((logD) => logLoss - surface(logN, logD), 0, Math.log(1e30));
}
