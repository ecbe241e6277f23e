/** @file The model of a table: a law, a drifting level, scatter. Weighted draws, in any order of rows. */

import type { Design, Run } from "../../law/law.ts";
import type { DrawColumns } from "../../law/posterior.ts";
import { distancesOf, scatterVariance } from "../../law/predict.ts";
import { logLossAt, OPTIMAL_RATIO, type Place, placeOf, type Terms } from "../../law/terms.ts";
import { peakOf, weightedDraws } from "../../math/importance.ts";
import { type CandidateLaw, isOneRecipe } from "./candidate-laws.ts";
import { localLevel } from "./local-level.ts";
import { type PriorName, priorAt, valueAt } from "./priors.ts";

// In log loss: y = law(design) + level(x) + scatter, x = log10 C. The level walks at random, so real tables
// may leave every formula slowly: runs near the top count more than runs far below, and uncertainty grows
// with the decades ahead.

/** Runs of one design: the mean of their log losses, and how they scatter about it. */
export type LadderRung = {
  readonly design: Design;
  readonly losses: readonly number[];
  readonly logLoss: number;
  /** Sum of squared distances to the mean. */
  readonly squares: number;
};

/** Runs by design, smallest compute first, in one order whatever the order of the rows. */
export function rungsOf(runs: readonly Run[]): readonly LadderRung[] {
  const groups = Map.groupBy(runs, ({ n, d, c, unique, experts }) => [n, d, c, unique, experts].join());
  const rungs = [...groups.values()].map((group): LadderRung => {
    const { n, d, c, unique, experts } = group[0]!;
    const losses = group.map(({ loss }) => loss).sort((a, b) => a - b);
    const logs = losses.map(Math.log);
    const logLoss = logs.reduce((sum, y) => sum + y, 0) / logs.length;
    return {
      design: {
        n,
        d,
        c,
        ...(unique === undefined ? {} : { unique }),
        ...(experts === undefined ? {} : { experts }),
      },
      losses,
      logLoss,
      squares: logs.reduce((sum, y) => sum + (y - logLoss) ** 2, 0),
    };
  });
  return rungs.sort(
    ({ design: a }, { design: b }) =>
      a.c - b.c || a.n - b.n || (a.unique ?? a.d) - (b.unique ?? b.d) || (a.experts ?? 1) - (b.experts ?? 1),
  );
}

/**
 * How many designs' worth of likelihood a table can have at most. Designs of one table share the ways in
 * which every formula fails them, so the likelihood that compares n of them is raised to the power 14 / n
 * beyond 14: a coarsened posterior (Miller and Dunson 2019), exact for a ladder. Without it the intervals of
 * a hundred runs held 30 to 70 % of larger ones (docs/log.md). What seeds of one design say of the scatter is
 * no law's doing, and counts in full.
 */
const EFFECTIVE_DESIGNS = 14;

/** The power to which the likelihood of so many designs counts. */
export const likelihoodPower = (numDesigns: number) => Math.min(1, EFFECTIVE_DESIGNS / numDesigns);

/** Degrees of freedom of the scatter between designs: a stray one counts less; and rounds of weighing. */
const DEGREES = 4;
const NUM_ROUNDS = 3;

const NOISE: readonly PriorName[] = ["scatter", "scatterOff", "scatterBelow", "drift"];

/** The middle of the designs within a decade of the largest: the unknowns are nearly independent there. */
function anchorOf(rungs: readonly LadderRung[]): Design {
  const top = rungs.at(-1)!.design.c;
  const near = rungs.filter(({ design }) => design.c >= top / 10);
  const middle = (of: (design: Design) => number) =>
    Math.exp(near.reduce((sum, { design }) => sum + Math.log(of(design)), 0) / near.length);
  return { n: middle(({ n }) => n), d: middle(({ d }) => d), c: middle(({ c }) => c) };
}

/** Weighted draws of the law, its level, the scatter and the drift, given the rungs. Deterministic. */
export function drawsGiven(
  candidate: CandidateLaw,
  rungs: readonly LadderRung[],
  numDraws: number,
): DrawColumns {
  const model = modelOf(candidate, rungs);
  const density = (z: Float64Array) => model.logDensity(z);
  let peak = new Float64Array(model.dimension);
  for (let round = 0; round < NUM_ROUNDS; round++) {
    peak = Float64Array.from(peakOf(density, peak));
    model.downweightOutliers(peak);
  }
  const { points, weights } = weightedDraws(density, peakOf(density, peak), numDraws);
  const kept = points.flatMap((point, i) =>
    weights[i]! > NEGLIGIBLE / numDraws ? [{ weight: weights[i]!, ...model.stateAt(point) }] : [],
  );
  return columnsOf(kept, model.anchor, candidate.reads === "compute");
}

/** Draws of less than this share of the average weight are dropped. */
const NEGLIGIBLE = 1e-3;

type State = {
  readonly terms: Terms;
  readonly level: number;
  readonly levelVariance: number;
  readonly scatter: number;
  readonly scatterOff: number;
  readonly scatterBelow: number;
  readonly drift: number;
};

