/** @file What a table leaves unknown: the law's parameters and the drift off it, as normal variables. */

import type { Design, Law, Run } from "../../law/law.ts";
import { median, quantile } from "../../math/statistics.ts";
import { driftPrior } from "../forecast/priors.ts";
import { believed, type Knowledge, learnt } from "./information.ts";

/**
 * The law's parameters, then the steps of the drift from knot to knot, then those of its tilt, as far as the
 * runs have pinned them down.
 */
export type LadderKnowledge = {
  readonly law: Law;
  readonly theta: Float64Array;
  readonly knowledge: Knowledge;
  /** How the log loss of a design reads the variables. */
  readonly rowOf: (design: Design) => Float64Array;
  /** How the tilt at this compute, in log loss per decade of D / N, reads the variables. */
  readonly tiltRowOf: (compute: number) => Float64Array;
  /** Standard deviation of one run about law and drift, in log loss. */
  readonly noise: number;
  /** Standard deviation of the drift per square root of a decade of compute, in log loss. */
  readonly drift: number;
};

/** Decades between knots of the drift; a walk between two knots is taken to be straight. */
const KNOT_DECADES = 0.2;
const MOST_KNOTS = 40;

/** Where the drift is followed: from the lowest to the highest compute of any run, candidate or target. */
type Knots = {
  readonly lowest: number;
  readonly decades: number;
  readonly count: number;
  /** log10 of D / N at which the tilt is zero; null for a law that does not tell size from tokens. */
  readonly centre: number | null;
};

/** Standard deviations in log loss: of a run, and of drift and tilt per root decade of compute. */
type Spreads = { readonly noise: number; readonly drift: number; readonly tilt: number };

/**
 * Linearises `law` about its fit `theta`: log loss = law + drift + tilt log10(D / N) + noise. The drift is a
 * random walk in log10 C, as in the forecast. So is the tilt, which says that optima wander too: on Epoch's
 * Chinchilla points the optimal size at the largest compute moved by exp(0.4) per square root of a decade
 * that the fit had not seen (measured), which is a tilt of 0.7 times the drift. Noise, drift and tilt are
 * weighed on a grid against the residuals, because all of them widen the answer and only the first shrinks
 * with more runs. `computes`: of everything that will be asked about.
 */
export function ladderKnowledge(
  law: Law,
  theta: Float64Array,
  runs: readonly Run[],
  computes: readonly number[],
): LadderKnowledge {
  const centre = law.uses.includes("n") && law.uses.includes("d") ? median(runs.map(logRatio)) : null;
  const knots = knotsOf([...runs.map((run) => run.c), ...computes], centre);
  const rowOf = (design: Design) => rowAt(law, theta, knots, design);
  const rows = runs.map(rowOf);
  const scratch = new Float64Array(theta.length);
  const residuals = runs.map((run) => Math.log(run.loss) - law.logLoss(theta, law.covariates(run), scratch));
  const scale = residualScale(residuals, theta.length);
  // The fit is robust, so a stray run must not be read as noise or drift either.
  const tamed = residuals.map((residual) => Math.max(-3 * scale, Math.min(3 * scale, residual)));
  const largest = runs.reduce((most, run) => Math.max(most, run.c), 0);
  const spreads = weighed(theta, knots, thinned(rows), thinned(tamed), scale, largest);
  const noiseVariance = spreads.noise ** 2;
  const knowledge = learnt(
    priorOf(theta, knots, spreads),
    rows.map((row) => ({ row, noiseVariance })),
  );
  const tiltRowOf = (compute: number) => tiltRowAt(theta, knots, compute, 1);
  return { law, theta, knowledge, rowOf, tiltRowOf, noise: spreads.noise, drift: spreads.drift };
}

const logRatio = ({ n, d }: Design) => Math.log10(d / n);

function knotsOf(computes: readonly number[], centre: number | null): Knots {
  const logs = computes.map(Math.log10);
  const lowest = Math.min(...logs);
  const decades = Math.max(KNOT_DECADES, Math.max(...logs) - lowest);
  return { lowest, decades, count: Math.min(MOST_KNOTS, Math.ceil(decades / KNOT_DECADES)), centre };
}

/** Gradient of the law, then the share of each step of the walk below the design; then for the tilt. */
function rowAt(law: Law, theta: Float64Array, knots: Knots, design: Design): Float64Array {
  const ratio = knots.centre === null ? 0 : logRatio(design) - knots.centre;
  const row = tiltRowAt(theta, knots, design.c, ratio);
  law.logLoss(theta, law.covariates(design), row.subarray(0, theta.length));
  fillShares(row, theta.length, knots, design.c, 1);
  return row;
}

