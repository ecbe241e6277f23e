/** @file The best use of a budget on a loss surface over size and tokens: the optimum, how flat it is, and what a given loss costs at least. */

import { UserError } from "../errors.ts";
import type { Law } from "./law.ts";

/** Log loss of a model of e^logN parameters after e^logD tokens. */
export type SplitLoss = (logN: number, logD: number) => number;

/** A split of a budget, in natural logarithms. */
export type Split = {
  readonly logN: number;
  readonly logD: number;
  readonly logLoss: number;
  /** Whether the loss rises on both sides. False: the law says that one of the two is worth nothing. */
  readonly interior: boolean;
};

/**
 * A law at theta as a surface; `flopsPerPair` is C / (N D), for laws that read C too, `unique` the distinct tokens on hand, for laws
 * that read them.
 */
export function splitLossOf(
  law: Law,
  theta: Float64Array,
  flopsPerPair: number,
  unique = Infinity,
): SplitLoss {
  const unused = new Float64Array(theta.length);
  return (logN, logD) => {
    const n = Math.exp(logN);
    const d = Math.exp(logD);
    const design = { n, d, c: flopsPerPair * n * d, unique: Math.min(unique, d) };
    return law.logLoss(theta, law.covariates(design), unused);
  };
}

/** Points of the first look: along a budget about 1.2 in log N apart, finer than any published optimum is wide. */
const NUM_LOOKS = 41;

/** The split of N D = e^logPairs with the lowest loss, over N and D of at least 1. */
export function optimumOn(surface: SplitLoss, logPairs: number): Split {
  const at = (logN: number) => surface(logN, logPairs - logN);
  const { argument, value, interior } = lowest(at, 0, logPairs);
  return { logN: argument, logD: logPairs - argument, logLoss: value, interior };
}

/** The optimum of a budget in plain numbers; without one inside, no bound on the side that the law prefers. */
export function pointOf(surface: SplitLoss, logPairs: number) {
  const { logN, logD, logLoss, interior } = optimumOn(surface, logPairs);
  const loss = Math.exp(logLoss);
  if (interior)
    return { n: Math.exp(logN), d: Math.exp(logD), tokensPerParameter: Math.exp(logD - logN), loss };
  const n = logN > logD ? Infinity : -Infinity;
  return { n, d: -n, tokensPerParameter: -n, loss };
}

/** Throws a `UserError` where the best split of a budget is all size or all tokens. */
export function checkOptimum(surface: SplitLoss, logPairs: number, formula: string): void {
  const { interior, logN, logD } = optimumOn(surface, logPairs);
  if (interior) return;
  const [worthless, other] = logN > logD ? ["tokens", "size"] : ["size", "tokens"];
  throw new UserError(
    `a fit of ${formula} in which ${worthless} are worth nothing: all of the budget would go to ${other}`,
    "loss that falls with N and with D",
    `add runs of different ${worthless === "size" ? "size at equal tokens" : "tokens at equal size"}, or leave out those that were tuned badly`,
  );
}

type Lowest = { readonly argument: number; readonly value: number; readonly interior: boolean };

/** The lowest point of a function with one valley: a look at even distances, golden section, two Newton steps. */
export function lowest(at: (x: number) => number, from: number, to: number): Lowest {
  const step = (to - from) / (NUM_LOOKS - 1);
  let best = 0;
  let bestValue = Infinity;
  for (let i = 0; i < NUM_LOOKS; i++) {
    const value = at(from + i * step);
    if (value < bestValue) [best, bestValue] = [i, value];
  }
  const x = golden(at, from + Math.max(0, best - 1) * step, from + Math.min(NUM_LOOKS - 1, best + 1) * step);
  const argument = sharpened(at, sharpened(at, x));
  const value = at(argument);
  const edge = best === 0 ? from : best === NUM_LOOKS - 1 ? to : null;
  if (edge !== null && bestValue <= value) return { argument: edge, value: bestValue, interior: false };
  return { argument, value, interior: true };
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Golden section to near the bottom. */
function golden(at: (x: number) => number, from: number, to: number): number {
  let [a, b] = [from, to];
  let x1 = b - GOLDEN * (b - a);
  let x2 = a + GOLDEN * (b - a);
  let [f1, f2] = [at(x1), at(x2)];
  while (b - a > 1e-3) {
    if (f1 <= f2) {
      b = x2;
      [x2, f2] = [x1, f1];
      x1 = b - GOLDEN * (b - a);
      f1 = at(x1);
    } else {
      a = x1;
      [x1, f1] = [x2, f2];
      x2 = a + GOLDEN * (b - a);
      f2 = at(x2);
    }
  }
  return (a + b) / 2;
}

/**
 * One Newton step on the slope, from five points. Comparing values finds a bottom to the root of the rounding error only; the slope
 * crosses zero there with all its digits.
 */
function sharpened(at: (x: number) => number, x: number): number {
  const h = 3e-3;
  const [a, b, c, d, e] = [at(x - 2 * h), at(x - h), at(x), at(x + h), at(x + 2 * h)];
  const slope = (a - 8 * b + 8 * d - e) / (12 * h);
  const curvature = (-a + 16 * b - 30 * c + 16 * d - e) / (12 * h * h);
  const moved = x - slope / curvature;
  return Math.abs(moved - x) < h && at(moved) <= c ? moved : x;
}

/**
 * Where a function that is below zero at `inside` crosses zero on the way to `outside`; null if it never does. False position with
 * Illinois' rule (the end that stays counts half), halving where a value is infinite.
 */
export function crossing(at: (x: number) => number, inside: number, outside: number): number | null {
  let [low, high] = [inside, outside];
  let [below, above] = [at(low), at(high)];
  if (!(above > 0)) return null;
  if (!(below < 0)) return low;
  for (let i = 0; i < 200 && Math.abs(high - low) > 1e-11 * Math.max(1, Math.abs(high)); i++) {
    const secant = high - (above * (high - low)) / (above - below);
    const x = Number.isFinite(secant) && i % 8 < 7 ? secant : (low + high) / 2;
    const value = at(x);
    if (value === 0) return x;
    if (value > 0) {
      [high, above] = [x, value];
      below /= 2;
    } else {
      [low, below] = [x, value];
      above /= 2;
    }
  }
  return (low + high) / 2;
}

/** log N from which, and up to which, a budget's loss stays within this share of the optimum's; null: no such end. */
export function flatRange(
  surface: SplitLoss,
  logPairs: number,
  share: number,
): readonly [number | null, number | null] {
  const best = optimumOn(surface, logPairs);
  const limit = best.logLoss + Math.log1p(share);
  const above = (logN: number) => surface(logN, logPairs - logN) - limit;
  return [crossing(above, best.logN, 0), crossing(above, best.logN, logPairs)];
}

/** log(N D) that an optimal model needs for this loss; null where no budget of the searched range reaches it. */
export function leastPairsFor(surface: SplitLoss, logLoss: number): number | null {
  const short = (logPairs: number) => logLoss - optimumOn(surface, logPairs).logLoss;
  // From a budget that falls short (below zero) to one that is more than enough: 10^5 to 10^52 pairs holds every run of any age.
  return crossing(short, Math.log(1e5), Math.log(1e52));
}

/** log D at which a model of this size reaches this loss; null where no number of tokens does. */
export function tokensFor(surface: SplitLoss, logN: number, logLoss: number): number | null {
  if (surface(logN, 0) <= logLoss) return 0;
  return crossing((logD) => logLoss - surface(logN, logD), 0, Math.log(1e30));
}
