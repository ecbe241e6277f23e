/** @file The base: its ladder, draws of its law, and what an effect is worth in compute or tokens. */

import type { Design } from "../../../law/law.ts";
import { stretchMoves } from "../../../math/ensemble.ts";
import { type Interval, intervalAt } from "../../../math/interval.ts";
import { lineThrough } from "../../../math/line.ts";
import { logistic, logit } from "../../../math/logit.ts";
import { mixtureQuantile, type Part } from "../../../math/mixture.ts";
import { normalCumulative, normalQuantile } from "../../../math/normal.ts";
import { Random } from "../../../math/random.ts";
import { mean, quantile } from "../../../math/statistics.ts";
import { crossing } from "../../../math/univariate.ts";
import { floorSharePrior, PRIORS } from "../../forecast/priors.ts";
import type { TableRun } from "../../table/table.ts";
import { byDesign, type DesignRuns } from "./pairs.ts";

// log L(N, D) = level + log(e + (1 - e) ((1 - q) (N/N0)^-alpha + q (D/D0)^-beta)), anchored at the base's
// largest run (N0, D0): e is the floor's share of its loss, q the data's share of what is reducible. That is
// Chinchilla's law (arXiv 2203.15556) in numbers that weak priors can be put on: a ladder along one D / N
// cannot tell q, alpha and beta apart, and should then say so by its spread.

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
  readonly growth: LadderGrowth;
  /** False where the table has no tokens: compute then stands for both. */
  readonly hasTokens: boolean;
  readonly draws: readonly BaseLawDraw[];
};

/** How N and D grow with C along the base's designs, straight in logs. */
export type LadderGrowth = {
  /** log10 of D / N at a compute. */
  readonly ratioAt: (c: number) => number;
  readonly designAt: (c: number) => Design;
  /** log N gains this share of log C, log D the rest. */
  readonly paramsExponent: number;
};

export function growthOf(base: readonly DesignRuns[], hasTokens: boolean): LadderGrowth {
  const size = lineOverCompute(base, ({ n }) => Math.log10(n));
  const ratio = lineOverCompute(base, ({ n, d }) => Math.log10(d / n));
  // Attention makes C grow a little unlike N D; the shares must still add up to 1.
  const share = size.slope / Math.max(2 * size.slope + ratio.slope, 1e-9);
  return {
    ratioAt: ratio.at,
    designAt: (c) => ({ n: 10 ** size.at(c), d: 10 ** (size.at(c) + ratio.at(c)), c }),
    paramsExponent: hasTokens && Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0.5,
  };
}

function lineOverCompute(base: readonly DesignRuns[], y: (design: Design) => number) {
  const { intercept, slope } = lineThrough(
    base.map(({ c }) => Math.log10(c)),
    base.map(y),
  );
  return { slope, at: (c: number) => intercept + slope * Math.log10(c) };
}

/** The design that the base's ladder would have at a compute: the target where only its compute is given. */
export function designAtCompute(base: readonly TableRun[], compute: number): Design {
  return growthOf(byDesign(base), true).designAt(compute);
}

/** The design that the base's ladder reaches from `design` with `factor` times the compute. */
export function scaled(
  { growth: { paramsExponent: p } }: BaseLaw,
  { n, d, c }: Design,
  factor: number,
): Design {
  return { n: n * factor ** p, d: d * factor ** (1 - p), c: c * factor };
}

const NUM_THROWS = 600;
const NUM_WALKERS = 24;
const NUM_BURN_IN = 250;
const NUM_KEPT = 20;
const STRIDE = 8;
/** Student's t of 4 degrees: a stray rung bends the law less. */
const TAIL = 4;

