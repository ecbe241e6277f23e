/** @file What a ladder says about its trend: every combination of exponent, floor, seed noise and drift, weighed by the data. */

import type { Design, Run } from "../../law/law.ts";
import { mean } from "../../math/statistics.ts";
import { type Covariance, covarianceOf, kriging, misfit } from "./covariance.ts";
import type { Part } from "./mixture.ts";
import { driftPrior, floorSharePrior, nodesOf, PRIORS } from "./prior.ts";
import type { Shape, Trend } from "./trend.ts";

// The model, in log loss, over x = log10(compute):
//   y_i = level + logRatio(design_i; exponent, floorShare) + drift(x_i) + noise_i
// with noise ~ N(0, seedNoise^2) and drift a random walk in x (variance drift^2 per decade). The walk says that real ladders
// leave every formula slowly: rungs near the top then count more than rungs far below, and uncertainty grows with the reach.
// The level has a flat prior and is integrated out exactly (universal kriging: Cressie 1993, section 3.4).

/** One combination and what it predicts from: `weight` over all combinations of all trends of a ladder adds up to 1. */
type State = {
  readonly trend: Trend;
  readonly shape: Shape;
  readonly residuals: Float64Array;
  readonly covariance: Covariance;
  weight: number;
};

/** What to predict: under one trend alone, or a run whose seed noise is not that of the rungs. */
export type Aspect = { readonly trendName?: string; readonly noiseFactor?: number };

/** A ladder's posterior. `predict` gives the log loss of one more run of that design, its own seed noise included. */
export type Posterior = {
  readonly anchor: Design;
  readonly trendWeights: ReadonlyMap<string, number>;
  /** Posterior means, in log loss; drift per square root of a decade. */
  readonly seedNoise: number;
  readonly drift: number;
  readonly predict: (design: Design, aspect?: Aspect) => readonly Part[];
};

/**
 * States below this share of the best one's weight are dropped. On simulated ladders (6 rungs of 3, seed noise 0.2 to 2 %) they were 97 % of
 * the states and held less than 0.1 % of the weight.
 */
const NEGLIGIBLE = 1e-4;

/** A rung: runs of the same design, as the mean of their log losses. */
type Rung = Design & { readonly logLoss: number; readonly numRuns: number; readonly scatter: number };

/** Runs by design, smallest compute first. */
function rungsOf(runs: readonly Run[]): readonly Rung[] {
  const groups = Map.groupBy(runs, ({ n, d, c }) => `${n} ${d} ${c}`);
  const rungs = [...groups.values()].map((group): Rung => {
    const { n, d, c } = group[0]!;
    const logs = group.map((run) => Math.log(run.loss));
    const logLoss = mean(logs);
    return {
      n,
      d,
      c,
      logLoss,
      numRuns: logs.length,
      scatter: logs.reduce((sum, y) => sum + (y - logLoss) ** 2, 0),
    };
  });
  return rungs.sort((a, b) => a.c - b.c);
}

function statesOf(trend: Trend, rungs: readonly Rung[], covariances: readonly Covariance[]): State[] {
  const anchor = rungs.at(-1)!;
  const states: State[] = [];
  for (const floor of nodesOf(floorSharePrior(anchor.c))) {
    for (const exponent of nodesOf(PRIORS.exponent)) {
      const shape = { exponent: exponent.value, floorShare: floor.value };
      const residuals = Float64Array.from(
        rungs,
        (rung) => rung.logLoss - anchor.logLoss - trend.logRatio(rung, anchor, shape),
      );
      for (const covariance of covariances) {
        const logWeight = exponent.logWeight + floor.logWeight + covariance.logWeight;
        const weight = logWeight - misfit(covariance, residuals) / 2;
        states.push({ trend, shape, residuals, covariance, weight });
      }
    }
  }
  return states;
}

/** Turns log weights into weights that add up to 1, and drops what is negligible. */
function normalised(states: State[]): State[] {
  const best = states.reduce((most, state) => Math.max(most, state.weight), -Infinity);
  const kept = states.filter((state) => state.weight > best + Math.log(NEGLIGIBLE));
  let total = 0;
  for (const state of kept) total += state.weight = Math.exp(state.weight - best);
  for (const state of kept) state.weight /= total;
  return kept;
}

/** Weighs every combination against the ladder's runs. */
export function posteriorOf(runs: readonly Run[], trends: readonly Trend[]): Posterior {
  const rungs = rungsOf(runs);
  const anchor = rungs.at(-1)!;
  const lowest = rungs[0]!.c;
  const decades = rungs.map((rung) => Math.log10(rung.c / lowest));
  const numRuns = rungs.map((rung) => rung.numRuns);
  const scatter = rungs.reduce((sum, rung) => sum + rung.scatter, 0);
  const covariances = nodesOf(PRIORS.seedNoise).flatMap((noise) =>
    nodesOf(driftPrior(anchor.c)).map((drift) => covarianceOf({ decades, numRuns, scatter }, noise, drift)),
  );
  const states = normalised(trends.flatMap((trend) => statesOf(trend, rungs, covariances)));
  const average = (value: (state: State) => number) =>
    states.reduce((sum, s) => sum + s.weight * value(s), 0);
  return {
    anchor,
    trendWeights: new Map(
      trends.map((trend) => [trend.name, average((state) => (state.trend === trend ? 1 : 0))]),
    ),
    seedNoise: average((state) => state.covariance.seedNoise),
    drift: average((state) => state.covariance.drift),
    predict(design, { trendName, noiseFactor = 1 } = {}) {
      // Below the ladder the walk would need a start of its own; the level at the lowest rung stands in.
      const place = Math.max(0, Math.log10(design.c / lowest));
      const carried = new Map(
        covariances.map((covariance) => [covariance, kriging(covariance, decades, place, noiseFactor)]),
      );
      return states
        .filter((state) => trendName === undefined || state.trend.name === trendName)
        .map((state) => {
          const { weights, sd } = carried.get(state.covariance)!;
          let middle = anchor.logLoss + state.trend.logRatio(design, anchor, state.shape);
          for (let i = 0; i < weights.length; i++) middle += weights[i]! * state.residuals[i]!;
          return { weight: state.weight, mean: middle, sd };
        });
    },
  };
}
