/** @file The data-limited allocation: bound by compute or by data, from which scale, and at what price? */

import type { LossOverND, LossSurface } from "../../law/optimum.ts";
import {
  type Bound,
  computeThatWants,
  NEARLY_FREE_EPOCHS,
  REPETITIONS,
  type Repetition,
  repeatedOptimum,
  withRepetition,
} from "../../law/repeats.ts";
import { logNDOf, type ScalingLaw, surfacesOf } from "../../law/scaling-law.ts";
import { type Interval, intervalAround, intervalsAround } from "../../math/interval.ts";
import { formatFlops, formatInterval } from "../../units/print.ts";

/** The same budget with repeats. */
export type DataLimit = {
  readonly uniqueTokens: number;
  readonly boundBy: Bound;
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
    const at = (surface: LossOverND) =>
      computeThatWants(surface, law.flopsPerParameterToken, epochs * uniqueTokens);
    return intervalAround(at(best), draws.map(at));
  };
  const [repeatsFrom, boundFrom] = [fromEpochs(1), fromEpochs(NEARLY_FREE_EPOCHS)];
  const repetitions = law.knowsRepeats ? [null] : REPETITIONS;
  return {
    uniqueTokens,
    ...boundBy(compute, repeatsFrom, boundFrom),
    repeatsFrom,
    boundFrom,
    answers: repetitions.map((repetition) => answerOf(law, compute, uniqueTokens, repetition)),
  };
}

function answerOf(
  law: ScalingLaw,
  compute: number,
  uniqueTokens: number,
  repetition: Repetition | null,
): RepeatedAnswer {
  const logND = logNDOf(law, compute);
  const answer = (surface: LossSurface) =>
    repeatedOptimum(repetition ? withRepetition(surface, repetition) : surface, logND, uniqueTokens);
  const { n, d, epochs, lossToRepetitionPercent } = intervalsAround(answer(law.best), law.draws.map(answer));
  return { repetition, n, d, epochs, lossToRepetitionPercent };
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
