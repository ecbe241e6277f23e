/** @file The base's loss over size and data, as draws of its posterior: slopes between designs, and multipliers of compute and tokens. */

import type { Design } from "../../../law/law.ts";
import { Random } from "../../../math/random.ts";
import { floorSharePrior, PRIORS } from "../../forecast/prior.ts";
import type { Group } from "./pairs.ts";

// log L(N, D) = level + log(e + (1 - e) ((1 - q) (N/N0)^-alpha + q (D/D0)^-beta)), anchored at the base's largest run (N0, D0): e is
// the floor's share of its loss, q the data's share of what is reducible. That is Chinchilla's law (arXiv 2203.15556) in numbers on
// which weak beliefs can be held: a ladder along one D / N cannot tell q, alpha and beta apart, and should then say so by its spread.

/** One draw of the base's law. */
export type BaseLawDraw = {
  readonly level: number;
  readonly alpha: number;
  readonly beta: number;
  readonly floorShare: number;
  readonly dataShare: number;
  /** Scatter of the base's designs about the law, in log loss. */
  readonly misfit: number;
};

export type BaseLaw = {
  readonly anchor: Design;
  /** log N gains this share of log C along the base's designs, log D the rest. */
  readonly pathExponent: number;
  /** False where the table has no tokens: compute then stands for both. */
  readonly hasTokens: boolean;
  readonly draws: readonly BaseLawDraw[];
};

const logistic = (z: number) => 1 / (1 + Math.exp(-z));
const logit = (p: number) => Math.log(p / (1 - p));

const NUM_THROWS = 600;
const NUM_WALKERS = 24;
const NUM_BURN_IN = 250;
const NUM_KEPT = 20;
const STRIDE = 8;
/** Student's t of 4 degrees: a stray rung bends the law less. */
const TAIL = 4;

type Bell = { readonly mean: number; readonly sd: number };

/** Beliefs about (alpha, beta, e, q, misfit), on log, log, logit, logit and log scales. */
function bells(anchor: Design): readonly Bell[] {
  // In C ~ N D each of alpha and beta is twice the exponent on compute; published fits lie between 0.2 and 0.7.
  const exponent = { mean: Math.log(2 * PRIORS.exponent.median), sd: PRIORS.exponent.spread };
  const floor = floorSharePrior(anchor.c);
  return [
    exponent,
    exponent,
    { mean: logit(floor.median), sd: floor.spread },
    { mean: 0, sd: 0.8 },
    { mean: Math.log(0.006), sd: 1 },
  ];
}

function drawOf(theta: Float64Array): BaseLawDraw {
  return {
    level: theta[0]!,
    alpha: Math.exp(theta[1]!),
    beta: Math.exp(theta[2]!),
    floorShare: logistic(theta[3]!),
    dataShare: logistic(theta[4]!),
    misfit: Math.exp(theta[5]!),
  };
}

/** N and D as the surface reads them. */
function sizes(hasTokens: boolean, { n, d, c }: Design): readonly [number, number] {
  return hasTokens ? [n, d] : [Math.sqrt(c), Math.sqrt(c)];
}

/** Log of N / N0 and D / D0. */
function placeOf(baseLaw: Omit<BaseLaw, "draws">, design: Design): readonly [number, number] {
  const [n, d] = sizes(baseLaw.hasTokens, design);
  const [n0, d0] = sizes(baseLaw.hasTokens, baseLaw.anchor);
  return [Math.log(n / n0), Math.log(d / d0)];
}

function logLossAt(draw: BaseLawDraw, logN: number, logD: number): number {
  const { level, alpha, beta, floorShare, dataShare } = draw;
  const reducible = (1 - dataShare) * Math.exp(-alpha * logN) + dataShare * Math.exp(-beta * logD);
  return level + Math.log(floorShare + (1 - floorShare) * reducible);
}

/** The posterior of the base's law, by Goodman and Weare's ensemble of walkers (2010): no tuning, any scales. */
export function baseLawOf(base: readonly Group[], seed: number): BaseLaw {
  const anchor = base.reduce((best, group) => (group.c > best.c ? group : best));
  const hasTokens = base.every(({ n, d }) => n > 0 && d > 0 && Number.isFinite(n) && Number.isFinite(d));
  const shell = { anchor, hasTokens, pathExponent: hasTokens ? pathExponentOf(base) : 0.5 };
  const places = base.map((group) => placeOf(shell, group));
  const targets = base.map(({ logLosses }) => logLosses.reduce((sum, y) => sum + y, 0) / logLosses.length);
  const beliefs = bells(anchor);
  const logDensity = (theta: Float64Array): number => {
    let sum = 0;
    for (const [j, bell] of beliefs.entries()) sum -= ((theta[j + 1]! - bell.mean) / bell.sd) ** 2 / 2;
    const draw = drawOf(theta);
    for (let i = 0; i < places.length; i++) {
      const z = (targets[i]! - logLossAt(draw, places[i]![0], places[i]![1])) / draw.misfit;
      sum -= theta[5]! + ((TAIL + 1) / 2) * Math.log(1 + (z * z) / TAIL);
    }
    return sum;
  };
  const random = new Random(seed, "laws.feature.surface");
  const level = targets[base.indexOf(anchor as Group)]!;
  // The walkers start where a wider throw over the beliefs hit best.
  const walkers = Array.from({ length: NUM_THROWS }, () =>
    Float64Array.of(
      level + 0.01 * random.normal(),
      ...beliefs.map(({ mean, sd }) => mean + sd * random.normal()),
    ),
  )
    .map((theta) => ({ theta, density: logDensity(theta) }))
    .sort((a, b) => b.density - a.density)
    .slice(0, NUM_WALKERS)
    .map(({ theta }) => theta);
  return { ...shell, draws: sampled(walkers, logDensity, random).map(drawOf) };
}

