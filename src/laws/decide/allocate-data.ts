/** @file The data-limited allocation: bound by compute or by data, from which scale, and at what price? */

import { estimate, estimates } from "../../law/estimate.ts";
import { type LossSurface, optimumOn, type SplitLoss } from "../../law/optimum.ts";
import {
  limitedSurface,
  NEARLY_FREE_EPOCHS,
  pairsAtTokens,
  REPETITIONS,
  type Repetition,
  stockOf,
} from "../../law/repeats.ts";
import { logPairsOf, type ScalingLaw, surfacesOf } from "../../law/scaling-law.ts";
import type { Interval } from "../../math/interval.ts";
import { formatFlops, formatInterval } from "../../units/print.ts";

/** The same budget with repeats. */
export type DataLimit = {
  readonly uniqueTokens: number;
  readonly boundBy: "compute" | "repeats" | "data";
  readonly reason: string;
  /** Compute from which the optimum wants more than the unique tokens, and more than four times them. */
  readonly repeatsFrom: Interval;
  readonly boundFrom: Interval;
  readonly answers: readonly RepeatedAnswer[];
};

/** The optimum under one assumption of what repeats are worth. */
export type RepeatedAnswer = {
  /** Null: what the law itself says. */
  readonly repetition: Repetition | null;
  readonly n: Interval;
  readonly d: Interval;
  readonly epochs: Interval;
  /** Over the optimum with unlimited unique tokens. */
  readonly lossToRepetitionPercent: Interval;
};

/** The answer at `compute` when `uniqueTokens` are on hand. */
export function dataLimitOf(law: ScalingLaw, compute: number, uniqueTokens: number): DataLimit {
  const { best, draws } = surfacesOf(law);
  const fromEpochs = (epochs: number) => {
    const at = (surface: SplitLoss) =>
      law.flopsPerPair * Math.exp(pairsAtTokens(surface, Math.log(epochs * uniqueTokens)));
    return estimate(at(best), draws.map(at));
  };
  const [repeatsFrom, boundFrom] = [fromEpochs(1), fromEpochs(NEARLY_FREE_EPOCHS)];
  return {
    uniqueTokens,
    ...boundBy(compute, repeatsFrom, boundFrom),
    repeatsFrom,
    boundFrom,
    answers: law.knowsRepeats
      ? [ownAnswer(law, compute, uniqueTokens)]
      : publishedAnswers(law, compute, uniqueTokens),
  };
}

/** For a law that says itself what repeats are worth. */
function ownAnswer(law: ScalingLaw, compute: number, uniqueTokens: number): RepeatedAnswer {
  const pairOf = (surface: LossSurface): Pair => ({ free: surface(), limited: surface(uniqueTokens) });
  return answerFrom(law, compute, uniqueTokens, null, pairOf(law.best), law.draws.map(pairOf));
}

/** For a law of fresh data: over what published runs leave open. */
function publishedAnswers(law: ScalingLaw, compute: number, uniqueTokens: number): RepeatedAnswer[] {
  const { best, draws } = surfacesOf(law);
  const stocked = [best, ...draws].map((free) => ({ free, stock: stockOf(free, uniqueTokens) }));
  return REPETITIONS.map((repetition) => {
    const [own, ...others] = stocked.map(
      ({ free, stock }): Pair => ({ free, limited: limitedSurface(free, stock, repetition) }),
    );
    return answerFrom(law, compute, uniqueTokens, repetition, own!, others);
  });
}

/** The same fit with unlimited and with limited unique tokens. */
type Pair = { readonly free: SplitLoss; readonly limited: SplitLoss };

function answerFrom(
  law: ScalingLaw,
  compute: number,
  uniqueTokens: number,
  repetition: Repetition | null,
  best: Pair,
  draws: readonly Pair[],
): RepeatedAnswer {
  const logPairs = logPairsOf(law, compute);
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
  return { repetition, ...estimates(answer(best), draws.map(answer)) };
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
