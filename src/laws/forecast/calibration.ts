/** @file How far to trust laws, learnt from cuts: a weight for each, and one factor on their intervals. */

import { averaged, partsOf } from "../../law/predict.ts";
import { momentsOf, type Part } from "../../math/mixture.ts";
import { mean } from "../../math/statistics.ts";
import type { CandidateLaw } from "./candidate-laws.ts";
import { drawsGiven, type LadderRung } from "./model.ts";
import { leastBelow } from "./suitable.ts";

/** What every law, given the rungs up to `cut`, predicted of each rung above it. */
export type CutStudy = {
  /** Largest compute seen, in FLOPs. */
  readonly cut: number;
  readonly below: readonly LadderRung[];
  readonly above: readonly HeldOutForecast[];
};

/** A rung and one distribution of its log loss for each law. */
export type HeldOutForecast = { readonly rung: LadderRung; readonly predicted: readonly (readonly Part[])[] };

export type Calibration = {
  /** One for each law; they add up to 1. */
  readonly weights: readonly number[];
  /** Factor on the width of the averaged interval. */
  readonly widening: number;
  readonly numCuts: number;
};

/** Decades of compute between cuts. */
const STEP = 0.25;
/** Decades that the rungs below a cut have to span: less says nothing of a slope. */
export const LEAST_SPAN = 0.6;
/** Draws for a cut; a forecast itself has more. */
const NUM_DRAWS = 512;

/** Cuts that leave enough designs below, lowest first. */
export function cutsOf(rungs: readonly LadderRung[]): readonly number[] {
  const designs = rungs.map(({ design }) => design);
  const computes = designs.map(({ c }) => c);
  const [lowest, top] = [computes[0]!, computes.at(-1)!];
  const cuts = new Set<number>();
  for (let place = Math.log10(top) - STEP; place > Math.log10(lowest) + LEAST_SPAN; place -= STEP) {
    // A hair above the place, so that runs of exactly a tenth of the top's compute count as a tenth.
    const below = computes.filter((c) => c <= 1.0001 * 10 ** place);
    if (below.length >= leastBelow(designs)) cuts.add(below.at(-1)!);
  }
  return [...cuts].sort((a, b) => a - b);
}

/** The back-test of rungs on themselves: every cut through them up to a compute. */
export function studyCuts(
  rungs: readonly LadderRung[],
  candidates: readonly CandidateLaw[],
  highest = Infinity,
): readonly CutStudy[] {
  return cutsOf(rungs)
    .filter((cut) => cut <= highest)
    .map((cut) => studyCut(rungs, candidates, cut));
}

/** Fits every law below one cut and predicts the rungs above. */
export function studyCut(
  rungs: readonly LadderRung[],
  candidates: readonly CandidateLaw[],
  cut: number,
): CutStudy {
  const below = rungs.filter(({ design }) => design.c <= cut);
  const laws = candidates.map((candidate) => ({
    ...candidate,
    draws: drawsGiven(candidate, below, NUM_DRAWS),
  }));
  return {
    cut,
    below,
    above: rungs
      .filter(({ design }) => design.c > cut)
      .map((rung) => ({ rung, predicted: laws.map((law) => partsOf(law, cut, rung.design)) })),
  };
}

/** Worst log density that a run may bring against a law: a stray one must not decide between laws. */
const LEAST_LOG_DENSITY = -3;
/**
 * Squared errors over the laws' own variance, held before a table has shown any: how large, how many cuts
 * that is worth, and the most that one error counts. Over 12 public tables and 190 short ladders the laws
 * alone were a tenth too wide (docs/log.md), so intervals are narrowed; slowly and tamely, lest a single run
 * move them far. Where errors are much larger than promised the interval widens at once.
 */
const NARROWING = { squared: 0.75, cuts: 15, most: 4 };
const WIDENING = { squared: 0.3, cuts: 1, most: 16 };

/**
 * What the studies say of the laws when rungs up to `limit` FLOPs are known. Nothing beyond the limit is
 * looked at, so the calibration of a back-test at `limit` is nested. Rungs above one cut share that cut's
 * luck: they count as one.
 */
export function calibrate(
  studies: readonly CutStudy[],
  candidates: readonly CandidateLaw[],
  limit: number,
): Calibration {
  const known = studies
    .map(({ cut, above }) => above.filter(({ rung }) => cut < limit && rung.design.c <= limit))
    .filter((above) => above.length > 0);
  const scores = candidates.map((_, k) =>
    known.reduce((sum, above) => sum + mean(above.map((one) => scoreOf(one, k))), 0),
  );
  const best = Math.max(...scores);
  const raw = scores.map((score) => Math.exp(score - best));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  const weights = raw.map((weight) => weight / total);
  const ratio = ({ squared, cuts, most }: typeof NARROWING) => {
    const shown = known.map((above) => mean(above.map((one) => squaredError(one, weights, most))));
    return (cuts * squared + shown.reduce((sum, value) => sum + value, 0)) / (cuts + shown.length);
  };
  const widening = Math.sqrt(Math.max(ratio(NARROWING), ratio(WIDENING)));
  return { weights, widening, numCuts: known.length };
}

/** Mean log density of the rung's runs under one law. */
function scoreOf({ rung, predicted }: HeldOutForecast, k: number): number {
  return mean(
    rung.losses.map((loss) => {
      let density = 0;
      for (const { weight, mean: middle, sd } of predicted[k]!) {
        density += (weight * Math.exp(-(((Math.log(loss) - middle) / sd) ** 2) / 2)) / sd;
      }
      return Math.max(LEAST_LOG_DENSITY, Math.log(density));
    }),
  );
}

/** Mean squared error of the rung's runs in standard deviations of the averaged forecast. */
function squaredError(
  { rung, predicted }: HeldOutForecast,
  weights: readonly number[],
  mostSquared: number,
): number {
  const { mean: centre, sd } = momentsOf(averaged(predicted, weights));
  return mean(rung.losses.map((loss) => Math.min(mostSquared, ((Math.log(loss) - centre) / sd) ** 2)));
}
