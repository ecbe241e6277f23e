/** @file What a ladder says about its trend: every combination of exponent, floor, seed noise and drift, weighed by the data. */

import type { Design, Run } from "./law.ts";
import type { Part } from "./mixture.ts";
import { type Node, nodesOf, PRIORS } from "./prior.ts";
import type { Trend } from "./trend.ts";

// The model, in log loss, over x = log10(compute):
//   y_i = level + logRatio(design_i; exponent, floorShare) + drift(x_i) + noise_i
// with noise ~ N(0, seedNoise^2) and drift a random walk in x (variance drift^2 per decade). The walk says that real ladders
// leave every formula slowly: rungs near the top then count more than rungs far below, and uncertainty grows with the reach.
// The level has a flat prior and is integrated out exactly (universal kriging: Cressie 1993, section 3.4).

/** One combination and what it predicts from: `weight` over all combinations of all trends of a ladder adds up to 1. */
type State = {
  readonly trend: Trend;
  readonly exponent: number;
  readonly floorShare: number;
  readonly residuals: Float64Array;
  readonly covariance: Covariance;
  weight: number;
};

/** Seed noise and drift, with what prediction needs of the covariance they imply. */
type Covariance = {
  readonly seedNoise: number;
  readonly drift: number;
  readonly inverse: Float64Array;
  /** Row sums of the inverse, and their sum: the weights of the level's estimate. */
  readonly rowSums: Float64Array;
  readonly total: number;
  readonly logWeight: number;
};

/** A ladder's posterior. `predict` gives the log loss of one more run of that design, its own seed noise included. */
export type Posterior = {
  readonly anchor: Run;
  readonly trendWeights: ReadonlyMap<string, number>;
  /** Posterior mean of the seed noise, in log loss. */
  readonly seedNoise: number;
  readonly drift: number;
  readonly exponent: number;
  readonly floorShare: number;
  readonly predict: (design: Design, trendName?: string) => readonly Part[];
};

/** States below this share of the best one are dropped: together they hold less than 1 % of the weight. */
const NEGLIGIBLE = 1e-4;

function invert(matrix: Float64Array, n: number): { inverse: Float64Array; logDeterminant: number } {
  // Gauss-Jordan without pivoting: the matrix is symmetric and positive definite, at most some 20 rows.
  const work = Float64Array.from(matrix);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  let logDeterminant = 0;
  for (let i = 0; i < n; i++) {
    const pivot = work[i * n + i]!;
    logDeterminant += Math.log(pivot);
    for (let j = 0; j < n; j++) {
      work[i * n + j]! /= pivot;
      inverse[i * n + j]! /= pivot;
    }
    for (let k = 0; k < n; k++) {
      const factor = work[k * n + i]!;
      if (k === i || factor === 0) continue;
      for (let j = 0; j < n; j++) {
        work[k * n + j]! -= factor * work[i * n + j]!;
        inverse[k * n + j]! -= factor * inverse[i * n + j]!;
      }
    }
  }
  return { inverse, logDeterminant };
}

/** Covariance of the walk between two places, started at the lowest rung (where it starts does not matter: the level is free). */
function walk(drift: number, x1: number, x2: number): number {
  return drift * drift * Math.min(x1, x2);
}

function covarianceOf(decades: readonly number[], seedNoise: Node, drift: Node): Covariance {
  const n = decades.length;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      matrix[i * n + j] = walk(drift.value, decades[i]!, decades[j]!) + (i === j ? seedNoise.value ** 2 : 0);
    }
  }
  const { inverse, logDeterminant } = invert(matrix, n);
  const rowSums = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) rowSums[i]! += inverse[i * n + j]!;
  const total = rowSums.reduce((sum, value) => sum + value, 0);
  const logWeight = seedNoise.logWeight + drift.logWeight - (logDeterminant + Math.log(total)) / 2;
  return { seedNoise: seedNoise.value, drift: drift.value, inverse, rowSums, total, logWeight };
}

