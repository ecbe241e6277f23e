/** @file What a study holds of runs not yet made: how their losses and an answer vary together. */

import type { Design } from "../../law/law.ts";
import { type Posterior, termsOf } from "../../law/posterior.ts";
import { distancesOf, scatterVariance, TAIL_VARIANCE } from "../../law/predict.ts";
import { logLossAt, placeOf, type Reads } from "../../law/terms.ts";
import { meanOf } from "../forecast/forecast.ts";
import { type LadderRung, likelihoodPower } from "../forecast/model.ts";
import type { Covariance } from "./information.ts";
import { type Level, levelGiven } from "./level.ts";

export type Prospect = {
  /** Of the answer, variable 0, and of the log loss at each design without the scatter of the run itself. */
  readonly covariance: Covariance;
  /** Variance of measuring each variable; of the answer that of its own scatter, 0 where it is no run. */
  readonly noise: readonly number[];
};

/**
 * `answers`: one for each draw of each law, in their order; draws without a finite one are left out. Null:
 * the answer is one more run of the first design. Between draws losses vary with the law; within one with the
 * level that drifts, given the rungs, at the mean scatter and drift.
 */
export function prospectOf(
  posterior: Posterior,
  rungs: readonly LadderRung[],
  designs: readonly Design[],
  answers: readonly number[] | null,
): Prospect {
  const scatter = scatterAlong(posterior);
  const level = levelGiven(
    rungs.map(({ design, losses }) => ({
      place: Math.log10(design.c),
      variance: scatter(design) / losses.length,
    })),
    designs.map(({ c }) => Math.log10(c)),
    meanOf(posterior, "drift"),
  );
  const losses = lossesByDraw(posterior, rungs, designs, level);
  const variables = answers === null ? losses : [answers, ...losses];
  const offset = variables.length - designs.length;
  const between = covarianceOf(variables, weightsOf(posterior, answers));
  const dimension = variables.length;
  for (let a = offset; a < dimension; a++)
    for (let b = offset; b < dimension; b++)
      between[a * dimension + b]! += level.covariance[(a - offset) * designs.length + (b - offset)]!;
  // A further run of a large table counts as little as each of its runs does.
  const noiseVariances = designs.map((design) => scatter(design) / likelihoodPower(rungs.length));
  return {
    covariance: { dimension, values: between },
    noise: answers === null ? [scatter(designs[0]!), ...noiseVariances.slice(1)] : [0, ...noiseVariances],
  };
}

/** Mean variance of a run's scatter at a design. */
function scatterAlong({ laws, largestCompute }: Posterior): (design: Design) => number {
  return (design) => {
    const distances = distancesOf(design, largestCompute);
    let sum = 0;
    for (const { weight, draws } of laws) {
      draws.weight.forEach((own, i) => {
        const [scatter, scatterOff, scatterBelow] = [
          draws.scatter[i]!,
          draws.scatterOff[i]!,
          draws.scatterBelow[i]!,
        ];
        sum += weight * own * scatterVariance({ scatter, scatterOff, scatterBelow }, distances);
      });
    }
    return TAIL_VARIANCE * sum;
  };
}

/** Log loss at each design by each draw: its law, and the level that its residuals put there. */
function lossesByDraw(
  { laws }: Posterior,
  rungs: readonly LadderRung[],
  designs: readonly Design[],
  { weights }: Level,
): readonly (readonly number[])[] {
  const placesFor = (all: readonly Design[]) => {
    const by = (reads: Reads) => all.map((design) => placeOf(design, reads));
    return { "size and data": by("size and data"), compute: by("compute") };
  };
  const [seen, unseen] = [placesFor(rungs.map(({ design }) => design)), placesFor(designs)];
  const losses: number[][] = designs.map(() => []);
  for (const law of laws) {
    for (let i = 0; i < law.draws.weight.length; i++) {
      const terms = termsOf(law, i);
      const residuals = rungs.map(({ logLoss }, r) => logLoss - logLossAt(terms, seen[law.reads][r]!));
      designs.forEach((_, d) => {
        let loss = logLossAt(terms, unseen[law.reads][d]!);
        for (let r = 0; r < residuals.length; r++) loss += weights[d * residuals.length + r]! * residuals[r]!;
        losses[d]!.push(loss);
      });
    }
  }
  return losses;
}

/** Weights of all draws of all laws, 0 where the answer is not finite; they add up to 1. */
function weightsOf({ laws }: Posterior, answers: readonly number[] | null): readonly number[] {
  const all = laws.flatMap(({ weight, draws }) => draws.weight.map((own) => weight * own));
  const finite = all.map((weight, i) => (Number.isFinite(answers?.[i] ?? 0) ? weight : 0));
  const total = finite.reduce((sum, weight) => sum + weight, 0);
  return finite.map((weight) => weight / total);
}

/** Weighted covariance of variables, row by row. */
function covarianceOf(variables: readonly (readonly number[])[], weights: readonly number[]): Float64Array {
  const centred = variables.map((values) => {
    const used = values.map((value, i) => (weights[i] === 0 ? 0 : value));
    const centre = used.reduce((sum, value, i) => sum + weights[i]! * value, 0);
    return Float64Array.from(used, (value, i) => Math.sqrt(weights[i]!) * (value - centre));
  });
  const size = variables.length;
  const covariance = new Float64Array(size * size);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += centred[a]![i]! * centred[b]![i]!;
      covariance[a * size + b] = sum;
      covariance[b * size + a] = sum;
    }
  }
  return covariance;
}