/** The density over standardised unknowns z, and what they stand for. */
function modelOf(candidate: CandidateLaw, rungs: readonly LadderRung[]) {
  const anchor = anchorOf(rungs);
  const top = rungs.at(-1)!.design.c;
  const context = { topCompute: top, ratio: anchor.d / anchor.n / OPTIMAL_RATIO };
  // Along one ratio nothing tells how scatter grows away from the valley, and nothing needs it.
  const oneRecipe = isOneRecipe(rungs.map(({ design }) => design));
  const noiseNames = oneRecipe ? NOISE.filter((name) => name !== "scatterOff") : NOISE;
  const priors = [...candidate.unknowns, ...noiseNames].map((name) => priorAt(name, context));
  const numUnknowns = candidate.unknowns.length;
  const places = rungs.map(
    ({ design }): Place => relative(placeOf(design, candidate.reads), placeOf(anchor, candidate.reads)),
  );
  const distances = rungs.map(({ design }) => distancesOf(design, top));
  const decades = Float64Array.from(rungs, ({ design }) => Math.log10(design.c));
  const weights = new Float64Array(rungs.length).fill(1);
  const residuals = new Float64Array(rungs.length);
  const variances = new Float64Array(rungs.length);
  const values = new Float64Array(priors.length);
  const power = likelihoodPower(rungs.length);

  const filter = (z: Float64Array, innovations?: Float64Array) => {
    for (let j = 0; j < priors.length; j++) values[j] = valueAt(priors[j]!, z[j]!);
    const terms = candidate.terms(values);
    const noise = noiseOf(values.subarray(numUnknowns));
    let within = 0;
    for (let i = 0; i < rungs.length; i++) {
      const { logLoss, squares, losses } = rungs[i]!;
      const variance = scatterVariance(noise, distances[i]!);
      residuals[i] = logLoss - logLossAt(terms, places[i]!);
      variances[i] = variance / losses.length / weights[i]!;
      if (losses.length > 1) within -= ((losses.length - 1) * Math.log(variance) + squares / variance) / 2;
    }
    return { ...localLevel(residuals, decades, variances, noise.drift, innovations), within, terms };
  };
  return {
    anchor,
    dimension: priors.length,
    logDensity(z: Float64Array): number {
      let prior = 0;
      for (let j = 0; j < z.length; j++) prior -= z[j]! ** 2 / 2;
      const { logLikelihood, within } = filter(z);
      return prior + power * logLikelihood + within;
    },
    downweightOutliers(z: Float64Array): void {
      const innovations = new Float64Array(rungs.length);
      filter(z, innovations);
      weights.set(innovations.map((e) => (DEGREES + 1) / (DEGREES + e * e)));
    },
    stateAt(z: Float64Array): State {
      const { level, variance, terms } = filter(z);
      return { terms, level, levelVariance: variance, ...noiseOf(values.subarray(numUnknowns)) };
    },
  };
}

/** The values of `NOISE` by name; three of them are a single recipe's, whose scatter grows on no side. */
function noiseOf(values: Float64Array) {
  const hasOff = values.length === NOISE.length;
  return {
    scatter: values[0]!,
    scatterOff: hasOff ? values[1]! : 0,
    scatterBelow: hasOff ? values[2]! : values[1]!,
    drift: values.at(-1)!,
  };
}

function relative(place: Place, anchor: Place): Place {
  return { ...place, x: place.x - anchor.x, y: place.y - anchor.y };
}

/** Digits kept: far more than the draws are worth, and a file of them stays readable. */
const round = (value: number) => Number(value.toPrecision(8));

/** States as columns, with terms in the units of the runs. */
function columnsOf(
  states: readonly (State & { readonly weight: number })[],
  anchor: Design,
  readsCompute: boolean,
): DrawColumns {
  const total = states.reduce((sum, { weight }) => sum + weight, 0);
  const [x, y] = [Math.log(readsCompute ? anchor.c : anchor.n), Math.log(anchor.d)];
  const column = (of: (state: State & { readonly weight: number }) => number) =>
    states.map((s) => round(of(s)));
  const { terms: first } = states[0]!;
  return {
    weight: column(({ weight }) => weight / total),
    floor: column(({ terms, level }) => terms.floor * Math.exp(level)),
    a: column(({ terms, level }) => terms.a * Math.exp(level / terms.gamma + terms.alpha * x)),
    alpha: column(({ terms }) => terms.alpha),
    b: column(({ terms, level }) => terms.b * Math.exp(level / terms.gamma + terms.beta * y)),
    beta: column(({ terms }) => terms.beta),
    gamma: column(({ terms }) => terms.gamma),
    ...(first.dataDecay === undefined
      ? {}
      : {
          dataDecay: column(({ terms }) => terms.dataDecay!),
          sizeDecay: column(({ terms }) => terms.sizeDecay!),
        }),
    ...(first.gain === undefined
      ? {}
      : {
          gain: column(({ terms }) => terms.gain! + terms.gainLost! * x),
          gainLost: column(({ terms }) => terms.gainLost!),
        }),
    levelVariance: column(({ levelVariance }) => levelVariance),
    drift: column(({ drift }) => drift),
    scatter: column(({ scatter }) => scatter),
    scatterOff: column(({ scatterOff }) => scatterOff),
    scatterBelow: column(({ scatterBelow }) => scatterBelow),
  };
}
