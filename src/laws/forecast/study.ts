/** @file Runs studied once: their posterior over laws, drift and scatter, calibrated on cuts. */

import type { Run } from "../../law/law.ts";
import type { Posterior } from "../../law/posterior.ts";
import { flopsPerParameterTokenOf } from "../../law/training-flops.ts";
import type { TableRun } from "../table/run-table.ts";
import { type CutStudy, calibrate, studyCuts } from "./calibration.ts";
import { type CandidateLaw, candidateLawsFor, isOneRecipe } from "./candidate-laws.ts";
import { drawsGiven, type LadderRung, rungsOf } from "./model.ts";
import { type Suitable, suitableRuns } from "./suitable.ts";

/** Runs studied once, those set aside told apart: the posterior over laws, drift and scatter. */
export type Study = Suitable & {
  readonly rungs: readonly LadderRung[];
  readonly candidates: readonly CandidateLaw[];
  readonly posterior: Posterior;
  /** What calibrated it, lowest cut first, and the weight of each law. */
  readonly cuts: readonly CutStudy[];
  readonly weights: readonly number[];
};

/** Draws of each law in a forecast. Twice as many move the ends of an interval by about 1 % of its width. */
const NUM_DRAWS = 512;
/** A law of less weight is left out. */
const LEAST_WEIGHT = 1e-4;

/** The posterior of these runs in whatever order. Throws a `UserError` where too few are of use. */
export function study(all: readonly TableRun[]): Study {
  const suitable = suitableRuns(all);
  return { ...suitable, ...calibrated(suitable.runs) };
}

/** The posterior of runs that were chosen already. Too few for a cut leave the candidates equal weights. */
export function posteriorOf(runs: readonly Run[]): Posterior {
  return calibrated(runs).posterior;
}

function calibrated(runs: readonly Run[]): Omit<Study, keyof Suitable> {
  const rungs = rungsOf(runs);
  const designs = rungs.map(({ design }) => design);
  const candidates = candidateLawsFor(designs);
  const cuts = studyCuts(rungs, candidates);
  const largestCompute = designs.at(-1)!.c;
  const { weights, widening } = calibrate(cuts, candidates, largestCompute);
  const kept = weights.reduce((sum, weight) => sum + (weight < LEAST_WEIGHT ? 0 : weight), 0);
  const laws = candidates.flatMap((candidate, k) => {
    if (weights[k]! < LEAST_WEIGHT) return [];
    const { name, formula, reads } = candidate;
    const draws = drawsGiven(candidate, rungs, NUM_DRAWS);
    return [{ name, formula, reads, weight: weights[k]! / kept, draws }];
  });
  const ratios = designs.map(({ n, d }) => d / n);
  const posterior: Posterior = {
    laws,
    widening,
    largestCompute,
    flopsPerParameterToken: flopsPerParameterTokenOf(designs),
    ratios: [Math.min(...ratios), Math.max(...ratios)],
    recipeRatio: isOneRecipe(designs) ? ratios.at(-1)! : null,
  };
  return { rungs, candidates, posterior, cuts, weights };
}