/** -2 log likelihood of the residuals, up to the determinant, with the level integrated out. */
function misfit(covariance: Covariance, residuals: Float64Array): number {
  const n = residuals.length;
  let quadratic = 0;
  let level = 0;
  for (let i = 0; i < n; i++) {
    let product = 0;
    for (let j = 0; j < n; j++) product += covariance.inverse[i * n + j]! * residuals[j]!;
    quadratic += product * residuals[i]!;
    level += covariance.rowSums[i]! * residuals[i]!;
  }
  return quadratic - (level * level) / covariance.total;
}

/** How the residuals of the rungs carry over to one place: weights that add up to 1, and the variance that stays. */
function kriging(
  covariance: Covariance,
  decades: readonly number[],
  place: number,
): { weights: Float64Array; sd: number } {
  const n = decades.length;
  const weights = new Float64Array(n);
  let explained = 0;
  let shareOfLevel = 1;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      weights[i]! += covariance.inverse[i * n + j]! * walk(covariance.drift, decades[j]!, place);
    }
    explained += weights[i]! * walk(covariance.drift, decades[i]!, place);
    shareOfLevel -= weights[i]!;
  }
  for (let i = 0; i < n; i++) weights[i]! += (shareOfLevel * covariance.rowSums[i]!) / covariance.total;
  const own = walk(covariance.drift, place, place) + covariance.seedNoise ** 2;
  return { weights, sd: Math.sqrt(own - explained + shareOfLevel ** 2 / covariance.total) };
}

function statesOf(
  trend: Trend,
  runs: readonly Run[],
  anchor: Run,
  covariances: readonly Covariance[],
): State[] {
  const states: State[] = [];
  for (const exponent of nodesOf(PRIORS.exponent)) {
    for (const floor of nodesOf(PRIORS.floorShare)) {
      const residuals = Float64Array.from(
        runs,
        (run) => Math.log(run.loss / anchor.loss) - trend.logRatio(run, anchor, exponent.value, floor.value),
      );
      for (const covariance of covariances) {
        const logWeight =
          exponent.logWeight + floor.logWeight + covariance.logWeight - misfit(covariance, residuals) / 2;
        states.push({
          trend,
          exponent: exponent.value,
          floorShare: floor.value,
          residuals,
          covariance,
          weight: logWeight,
        });
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

/** Weighs every combination against the ladder's runs; replicates are simply more runs at the same place. */
export function posteriorOf(runs: readonly Run[], trends: readonly Trend[]): Posterior {
  const anchor = runs.reduce((best, run) => (run.c > best.c ? run : best));
  const lowest = Math.min(...runs.map((run) => run.c));
  const decades = runs.map((run) => Math.log10(run.c / lowest));
  const covariances = nodesOf(PRIORS.seedNoise).flatMap((noise) =>
    nodesOf(PRIORS.drift).map((drift) => covarianceOf(decades, noise, drift)),
  );
  const states = normalised(trends.flatMap((trend) => statesOf(trend, runs, anchor, covariances)));
  const average = (value: (state: State) => number) =>
    states.reduce((sum, s) => sum + s.weight * value(s), 0);
  return {
    anchor,
    trendWeights: new Map(
      trends.map((trend) => [trend.name, average((state) => (state.trend === trend ? 1 : 0))]),
    ),
    seedNoise: average((state) => state.covariance.seedNoise),
    drift: average((state) => state.covariance.drift),
    exponent: average((state) => state.exponent),
    floorShare: average((state) => state.floorShare),
    predict(design, trendName) {
      // Below the ladder the walk would need a start of its own; the level at the lowest rung stands in.
      const place = Math.max(0, Math.log10(design.c / lowest));
      const carried = new Map(
        covariances.map((covariance) => [covariance, kriging(covariance, decades, place)]),
      );
      return states
        .filter((state) => trendName === undefined || state.trend.name === trendName)
        .map((state) => {
          const { weights, sd } = carried.get(state.covariance)!;
          let mean = Math.log(anchor.loss);
          mean += state.trend.logRatio(design, anchor, state.exponent, state.floorShare);
          for (let i = 0; i < weights.length; i++) mean += weights[i]! * state.residuals[i]!;
          return { weight: state.weight, mean, sd };
        });
    },
  };
}