/** Normal priors on (alpha, beta, e, q, misfit), on log, log, logit, logit and log scales. */
function priorsFor(anchor: Design): readonly { readonly mean: number; readonly sd: number }[] {
  // In C ~ N D each of alpha and beta is twice the exponent on compute; published fits lie between 0.2 and
  // 0.7.
  const exponent = { mean: Math.log(PRIORS.exponent.median), sd: PRIORS.exponent.spread };
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

type Anchored = Pick<BaseLaw, "anchor" | "hasTokens">;

/** Log of N / N0 and D / D0; without tokens the root of C stands for both. */
function logSizes({ anchor, hasTokens }: Anchored, { n, d, c }: Design): readonly [number, number] {
  if (hasTokens) return [Math.log(n / anchor.n), Math.log(d / anchor.d)];
  const size = Math.log(Math.sqrt(c) / Math.sqrt(anchor.c));
  return [size, size];
}

function logLossAt(draw: BaseLawDraw, logN: number, logD: number): number {
  const { level, alpha, beta, floorShare, dataShare } = draw;
  const reducible = (1 - dataShare) * Math.exp(-alpha * logN) + dataShare * Math.exp(-beta * logD);
  return level + Math.log(floorShare + (1 - floorShare) * reducible);
}

/** The posterior of the base's law, by an ensemble of walkers. */
export function baseLawOf(base: readonly DesignRuns[], seed: number): BaseLaw {
  const anchor = base.reduce((best, design) => (design.c > best.c ? design : best));
  const hasTokens = base.every(({ n, d }) => n > 0 && d > 0 && Number.isFinite(n) && Number.isFinite(d));
  const sizes = base.map((design) => logSizes({ anchor, hasTokens }, design));
  const targets = base.map(({ logLosses }) => mean(logLosses));
  const priors = priorsFor(anchor);
  const logDensity = (theta: Float64Array): number => {
    let sum = 0;
    for (const [j, prior] of priors.entries()) sum -= ((theta[j + 1]! - prior.mean) / prior.sd) ** 2 / 2;
    const draw = drawOf(theta);
    for (let i = 0; i < sizes.length; i++) {
      const z = (targets[i]! - logLossAt(draw, sizes[i]![0], sizes[i]![1])) / draw.misfit;
      sum -= theta[5]! + ((TAIL + 1) / 2) * Math.log(1 + (z * z) / TAIL);
    }
    return sum;
  };
  const random = new Random(seed, "laws.feature.surface");
  const walkerAt = (point: Float64Array) => ({ point, density: logDensity(point) });
  const level = mean(anchor.logLosses);
  // The walkers start at the best of many draws from the priors.
  const walkers = Array.from({ length: NUM_THROWS }, () =>
    walkerAt(
      Float64Array.of(
        level + 0.01 * random.normal(),
        ...priors.map(({ mean: centre, sd }) => centre + sd * random.normal()),
      ),
    ),
  )
    .sort((a, b) => b.density - a.density)
    .slice(0, NUM_WALKERS);
  const draws: BaseLawDraw[] = [];
  for (let sweep = 1; sweep <= NUM_BURN_IN + NUM_KEPT * STRIDE; sweep++) {
    stretchMoves(walkers, walkerAt, ({ density }) => density, random);
    if (sweep > NUM_BURN_IN && sweep % STRIDE === 0) draws.push(...walkers.map(({ point }) => drawOf(point)));
  }
  return { anchor, hasTokens, growth: growthOf(base, hasTokens), draws };
}

/** log of the base's loss at `to` over that at `from`, one number a draw. */
export function logLossSteps(baseLaw: BaseLaw, from: Design, to: Design): Float64Array {
  const before = logLossDraws(baseLaw, from);
  return logLossDraws(baseLaw, to).map((value, i) => value - before[i]!);
}

/** log of the base's loss at one design, one number a draw. */
export function logLossDraws(baseLaw: BaseLaw, design: Design): Float64Array {
  const [logN, logD] = logSizes(baseLaw, design);
  return Float64Array.from(baseLaw.draws, (draw) => logLossAt(draw, logN, logD));
}

/** Share of the base's loss at a design that more compute could take away, averaged over the draws. */
export function reducibleShare(baseLaw: BaseLaw, design: Design): number {
  const [logN, logD] = logSizes(baseLaw, design);
  return mean(
    baseLaw.draws.map(
      (draw) => 1 - Math.exp(draw.level + Math.log(draw.floorShare) - logLossAt(draw, logN, logD)),
    ),
  );
}

/** Beyond a million times, in either direction, a multiplier is called unbounded. */
const LARGEST_LOG = Math.log(1e6);

/**
 * How many times `what` (compute along the ladder, or tokens at the same N) the base needs at `design` to
 * change its log loss by `effect`, under one draw. `Infinity` where no amount does; 0 where next to nothing
 * would.
 */
export function multiplierFor(
  baseLaw: BaseLaw,
  draw: BaseLawDraw,
  design: Design,
  effect: number,
  what: "compute" | "tokens",
): number {
  const [logN, logD] = logSizes(baseLaw, design);
  const p = what === "compute" ? baseLaw.growth.paramsExponent : 0;
  const wanted = logLossAt(draw, logN, logD) + effect;
  const gain = (logM: number) => wanted - logLossAt(draw, logN + p * logM, logD + (1 - p) * logM);
  if (gain(-LARGEST_LOG) > 0) return 0;
  const logM = crossing(gain, -LARGEST_LOG, LARGEST_LOG);
  return logM === null ? Number.POSITIVE_INFINITY : Math.exp(logM);
}

/** What a change is worth in compute and in tokens. */
export type Multipliers = { readonly computeMultiplier: Interval; readonly tokenMultiplier: Interval | null };

/** Nodes of a mixture's quantile function, even in the normal deviate, out to 3. */
const NUM_NODES = 17;
const LAST_NODE = 3;

/** Multipliers at a design. `sameSizes` is added where the base keeps the feature's N and D. */
export function multipliersOf(
  baseLaw: BaseLaw,
  design: Design,
  parts: readonly Part[],
  sameSizes = 0,
): Multipliers {
  const effects = drawsOf(parts, baseLaw.draws.length);
  const multipliers = (what: "compute" | "tokens", shift: number) => {
    const values = baseLaw.draws.map((draw, j) =>
      multiplierFor(baseLaw, draw, design, effects[j]! + shift, what),
    );
    // Between a number and infinity there is nothing to interpolate.
    return intervalAt((fraction) => {
      const value = quantile(values, fraction);
      return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
    });
  };
  return {
    computeMultiplier: multipliers("compute", 0),
    tokenMultiplier: baseLaw.hasTokens ? multipliers("tokens", sameSizes) : null,
  };
}

/** Values that stand for a mixture, evenly spaced in probability, shuffled against the draws of the law. */
function drawsOf(parts: readonly Part[], count: number): Float64Array {
  const nodes = Float64Array.from({ length: NUM_NODES }, (_, i) =>
    mixtureQuantile(parts, normalCumulative(LAST_NODE * ((2 * i) / (NUM_NODES - 1) - 1))),
  );
  const values = Float64Array.from({ length: count }, (_, j) => {
    const z = normalQuantile((j + 0.5) / count);
    const at = Math.min(NUM_NODES - 1.001, Math.max(0, ((z / LAST_NODE + 1) / 2) * (NUM_NODES - 1)));
    const below = Math.floor(at);
    return nodes[below]! + (at - below) * (nodes[below + 1]! - nodes[below]!);
  });
  return new Random(0, "laws.feature.multiplier").shuffle(values);
}