function tiltRowAt(theta: Float64Array, knots: Knots, compute: number, ratio: number): Float64Array {
  const row = new Float64Array(theta.length + (knots.centre === null ? 1 : 2) * knots.count);
  if (knots.centre !== null) fillShares(row, theta.length + knots.count, knots, compute, ratio);
  return row;
}

function fillShares(row: Float64Array, from: number, knots: Knots, compute: number, factor: number): void {
  const place = ((Math.log10(compute) - knots.lowest) / knots.decades) * knots.count;
  for (let i = 0; i < knots.count; i++) row[from + i] = factor * Math.max(0, Math.min(1, place - i));
}

/** Every k-th of a long list: noise and drift are known well enough from this many. */
function thinned<T>(list: readonly T[]): readonly T[] {
  const every = Math.ceil(list.length / 400);
  return list.filter((_, i) => i % every === 0);
}

/**
 * Parameters are believed to lie within their own size of the fit, and exponents within 1: so wide that only
 * what the runs do not say at all is left to it (assumption; it stands in for "unbounded", where a law has
 * more parameters than a ladder can tell).
 */
function priorOf(theta: Float64Array, knots: Knots, { drift, tilt }: Spreads): Knowledge {
  const step = Math.sqrt(knots.decades / knots.count);
  return believed([
    ...Array.from(theta, (value) => Math.max(1, Math.abs(value))),
    ...new Array<number>(knots.count).fill(drift * step),
    ...new Array<number>(knots.centre === null ? 0 : knots.count).fill(tilt * step),
  ]);
}

/** Standard deviation of residuals from their middle half, corrected for the fitted parameters. */
function residualScale(residuals: readonly number[], numParameters: number): number {
  const sizes = residuals.map(Math.abs);
  const spare = Math.max(1, residuals.length - numParameters);
  // Runs without any noise are made up; 0.001 % keeps the arithmetic sound.
  return Math.max(1e-5, 1.4826 * quantile(sizes, 0.5) * Math.sqrt(residuals.length / spare));
}

const NOISE_FACTORS = [0.4, 0.65, 1, 1.35];
const DRIFT_NODES = [-2, -1, 0, 1, 2];
/** Tilt over drift, about the 0.7 measured. */
const TILT_FACTORS = [0.35, 0.7, 1.4];

/** Root mean squares of the spreads over a grid, each node weighed by how well it explains the residuals. */
function weighed(
  theta: Float64Array,
  knots: Knots,
  rows: readonly Float64Array[],
  residuals: readonly number[],
  scale: number,
  largestCompute: number,
): Spreads {
  const prior = driftPrior(largestCompute);
  const tiltFactors = knots.centre === null ? [0] : TILT_FACTORS;
  const nodes = NOISE_FACTORS.flatMap((noiseFactor) =>
    DRIFT_NODES.flatMap((z) =>
      tiltFactors.map((tiltFactor) => {
        const drift = prior.median * Math.exp(prior.spread * z);
        const spreads = { noise: noiseFactor * scale, drift, tilt: tiltFactor * drift };
        const likelihood = logLikelihood(priorOf(theta, knots, spreads), rows, residuals, spreads.noise ** 2);
        return { ...spreads, logWeight: likelihood - (z * z) / 2 };
      }),
    ),
  );
  const best = Math.max(...nodes.map((node) => node.logWeight));
  const weights = nodes.map((node) => Math.exp(node.logWeight - best));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const rootMeanSquare = (name: keyof Spreads) =>
    Math.sqrt(nodes.reduce((sum, node, i) => sum + weights[i]! * node[name] ** 2, 0) / total);
  return { noise: rootMeanSquare("noise"), drift: rootMeanSquare("drift"), tilt: rootMeanSquare("tilt") };
}

/** Log likelihood of residuals under a normal state: each one's density given those before it (Kalman). */
function logLikelihood(
  { dimension, covariance }: Knowledge,
  rows: readonly Float64Array[],
  residuals: readonly number[],
  noiseVariance: number,
): number {
  const state = new Float64Array(dimension);
  const spread = covariance.slice();
  const gain = new Float64Array(dimension);
  let sum = 0;
  rows.forEach((row, r) => {
    let own = noiseVariance;
    let error = residuals[r]!;
    for (let i = 0; i < dimension; i++) {
      let product = 0;
      for (let j = 0; j < dimension; j++) product += spread[i * dimension + j]! * row[j]!;
      gain[i] = product;
      own += row[i]! * product;
      error -= row[i]! * state[i]!;
    }
    sum -= (Math.log(own) + (error * error) / own) / 2;
    for (let i = 0; i < dimension; i++) {
      state[i]! += (gain[i]! * error) / own;
      for (let j = 0; j <= i; j++) {
        const updated = spread[i * dimension + j]! - (gain[i]! * gain[j]!) / own;
        spread[i * dimension + j] = updated;
        spread[j * dimension + i] = updated;
      }
    }
  });
  return sum;
}
