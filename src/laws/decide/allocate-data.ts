/** @file The data-limited allocation: bound by compute or by data, from which scale, and at what price? */

import { estimate, estimates } from "../../law/estimate.ts";
import { dataConstrainedLaw } from "../../law/formulas/data-constrained.ts";
import { optimumOn, type SplitLoss, splitLossOf } from "../../law/optimum.ts";
import {
  limitedSurface,
  NEARLY_FREE_EPOCHS,
  pairsAtTokens,
  REPETITIONS,
  type Repetition,
  stockOf,
} from "../../law/repeats.ts";
import { logPairsOf, surfacesOf } from "../../law/scaling-law.ts";
import type { Interval } from "../../math/interval.ts";
import { formatFlops, formatInterval } from "../../units/print.ts";
import { fitTable } from "../fit/fit-table.ts";
import { REPEAT_DECAY } from "../fit/kept-epochs.ts";
import { checkTable } from "../table/checks.ts";
import type { RunTable } from "../table/table.ts";
import { type FittedLaw, wanderAt } from "./fitted.ts";

/** The same budget with repeats. */
export type DataLimit = {
  readonly uniqueTokens: number;
  readonly boundBy: "compute" | "repeats" | "data";
  readonly reason: string;
  /** Compute from which the optimum wants more than the unique tokens, and more than four times them. */
  readonly repeatsFrom: Interval;
  readonly boundFrom: Interval;
  readonly answers: readonly RepeatedAnswer[];
  /** R_D* of the data-constrained law on the same table, where its repeats pin it; else null. */
  readonly ownDecay: Interval | null;
};

/** The optimum under one belief of what repeats are worth. */
export type RepeatedAnswer = {
  /** Null: what the fitted law itself says. */
  readonly repetition: Repetition | null;
  readonly n: Interval;
  readonly d: Interval;
  readonly epochs: Interval;
  /** Over the optimum with unlimited unique tokens. */
  readonly lossToRepetitionPercent: Interval;
};

/** The answer at `compute` when `uniqueTokens` are on hand. */
export function dataLimitOf(fitted: FittedLaw, compute: number, uniqueTokens: number): DataLimit {
  const { best, draws } = surfacesOf(fitted);
  const fromEpochs = (epochs: number) => {
    const at = (surface: SplitLoss) =>
      fitted.flopsPerPair * Math.exp(pairsAtTokens(surface, Math.log(epochs * uniqueTokens)));
    const value = at(best);
    return estimate(value, draws.map(at), 4 * wanderAt(fitted, value).n);
  };
  const [repeatsFrom, boundFrom] = [fromEpochs(1), fromEpochs(NEARLY_FREE_EPOCHS)];
  return {
    uniqueTokens,
    ...boundBy(compute, repeatsFrom, boundFrom),
    repeatsFrom,
    boundFrom,
    answers: fitted.law.uses.includes("unique")
      ? [ownAnswer(fitted, compute, uniqueTokens)]
      : publishedAnswers(fitted, compute, uniqueTokens),
    ownDecay: fitted.repeating && decayOf(fitted.repeating),
  };
}

/** Enough for the two ends of an interval that is only named, not used. */
const NUM_RESAMPLES = 200;

function decayOf(table: RunTable): Interval | null {
  if (checkTable(table, dataConstrainedLaw).decision === "refuse") return null;
  const { parameters } = fitTable(table, dataConstrainedLaw, { numResamples: NUM_RESAMPLES });
  const { median, lo, hi, identified } = parameters[REPEAT_DECAY]!;
  return identified ? { median, lo, hi } : null;
}

/** For a law that says itself what repeats are worth. */
function ownAnswer(fitted: FittedLaw, compute: number, uniqueTokens: number): RepeatedAnswer {
  const { law, theta, draws, flopsPerPair } = fitted;
  const pairOf = (at: Float64Array): Pair => ({
    free: splitLossOf(law, at, flopsPerPair),
    limited: splitLossOf(law, at, flopsPerPair, uniqueTokens),
  });
  return answerFrom(fitted, compute, uniqueTokens, null, pairOf(theta), draws.map(pairOf));
}

/** For a law of fresh data: over what published runs leave open. */
function publishedAnswers(fitted: FittedLaw, compute: number, uniqueTokens: number): RepeatedAnswer[] {
  const { best, draws } = surfacesOf(fitted);
  const stocked = [best, ...draws].map((free) => ({ free, stock: stockOf(free, uniqueTokens) }));
  return REPETITIONS.map((repetition) => {
    const [own, ...others] = stocked.map(
      ({ free, stock }): Pair => ({ free, limited: limitedSurface(free, stock, repetition) }),
    );
    return answerFrom(fitted, compute, uniqueTokens, repetition, own!, others);
  });
}

/** The same fit with unlimited and with limited unique tokens. */
type Pair = { readonly free: SplitLoss; readonly limited: SplitLoss };

function answerFrom(
  fitted: FittedLaw,
  compute: number,
  uniqueTokens: number,
  repetition: Repetition | null,
  best: Pair,
  draws: readonly Pair[],
): RepeatedAnswer {
  const logPairs = logPairsOf(fitted, compute);
  const answer = ({ free, limited }: Pair) => {
    const optimum = optimumOn(limited, logPairs);
    return {
      n: Math.exp(optimum.logN),
      d: Math.exp(optimum.logD),
      epochs: Math.exp(optimum.logD) / uniqueTokens,
      lossToRepetitionPercent: Math.max(
        0,
        100 * Math.expm1(optimum.logLoss - optimumOn(free, logPairs).logLoss),
      ),
    };
  };
  const extra = wanderAt(fitted, compute).n;
  return {
    repetition,
    ...estimates(answer(best), draws.map(answer), { n: extra, d: extra, epochs: extra }),
  };
}

/** What a budget runs into first, from the compute at which its optimum wants more tokens than there are. */
export function boundBy(
  compute: number,
  repeatsFrom: Interval,
  boundFrom: Interval,
): Pick<DataLimit, "boundBy" | "reason"> {
  const range = (interval: Interval) => formatInterval(interval, formatFlops);
  const close = ({ lo, hi }: Interval) =>
    compute >= lo && compute <= hi ? "; the budget lies inside that interval, so this is not certain" : "";
  if (compute < repeatsFrom.median) {
    return {
      boundBy: "compute",
      reason: `bound by compute: the optimum needs every unique token only from ${range(repeatsFrom)} on${close(repeatsFrom)}`,
    };
  }
  if (compute < boundFrom.median) {
    return {
      boundBy: "repeats",
      reason: `repeats its data, up to ${NEARLY_FREE_EPOCHS} epochs, which costs little; bound by data from ${range(boundFrom)} on${close(boundFrom)}`,
    };
  }
  return {
    boundBy: "data",
    reason: `bound by data: the optimum has wanted more than ${NEARLY_FREE_EPOCHS} epochs since ${range(boundFrom)}${close(boundFrom)}`,
  };
}
