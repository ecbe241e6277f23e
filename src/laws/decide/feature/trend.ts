/** @file How a change's effect moves with scale: a line with drift, averaged over their sizes. */

import { assert } from "../../../errors.ts";
import { momentsOf, type Part } from "../../../math/mixture.ts";
import { normalCumulative, normalQuantile } from "../../../math/normal.ts";
import { dot } from "../../../math/statistics.ts";
import { cholesky, logRootDeterminant, solveLower } from "../../../math/symmetric.ts";
import { driftPrior, nodesOf, PRIORS, type PriorNode } from "../../forecast/priors.ts";

// The model of effects y = log(loss with / loss without at equal compute), over x = decades of compute above
// the lowest rung and r = decades of D / N off the ladder's own:
//   y_i = h(x_i) (level + slope x_i + ratioSlope r_i + drift(x_i)) + own_i + noise_i
// drift: a random walk in x, since real trends leave straight lines; own_i: what seeds do not explain at one
// design (a rate tuned better there); noise_i: of the seeds. h = 1 lets the effect itself run straight; h =
// the base's reducible share lets the multiplier of compute do so, and a steady multiplier then buys less and
// less. Both are weighed by the data. All but the sizes of these parts is normal given them, so the sizes
// alone need a grid.

/** The effect measured at one scale. */
export type Effect = {
  readonly x: number;
  readonly r: number;
  readonly value: number;
  /** Variance of the seeds' noise in `value`, in units of that of one pair's difference. */
  readonly noiseFactor: number;
  /** Designs that it is the mean of. */
  readonly numDesigns: number;
};

export type Evidence = {
  readonly effects: readonly Effect[];
  /** What pairs of one rung say of the variance of a difference: sum of squares, degrees of freedom. */
  readonly scatter: number;
  readonly degreesOfFreedom: number;
  /** Covariance of the effects that comes from the base's law, known beforehand; zeros for pairs. */
  readonly lawCovariance: readonly Float64Array[];
  /** Reducible share of the base's loss at x, over that at the largest rung. */
  readonly reducible: (x: number) => number;
  readonly topCompute: number;
};

/** x: decades of compute above the lowest rung; r: decades of D / N off the ladder's own. */
export type Position = { readonly x: number; readonly r: number };

/** Weighted effects, to be summed. */
type Terms = readonly (readonly [number, Position])[];

/** Sizes of the model's parts, in log loss. */
type Sizes = {
  readonly slope: PriorNode;
  readonly drift: PriorNode;
  readonly bend: PriorNode;
  readonly noise: PriorNode;
  readonly straight: boolean;
};

type State = {
  readonly sizes: Sizes;
  /** Cholesky's factor of the effects' covariance. */
  readonly factor: Float64Array;
  /** The measured effects, made independent and of variance 1 by it. */
  readonly whitened: Float64Array;
  weight: number;
};

// The sizes below were chosen, among a dozen sets, on 23 pairs of public ladders (eight routed models, three
// corpora, twelve pairs of recipes) by left-out scales up to a reach of 30, and on simulated ladders with
// small effects. So coverage on those tables is no independent proof: routed 77 %, corpora 78 %, recipes
// 96 %. Before slope and drift grew with the effect, and the slope could bend, intervals of routed models
// held in 42 % of cases.
/** Log loss that is a design's own, not its seeds' (a rate tuned better there): an assumption. */
const DESIGN_SD = 0.0004;
/** The effect of a small change drifts a tenth as much as a loss does, give or take a factor of e. */
const DRIFT_SHARE = 0.1;
const DRIFT_SPREAD = 1;
/** Large effects move more: what the typical effect adds to drift and slope, per decade. */
const DRIFT_OF_EFFECT = 0.04;
const SLOPE_OF_EFFECT = 0.12;
/** Deviation of the level: 10 % of the loss, wide enough for a change of architecture. */
const LEVEL = 0.1;
/** States below this share of the best one's weight are dropped. */
const NEGLIGIBLE = 5e-3;

