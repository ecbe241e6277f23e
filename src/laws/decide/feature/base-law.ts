/** @file The base: its ladder, likely laws of it, and what an effect is worth in compute or tokens. */

import type { Design } from "../../../law/law.ts";
import type { Posterior } from "../../../law/posterior.ts";
import { averaged, partsOf } from "../../../law/predict.ts";
import { type LikelyLaw, likelyLaws } from "../../../law/surfaces.ts";
import { logLossAt, OPTIMAL_RATIO, type Place, placeOf } from "../../../law/terms.ts";
import { FLOPS_PER_PARAMETER_TOKEN } from "../../../law/training-flops.ts";
import { type Interval, intervalAt } from "../../../math/interval.ts";
import { lineThrough } from "../../../math/line.ts";
import { mixtureQuantile, type Part } from "../../../math/mixture.ts";
import { normalCumulative, normalQuantile } from "../../../math/normal.ts";
import { Random } from "../../../math/random.ts";
import { mean, quantile, sum } from "../../../math/statistics.ts";
import { crossing } from "../../../math/univariate.ts";
import { posteriorOf } from "../../forecast/study.ts";
import type { TableRun } from "../../table/run-table.ts";
import { byDesign, type DesignRuns } from "./pairs.ts";

export type BaseLaw = {
  readonly growth: LadderGrowth;
  /** False where the table has no tokens: compute then stands for size and tokens. */
  readonly hasTokens: boolean;
  readonly posterior: Posterior;
  /** Equally likely laws, in one order for all that is asked of them. */
  readonly laws: readonly LikelyLaw[];
  /** Those that tell tokens from size: a law of compute speaks of the ladder's own path alone. */
  readonly tokenLaws: readonly LikelyLaw[];
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

/** The forecast's posterior of the base's runs. What all share, experts or repeats, is left to its level. */
export function baseLawOf(base: readonly DesignRuns[]): BaseLaw {
  const hasTokens = base.every(({ n, d }) => n > 0 && d > 0 && Number.isFinite(n) && Number.isFinite(d));
  const posterior = posteriorOf(
    base.flatMap((design) => {
      const { n, d, c } = standIn(hasTokens, design);
      return design.runs.map(({ loss }) => ({ n, d, c, loss }));
    }),
  );
  const { laws } = posterior;
  return {
    hasTokens,
    growth: growthOf(base, hasTokens),
    posterior,
    laws: likelyLaws(laws),
    tokenLaws: hasTokens ? likelyLaws(laws.filter(({ reads }) => reads === "size and data")) : [],
  };
}

/** Without tokens, the design of this compute at 20 tokens a parameter: along it all laws are of compute. */
function standIn(hasTokens: boolean, design: Design): Design {
  if (hasTokens) return design;
  const n = Math.sqrt(design.c / (FLOPS_PER_PARAMETER_TOKEN * OPTIMAL_RATIO));
  return { n, d: OPTIMAL_RATIO * n, c: design.c };
}

function placeIn({ hasTokens }: BaseLaw, { n, d, c }: Design, { reads }: Pick<LikelyLaw, "reads">): Place {
  return placeOf(standIn(hasTokens, { n, d, c }), reads);
}

/** log of the base's loss at `to` over that at `from`, one number a law. */
export function logLossSteps(baseLaw: BaseLaw, from: Design, to: Design): Float64Array {
  const before = logLossDraws(baseLaw, from);
  return logLossDraws(baseLaw, to).map((value, i) => value - before[i]!);
}

/** log of the base's loss at one design, one number a law. */
export function logLossDraws(baseLaw: BaseLaw, design: Design): Float64Array {
  return Float64Array.from(baseLaw.laws, (law) => logLossAt(law.terms, placeIn(baseLaw, design, law)));
}

/** Variance of one more run of the base at a design about its law: level, drift and scatter. */
export function misfitVariance({ hasTokens, posterior }: BaseLaw, design: Design): number {
  const { laws, largestCompute } = posterior;
  const parts = averaged(
    laws.map((law) => partsOf(law, largestCompute, standIn(hasTokens, design))),
    laws.map(({ weight }) => weight),
  );
  return sum(parts.map(({ weight, sd }) => weight * sd ** 2));
}

/** Share of the base's loss at a design that more compute could take away, averaged over the laws. */
export function reducibleShare(baseLaw: BaseLaw, design: Design): number {
  const logLosses = logLossDraws(baseLaw, design);
  return mean(baseLaw.laws.map(({ terms }, i) => 1 - terms.floor / Math.exp(logLosses[i]!)));
}

/** Beyond a million times, in either direction, a multiplier is called unbounded. */
const LARGEST_LOG = Math.log(1e6);

/**
 * How many times `what` (compute along the ladder, or tokens at the same N) the base needs at `design` to
 * change its log loss by `effect`, under one law. `Infinity` where no amount does; 0 where next to nothing
 * would.
 */
export function multiplierFor(
  baseLaw: BaseLaw,
  law: LikelyLaw,
  design: Design,
  effect: number,
  what: "compute" | "tokens",
): number {
  const place = placeIn(baseLaw, design, law);
  // What reads compute alone has it for x.
  const along = what === "compute" ? baseLaw.growth.paramsExponent : 0;
  const p = law.reads === "compute" ? 1 : along;
  const wanted = logLossAt(law.terms, place) + effect;
  const gain = (logM: number) =>
    wanted - logLossAt(law.terms, { ...place, x: place.x + p * logM, y: place.y + (1 - p) * logM });
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
  const multipliers = (laws: readonly LikelyLaw[], what: "compute" | "tokens", shift: number) => {
    const effects = drawsOf(parts, laws.length);
    const values = laws.map((law, j) => multiplierFor(baseLaw, law, design, effects[j]! + shift, what));
    // Between a number and infinity there is nothing to interpolate.
    return intervalAt((fraction) => {
      const value = quantile(values, fraction);
      return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
    });
  };
  const { laws, tokenLaws } = baseLaw;
  return {
    computeMultiplier: multipliers(laws, "compute", 0),
    tokenMultiplier: tokenLaws.length > 0 ? multipliers(tokenLaws, "tokens", sameSizes) : null,
  };
}

/** Values that stand for a mixture, evenly spaced in probability, shuffled against the laws. */
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
