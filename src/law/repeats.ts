/** @file What repeated tokens are worth, how far that is known, and the loss when distinct ones run out. */

import { crossing } from "../math/univariate.ts";
import { type LossOverND, type LossSurface, optimumOn, pointOf } from "./optimum.ts";

// Muennighoff et al. 2023 (arXiv 2305.16264), equations 5 and 6. Each further pass over the data keeps a
// share e^(-1 / decay) of the worth of the one before, so that all passes together are worth at most 1 +
// decay times the distinct amount.

/** How soon repeats stop helping (R_D*), and parameters beyond what the unique tokens deserve (R_N*). */
export type Repetition = { readonly tokens: number; readonly parameters: number };

/**
 * Where the fit to 182 runs on C4 published by Muennighoff et al. ended. It is a local minimum of a flat
 * valley: bootstrap 95 % of the decay of data is 6.5 to no bound at all, that of size .29 to 14
 * (docs/laws.md). Compute with the ends of such an interval, never with these two alone.
 */
export const PUBLISHED_REPETITION: Repetition = { tokens: 15.387756, parameters: 5.309743 };

/** 1 + decay (1 - e^(-repeats / decay)) for a ratio above 1, the ratio itself below. */
export function effectiveRatio(ratio: number, decay: number): number {
  const repeats = ratio - 1;
  if (!(repeats > 0) || decay === Infinity) return ratio;
  return 1 - decay * Math.expm1(-repeats / decay);
}

/** d effectiveRatio / d log(decay). */
export function effectiveRatioSlope(ratio: number, decay: number): number {
  const repeats = Math.max(ratio - 1, 0);
  const passed = repeats / decay;
  return -decay * Math.expm1(-passed) - repeats * Math.exp(-passed);
}

/**
 * Muennighoff et al. (arXiv 2305.16264) print R_D* = 15.4 with R_N* = 5.3, but their 182 runs do not identify
 * them: at R_D* = 6.5, 95 and without end, with R_N* the best for each, the objective is within 1.3 % of
 * theirs, and a bootstrap gives R_D* a 95 % interval of 6.5 to 6e9 (measured here). So the answer is given
 * over the range. What one of the two takes the other gives: where repeats are worth more, parameters beyond
 * the deserved are worth less.
 */
export const REPETITIONS: readonly Repetition[] = [
  { tokens: 6.5, parameters: 12.6 },
  PUBLISHED_REPETITION,
  { tokens: 95.4, parameters: 1.71 },
  { tokens: Infinity, parameters: 0.741 },
];

/** Repeats that cost next to nothing: up to 4 epochs (Muennighoff et al.). */
export const NEARLY_FREE_EPOCHS = 4;

/** log of what an amount is worth: `unique` in full, what exceeds it with falling value. */
function effectiveLog(logAmount: number, logUnique: number, decay: number): number {
  if (logAmount <= logUnique) return logAmount;
  return logUnique + Math.log(effectiveRatio(Math.exp(logAmount - logUnique), decay));
}

/**
 * The surface when only so many tokens are distinct. Up to them, and up to the size that they deserve (that
 * of the optimum that would train on them once), it is the old one.
 */
export function limitedSurface(
  surface: LossOverND,
  uniqueTokens: number,
  repetition: Repetition,
): LossOverND {
  const logTokens = Math.log(uniqueTokens);
  const logND = logNDAtTokens(surface, logTokens);
  const logSize = logND === Infinity ? Infinity : logND - logTokens;
  return (logN, logD) =>
    surface(
      effectiveLog(logN, logSize, repetition.parameters),
      effectiveLog(logD, logTokens, repetition.tokens),
    );
}

/** A law that knows nothing of repeats, with what they are taken to be worth. */
export function withRepetition(surface: LossSurface, repetition: Repetition): LossSurface {
  return (uniqueTokens) =>
    uniqueTokens === undefined ? surface() : limitedSurface(surface(), uniqueTokens, repetition);
}

/** The optimum of a budget when so many tokens are distinct, and what their repetition costs. */
export function repeatedOptimum(surface: LossSurface, logND: number, uniqueTokens: number) {
  const [free, limited] = [pointOf(surface(), logND), pointOf(surface(uniqueTokens), logND)];
  return {
    ...limited,
    epochs: limited.d / uniqueTokens,
    /** Passes that the optimum would make if all of them were fresh. */
    wantedEpochs: free.d / uniqueTokens,
    lossToRepetitionPercent: Math.max(0, 100 * (limited.loss / free.loss - 1)),
  };
}

/** What a budget meets first: its own end, repeats that cost little, or repeats that cost. */
export type Bound = "compute" | "repeats" | "data";

/** What binds, from the tokens that the optimum wants over the distinct ones. */
export function boundAt(wantedEpochs: number): Bound {
  if (wantedEpochs <= 1) return "compute";
  return wantedEpochs <= NEARLY_FREE_EPOCHS ? "repeats" : "data";
}

/** Passes after which one is worth a hundredth of the first: the slope is e^(-(passes - 1) / R_D*). */
export function epochsUntilWorthless({ tokens }: Repetition): number {
  return 1 + tokens * Math.log(100);
}

/** log(N D) at which the optimum trains on this many tokens; Infinity where it never does. */
export function logNDAtTokens(surface: LossOverND, logTokens: number): number {
  if (logTokens === Infinity) return Infinity;
  return crossing((logND) => optimumOn(surface, logND).logD - logTokens, logTokens, MOST_LOG_ND) ?? Infinity;
}

/** 10^60: beyond any budget. */
const MOST_LOG_ND = Math.log(1e60);

/** FLOPs from which the optimum wants more than so many tokens. */
export function computeThatWants(
  surface: LossOverND,
  flopsPerParameterToken: number,
  tokens: number,
): number {
  return flopsPerParameterToken * Math.exp(logNDAtTokens(surface, Math.log(tokens)));
}