function gridOf({ topCompute, effects }: Evidence): readonly Sizes[] {
  const size = Math.sqrt(effects.reduce((sum, { value }) => sum + value * value, 0) / effects.length);
  const drifts = driftPrior(topCompute);
  const driftMedian = DRIFT_SHARE * drifts.median + DRIFT_OF_EFFECT * size;
  const drift = nodesOf({ ...drifts, median: driftMedian, spread: DRIFT_SPREAD }, 5);
  const slopeMedian = PRIORS.effectSlope.median + SLOPE_OF_EFFECT * size;
  const slopes = nodesOf({ ...PRIORS.effectSlope, median: slopeMedian }, 5);
  const bends = nodesOf(PRIORS.effectBend, 3);
  const noises = nodesOf(PRIORS.pairNoise, 7);
  const all: Sizes[] = [];
  for (const straight of [true, false])
    for (const slope of slopes)
      for (const d of drift)
        for (const bend of bends)
          for (const noise of noises) all.push({ straight, slope, drift: d, bend, noise });
  return all;
}

/** Covariance of the expected effects at two positions. */
function covariance(sizes: Sizes, reducible: (x: number) => number, a: Position, b: Position): number {
  const straight = LEVEL ** 2 + sizes.slope.value ** 2 * (a.x * b.x + a.r * b.r);
  const near = Math.max(0, Math.min(a.x, b.x));
  const far = Math.max(0, Math.max(a.x, b.x));
  const walk = sizes.drift.value ** 2 * near;
  // The slope itself walks: its integral has this covariance.
  const bend = (sizes.bend.value * sizes.slope.value) ** 2 * ((near * near * (3 * far - near)) / 6);
  const scale = sizes.straight ? 1 : reducible(a.x) * reducible(b.x);
  return scale * (straight + walk + bend);
}

function stateOf(sizes: Sizes, evidence: Evidence): State {
  const { effects, lawCovariance, reducible, scatter, degreesOfFreedom } = evidence;
  const n = effects.length;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      matrix[i * n + j] = covariance(sizes, reducible, effects[i]!, effects[j]!) + lawCovariance[i]![j]!;
    }
    const { noiseFactor, numDesigns } = effects[i]!;
    matrix[i * n + i]! += DESIGN_SD ** 2 / numDesigns + noiseFactor * sizes.noise.value ** 2;
  }
  const factor = cholesky(matrix, n);
  assert(factor !== null, "a covariance with noise on its diagonal is positive definite");
  const values = Float64Array.from(effects, ({ value }) => value);
  const whitened = solveLower(factor, values);
  const fit = dot(whitened, whitened);
  const replicates = degreesOfFreedom * Math.log(sizes.noise.value) + scatter / (2 * sizes.noise.value ** 2);
  const prior = sizes.slope.logWeight + sizes.drift.logWeight + sizes.bend.logWeight + sizes.noise.logWeight;
  return {
    sizes,
    factor,
    whitened,
    weight: prior - replicates - fit / 2 - logRootDeterminant(factor, n),
  };
}

