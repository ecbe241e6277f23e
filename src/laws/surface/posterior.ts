/** @file What a table of runs says about a surface: draws of its unknowns, scatter and drift, and what they predict of another run. */

import type { Design, Run } from "../../law/law.ts";
import { metropolis, peakOf } from "../../math/metropolis.ts";
import { Random } from "../../math/random.ts";
import type { Part } from "../forecast/mixture.ts";
import { type Belief, noiseBeliefs, USUAL_RATIO, valueAt } from "./belief.ts";
import { localLevel } from "./local-level.ts";
import { type Spot, type Surface, spotOf } from "./surface.ts";

/** Predictive distribution of the log loss of one more run. */
export type Predict = (design: Design) => readonly Part[];

export type SurfacePosterior = {
  readonly predict: Predict;
  /** Posterior means, in log loss: scatter of a run near the top, and drift per root decade. */
  readonly scatter: number;
  readonly drift: number;
};

/**
 * How many runs' worth of likelihood a table can have at most. Runs of one table share the ways in which every formula fails them, so
 * the likelihood is raised to the power 1 / (1 + runs / 30): a coarsened posterior (Miller and Dunson 2019). Without it the intervals of a
 * hundred runs held 30 to 70 % of larger ones; 20 to 35 differ little, 45 and more hold less (docs/log.md).
 */
const MOST_INFORMATION = 30;
/** Degrees of freedom of the scatter, so that stray runs count less. */
const DEGREES = 4;
/** Rounds of weighing stray runs down. */
const NUM_ROUNDS = 3;
/** Draws of a walk and steps between them: enough for a back-test, and four times as many steps for the forecast itself. */
export const DRAWS = { backTest: { numDraws: 250, thin: 6 }, forecast: { numDraws: 600, thin: 10 } } as const;

/** A scatter with heavy tails, as a mixture of two normals: share, variance over the core's. */
const TAILS = [
  { share: 0.75, factor: 1 },
  { share: 0.25, factor: 4 },
] as const;

/** Distance from 20 tokens a parameter, in decades. */
const offValley = ({ n, d }: Design) => Math.abs(Math.log10(d / n / USUAL_RATIO));

/** The middle of the runs within a decade of the largest: where the shape's unknowns are stated, so that they depend little on one another. */
function anchorOf(ascending: readonly Run[]): Design {
  const top = ascending.at(-1)!.c;
  const near = ascending.filter(({ c }) => c >= top / 10);
  const middle = (of: (run: Run) => number) =>
    Math.exp(near.reduce((sum, run) => sum + Math.log(of(run)), 0) / near.length);
  return { n: middle((run) => run.n), d: middle((run) => run.d), c: middle((run) => run.c) };
}

/** Values of surface and noise at standardised unknowns z, and what the filter makes of them. */
class Model {
  readonly beliefs: readonly Belief[];
  readonly anchor: Design;
  readonly places: Float64Array;
  readonly weights: Float64Array;
  readonly values: Float64Array;
  readonly #surface: Surface;
  readonly #spots: readonly Spot[];
  readonly #logLosses: Float64Array;
  readonly #off: Float64Array;
  readonly #residuals: Float64Array;
  readonly #variances: Float64Array;
  readonly #power: number;

  constructor(surface: Surface, ascending: readonly Run[]) {
    this.#surface = surface;
    this.anchor = anchorOf(ascending);
    this.#spots = ascending.map((run) => spotOf(run, this.anchor));
    const { n, d } = this.anchor;
    const vantage = { topCompute: ascending.at(-1)!.c, tokensPerParameter: d / n };
    this.beliefs = [...surface.unknowns.map((belief) => belief(vantage)), ...noiseBeliefs(vantage)];
    this.places = Float64Array.from(ascending, ({ c }) => Math.log10(c));
    this.weights = new Float64Array(ascending.length).fill(1);
    this.values = new Float64Array(this.beliefs.length);
    this.#logLosses = Float64Array.from(ascending, ({ loss }) => Math.log(loss));
    this.#off = Float64Array.from(ascending, offValley);
    this.#residuals = new Float64Array(ascending.length);
    this.#variances = new Float64Array(ascending.length);
    this.#power = 1 / (1 + ascending.length / MOST_INFORMATION);
  }

  get topPlace(): number {
    return this.places[this.places.length - 1]!;
  }

  /** Variance of the scatter of one run, before stray runs are weighed down. */
  scatterVariance(values: Float64Array, off: number, place: number): number {
    const at = this.beliefs.length - 4;
    const growth = values[at + 1]! * off + values[at + 2]! * (this.topPlace - place);
    return values[at]! ** 2 * Math.exp(2 * growth);
  }

  filter(z: Float64Array, innovations?: Float64Array) {
    this.beliefs.forEach((belief, j) => {
      this.values[j] = valueAt(belief, z[j]!);
    });
    this.#spots.forEach((spot, i) => {
      this.#residuals[i] = this.#logLosses[i]! - this.#surface.logRatio(spot, this.values);
      this.#variances[i] =
        this.scatterVariance(this.values, this.#off[i]!, this.places[i]!) / this.weights[i]!;
    });
    const drift = this.values[this.values.length - 1]!;
    return localLevel(this.#residuals, this.places, this.#variances, drift, innovations);
  }

  logDensity(z: Float64Array): number {
    let prior = 0;
    for (let j = 0; j < z.length; j++) prior -= z[j]! ** 2 / 2;
    return prior + this.#power * this.filter(z).logLikelihood;
  }
}

/** Weighs every shape, scatter and drift against the runs. Deterministic. */
export function surfacePosterior(
  surface: Surface,
  runs: readonly Run[],
  draws: (typeof DRAWS)[keyof typeof DRAWS],
): SurfacePosterior {
  // One order for runs of one compute too, so that the walk does not depend on how the rows came.
  const model = new Model(
    surface,
    runs.toSorted((a, b) => a.c - b.c || a.n - b.n || a.loss - b.loss),
  );
  const density = (z: Float64Array) => model.logDensity(z);
  let peak = new Float64Array(model.beliefs.length);
  const innovations = new Float64Array(runs.length);
  for (let round = 0; round <= NUM_ROUNDS; round++) {
    peak = Float64Array.from(peakOf(density, peak));
    if (round === NUM_ROUNDS) break;
    model.filter(peak, innovations);
    model.weights.set(innovations.map((e) => (DEGREES + 1) / (DEGREES + e * e)));
  }
  const random = new Random(0, `surface.${surface.name}`);
  const states = metropolis(density, peak, { ...draws, random }).map((z) => ({
    ...model.filter(z),
    values: Float64Array.from(model.values),
  }));
  const average = (at: number) => states.reduce((sum, { values }) => sum + values.at(at)!, 0) / states.length;
  return {
    scatter: average(-4),
    drift: average(-1),
    predict(design) {
      const off = offValley(design);
      const place = Math.log10(design.c);
      const beyond = Math.max(0, place - model.topPlace);
      const spot = spotOf(design, model.anchor);
      return states.flatMap(({ values, level, variance }) => {
        const mean = level + surface.logRatio(spot, values);
        const drifted = variance + values.at(-1)! ** 2 * beyond;
        const scatter = model.scatterVariance(values, off, place);
        return TAILS.map(({ share, factor }) => ({
          weight: share / states.length,
          mean,
          sd: Math.sqrt(drifted + factor * scatter),
        }));
      });
    },
  };
}