/** Stretch moves: each walker leaps along the line through another one. */
function sampled(
  walkers: Float64Array[],
  logDensity: (theta: Float64Array) => number,
  random: Random,
): Float64Array[] {
  const densities = walkers.map(logDensity);
  const kept: Float64Array[] = [];
  for (let sweep = 1; sweep <= NUM_BURN_IN + NUM_KEPT * STRIDE; sweep++) {
    for (let i = 0; i < walkers.length; i++) {
      const own = walkers[i]!;
      const other = walkers[(i + 1 + random.integer(walkers.length - 1)) % walkers.length]!;
      // z has density 1 / sqrt(z) on [1/2, 2], their equation 9.
      const z = (1 + random.uniform()) ** 2 / 2;
      const leap = own.map((value, j) => other[j]! + z * (value - other[j]!));
      const density = logDensity(leap);
      if (Math.log(random.uniform() + 1e-300) < (own.length - 1) * Math.log(z) + density - densities[i]!) {
        walkers[i] = leap;
        densities[i] = density;
      }
    }
    if (sweep > NUM_BURN_IN && sweep % STRIDE === 0) kept.push(...walkers.map((walker) => walker.slice()));
  }
  return kept;
}

function pathExponentOf(base: readonly Group[]): number {
  const x = base.map(({ c }) => Math.log(c));
  const centre = x.reduce((sum, value) => sum + value, 0) / x.length;
  const spread = x.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  if (spread === 0) return 0.5;
  const slope = (y: readonly number[]) =>
    y.reduce((sum, value, i) => sum + value * (x[i]! - centre), 0) / spread;
  const [onN, onD] = [slope(base.map(({ n }) => Math.log(n))), slope(base.map(({ d }) => Math.log(d)))];
  // Attention makes C grow a little unlike N D; the shares must still add up to 1.
  return Math.min(1, Math.max(0, onN / Math.max(onN + onD, 1e-9)));
}

/** The design that the base's path reaches with `factor` times the compute. */
export function alongPath(baseLaw: BaseLaw, { n, d, c }: Design, factor: number): Design {
  const p = baseLaw.pathExponent;
  return { n: n * factor ** p, d: d * factor ** (1 - p), c: c * factor };
}

/** log of the base's loss at `to` over that at `from`, one number a draw. */
export function logLossSteps(baseLaw: BaseLaw, from: Design, to: Design): Float64Array {
  const [a, b] = [placeOf(baseLaw, from), placeOf(baseLaw, to)];
  return Float64Array.from(
    baseLaw.draws,
    (draw) => logLossAt(draw, b[0], b[1]) - logLossAt(draw, a[0], a[1]),
  );
}

/** log of the base's loss at one design, one number a draw. */
export function logLossDraws(baseLaw: BaseLaw, design: Design): Float64Array {
  const [logN, logD] = placeOf(baseLaw, design);
  return Float64Array.from(baseLaw.draws, (draw) => logLossAt(draw, logN, logD));
}

/** Share of the base's loss at a design that more compute could take away, averaged over the draws. */
export function reducibleShare(baseLaw: BaseLaw, design: Design): number {
  const [logN, logD] = placeOf(baseLaw, design);
  let sum = 0;
  for (const draw of baseLaw.draws) {
    sum += 1 - Math.exp(draw.level + Math.log(draw.floorShare) - logLossAt(draw, logN, logD));
  }
  return sum / baseLaw.draws.length;
}

/** Beyond a million times, in either direction, a multiplier is called unbounded. */
const LARGEST_LOG = Math.log(1e6);

/**
 * How many times `what` (compute along the path, or tokens at the same N) the base needs at `design` to change its log loss by
 * `effect`, under one draw. `Infinity` where no amount does; 0 where next to nothing would.
 */
export function multiplierFor(
  baseLaw: BaseLaw,
  draw: BaseLawDraw,
  design: Design,
  effect: number,
  what: "compute" | "tokens",
): number {
  const [logN, logD] = placeOf(baseLaw, design);
  const p = what === "compute" ? baseLaw.pathExponent : 0;
  const wanted = logLossAt(draw, logN, logD) + effect;
  const excess = (logM: number) => logLossAt(draw, logN + p * logM, logD + (1 - p) * logM) - wanted;
  if (excess(LARGEST_LOG) > 0) return Number.POSITIVE_INFINITY;
  if (excess(-LARGEST_LOG) < 0) return 0;
  let [low, high] = [-LARGEST_LOG, LARGEST_LOG];
  // 40 halvings of 27.6 leave 3e-11.
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (excess(middle) > 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}