/** What two ladders say about the effect of a change at any scale. */
export class EffectTrend {
  readonly #evidence: Evidence;
  readonly #states: readonly State[];

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    const states = gridOf(evidence).map((sizes) => stateOf(sizes, evidence));
    const best = states.reduce((most, { weight }) => Math.max(most, weight), Number.NEGATIVE_INFINITY);
    const kept = states.filter(({ weight }) => weight > best + Math.log(NEGLIGIBLE));
    let total = 0;
    for (const state of kept) total += state.weight = Math.exp(state.weight - best);
    for (const state of kept) state.weight /= total;
    this.#states = kept;
  }

  /** Posterior mean over the states. */
  #average(value: (state: State) => number): number {
    return this.#states.reduce((sum, state) => sum + state.weight * value(state), 0);
  }

  /** Deviation of one pair's difference. */
  get pairNoise(): number {
    return this.#average(({ sizes }) => sizes.noise.value);
  }

  /** Drift per square root of a decade. */
  get drift(): number {
    return this.#average(({ sizes }) => sizes.drift.value);
  }

  /** A sum of weighted effects under one state: its mean, and covariances with other sums. */
  #sum({ sizes, factor, whitened }: State, terms: Terms) {
    const { effects, reducible } = this.#evidence;
    const prior = (others: Terms) =>
      terms.reduce(
        (sum, [times, a]) =>
          others.reduce((rest, [by, b]) => rest + times * by * covariance(sizes, reducible, a, b), sum),
        0,
      );
    const explained = solveLower(
      factor,
      effects.map((effect) => prior([[1, effect]])),
    );
    return { mean: dot(explained, whitened), prior, explained };
  }

  #parts(terms: Terms, withNoise = 0): readonly Part[] {
    return this.#states.map((state) => {
      const { mean, prior, explained } = this.#sum(state, terms);
      const noise = withNoise && withNoise * state.sizes.noise.value ** 2 + DESIGN_SD ** 2;
      const variance = Math.max(prior(terms) - dot(explained, explained), 1e-14);
      return { weight: state.weight, mean, sd: Math.sqrt(variance + noise) };
    });
  }

  /** The expected effect; `withNoise` adds so many times a pair's noise, and what is a design's own. */
  at(position: Position, withNoise = 0): readonly Part[] {
    return this.#parts([[1, position]], withNoise);
  }

  /** Effect at `to` less effect at `from`, each times its weight. */
  change(from: Position, to: Position, fromWeight = 1, toWeight = 1): readonly Part[] {
    return this.#parts([
      [toWeight, to],
      [-fromWeight, from],
    ]);
  }

  /** What one measured effect says by itself, given what all of them say about the noise. */
  measured(value: number, noiseFactor: number, knownVariance: number): readonly Part[] {
    return this.#states.map(({ sizes, weight }) => ({
      weight,
      mean: value,
      sd: Math.sqrt(noiseFactor * sizes.noise.value ** 2 + knownVariance),
    }));
  }

  /** Deviation of the expected effect at `asked`, now and after `numPairs` more pairs at `position`. */
  narrowing(
    asked: Position,
    position: Position,
    numPairs: number,
  ): { readonly now: number; readonly after: number } {
    const now = momentsOf(this.at(asked)).sd;
    const measured: Terms = [[1, position]];
    const gain = this.#average((state) => {
      const [a, b] = [this.#sum(state, [[1, asked]]), this.#sum(state, measured)];
      const shared = a.prior(measured) - dot(a.explained, b.explained);
      const noise = DESIGN_SD ** 2 + state.sizes.noise.value ** 2 / numPairs;
      // One more measurement takes cov(asked, measured)^2 / var(measured) off the variance.
      return shared ** 2 / (b.prior(measured) - dot(b.explained, b.explained) + noise);
    });
    return { now, after: Math.sqrt(Math.max(now ** 2 - gain, 0)) };
  }
}

/** Chance that the effect lies below zero. */
export function chanceBelowZero(parts: readonly Part[]): number {
  return parts.reduce((sum, { weight, mean, sd }) => sum + weight * normalCumulative(-mean / sd), 0);
}

/**
 * The decades at which the chance that the change helps passes 95, 50 and 5 %, downwards where it `stops`
 * helping and upwards else (Fieller's set: between, "no effect" cannot be excluded). `null`: not before the
 * end of `decades`.
 */
export function crossingsOf(
  chance: (x: number) => number,
  decades: readonly number[],
  stops: boolean,
): { readonly first: number | null; readonly middle: number | null; readonly last: number | null } {
  const z = decades.map((x) => {
    const p = Math.min(1 - 1e-12, Math.max(1e-12, chance(x)));
    return (stops ? 1 : -1) * normalQuantile(p);
  });
  const crossing = (level: number): number | null => {
    for (let i = z.length - 1; i > 0; i--) {
      if (z[i]! <= level && z[i - 1]! > level) {
        const share = (z[i - 1]! - level) / (z[i - 1]! - z[i]!);
        return decades[i - 1]! + share * (decades[i]! - decades[i - 1]!);
      }
    }
    return z[0]! <= level ? Number.NEGATIVE_INFINITY : null;
  };
  const bound = normalQuantile(0.95);
  return { first: crossing(bound), middle: crossing(0), last: crossing(-bound) };
}
