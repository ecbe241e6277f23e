/** @file From two tables of runs to the effect of the change at equal compute, scale by scale. */

import { UserError } from "../../../errors.ts";
import type { Design } from "../../../law/law.ts";
import { flopsPerParameterTokenOf } from "../../../law/training-flops.ts";
import { mean, median, sum } from "../../../math/statistics.ts";
import { formatFlops } from "../../../units/print.ts";
import type { TableRun } from "../../table/run-table.ts";
import {
  type BaseLaw,
  baseLawOf,
  growthOf,
  logLossDraws,
  logLossSteps,
  misfitVariance,
  reducibleShare,
  scaled,
} from "./base-law.ts";
import {
  byDesign,
  type Comparison,
  checkDifferent,
  checkRuns,
  checkSpread,
  compareDesigns,
  type DesignRuns,
  MIN_SCALES,
  nearBest,
  nothingInCommon,
  SCALE_GAP,
  withinRange,
} from "./pairs.ts";
import type { Effect, Position } from "./trend.ts";

/** The effect of the change at one design, as measured. */
type DesignEffect = {
  readonly value: number;
  /** Variance of the seeds' noise in `value`, in units of that of one pair's difference. */
  readonly noiseFactor: number;
  /** The feature's own design: its compute is where base and feature are compared. */
  readonly design: Design;
  /** The base's runs there; null where its law stands in. */
  readonly comparison: Comparison | null;
  readonly numRuns: number;
  /** Effect at the base's own N and D, less `value`: tokens at the same N must make up for that as well. */
  readonly sameSizes: number;
  /** By how much each likely law of the base would move `value`, and their misfit there. */
  readonly offsets: Float64Array;
  readonly misfitVariance: number;
};

/** Effects whose compute is nearly the same, as their mean weighed by noise. */
export type ScaleEffect = Effect & {
  readonly c: number;
  readonly effects: readonly DesignEffect[];
  readonly offsets: Float64Array;
  readonly misfitVariance: number;
  /** Sum of squares that estimates a pair's noise, and its degrees of freedom. */
  readonly scatter: number;
  readonly degreesOfFreedom: number;
};

/** All that two tables say, ready for the trend. */
export type ComparedLadders = {
  readonly baseLaw: BaseLaw;
  /** Smallest compute first; at least `MIN_SCALES`. */
  readonly scales: readonly ScaleEffect[];
  readonly lowestCompute: number;
  /** Reducible share of the base's loss at x decades above the lowest compute, over that at the largest. */
  readonly reducible: (x: number) => number;
  readonly positionOf: (design: Design) => Position;
  readonly designAt: (compute: number) => Design;
  readonly warnings: readonly string[];
};

/** Compares two tables. Throws a `UserError` where they have too little in common. */
export function compareLadders(
  baseRuns: readonly TableRun[],
  featureRuns: readonly TableRun[],
  target: Design,
): ComparedLadders {
  checkRuns(baseRuns, "base");
  checkRuns(featureRuns, "feature");
  checkDifferent(baseRuns, featureRuns);
  const [base, feature] = [byDesign(baseRuns), byDesign(featureRuns)];
  checkSpread(base);
  const compared = compareDesigns(base, feature);
  const near = new Set(nearBest(compared.comparisons.map((comparison) => comparison.base)));
  const comparisons = compared.comparisons.filter((comparison) => near.has(comparison.base));
  const inRange = compared.alone.filter((design) => withinRange(base, design));
  const baseLaw = baseLawOf(nearBest(base));
  const growth = growthOf(base, baseLaw.hasTokens);
  const effects = [
    ...comparisons.map((comparison) => pairedEffect(baseLaw, comparison)),
    ...inRange.map((design) => effectByLaw(baseLaw, flopsPerParameterTokenOf(baseRuns), design)),
  ].sort((a, b) => a.design.c - b.design.c);
  if (effects.length === 0) throw nothingInCommon(base, feature);
  const lowestCompute = effects[0]!.design.c;
  const positionOf = (design: Design): Position => ({
    x: Math.log10(design.c / lowestCompute),
    r: baseLaw.hasTokens ? Math.log10(design.d / design.n) - growth.ratioAt(design.c) : 0,
  });
  const scales = scalesOf(effects, positionOf);
  checkScales(scales, effects, target);
  const top = growth.designAt(effects.at(-1)!.design.c);
  const share = (design: Design) => reducibleShare(baseLaw, design);
  return {
    baseLaw,
    scales,
    lowestCompute,
    reducible: memoised((x) => share(growth.designAt(lowestCompute * 10 ** x)) / share(top)),
    positionOf,
    designAt: growth.designAt,
    warnings: [
      ...leftOut(
        compared.comparisons.length - comparisons.length,
        "more than 10 % above the best loss of their compute",
      ),
      ...leftOut(compared.alone.length - inRange.length, "without a counterpart in the base's range"),
      ...(inRange.length === 0
        ? []
        : [`${inRange.length} of the feature's designs without a counterpart, compared with the base's law`]),
      ...tokenWarnings(baseLaw, base, growth.ratioAt),
    ],
  };
}

/** Less its mean. */
function centred(values: Float64Array): Float64Array {
  const middle = mean(values);
  return values.map((value) => value - middle);
}

function pairedEffect(baseLaw: BaseLaw, comparison: Comparison): DesignEffect {
  const { base, feature, noiseFactor, numPairs } = comparison;
  const { n, d, c } = feature;
  // A change may cost FLOPs of its own: the base is carried along its ladder to the feature's compute.
  const steps = logLossSteps(baseLaw, base, scaled(baseLaw, base, c / base.c));
  const resized = baseLaw.hasTokens ? mean(logLossSteps(baseLaw, base, feature)) : 0;
  return {
    design: { n, d, c },
    comparison,
    numRuns: numPairs,
    value: comparison.value - mean(steps),
    sameSizes: mean(steps) - resized,
    noiseFactor,
    offsets: centred(steps),
    misfitVariance: 0,
  };
}

function effectByLaw(baseLaw: BaseLaw, perPair: number, feature: DesignRuns): DesignEffect {
  const { n, d, c } = feature;
  const factor = baseLaw.hasTokens ? c / (perPair * n * d) : 1;
  const ownSizes = { n, d, c: c / factor };
  const reference = logLossDraws(baseLaw, scaled(baseLaw, ownSizes, factor));
  return {
    design: { n, d, c },
    comparison: null,
    numRuns: feature.runs.length,
    value: mean(feature.logLosses) - mean(reference),
    sameSizes: mean(reference) - mean(logLossDraws(baseLaw, ownSizes)),
    noiseFactor: 1 / (2 * feature.runs.length),
    offsets: centred(reference),
    misfitVariance: misfitVariance(baseLaw, ownSizes),
  };
}

function scalesOf(
  effects: readonly DesignEffect[],
  positionOf: (design: Design) => Position,
): readonly ScaleEffect[] {
  const scales: DesignEffect[][] = [];
  const xOf = ({ design }: DesignEffect) => positionOf(design).x;
  for (const effect of effects) {
    const last = scales.at(-1);
    if (last && xOf(effect) - xOf(last[0]!) < SCALE_GAP) last.push(effect);
    else scales.push([effect]);
  }
  return scales.map((own) => scaleEffect(own, positionOf));
}

function scaleEffect(
  effects: readonly DesignEffect[],
  positionOf: (design: Design) => Position,
): ScaleEffect {
  const precision = sum(effects.map(({ noiseFactor }) => 1 / noiseFactor));
  const weights = effects.map(({ noiseFactor }) => 1 / noiseFactor / precision);
  const average = (of: (effect: DesignEffect) => number) =>
    effects.reduce((sum, effect, i) => sum + weights[i]! * of(effect), 0);
  const value = average((effect) => effect.value);
  const comparisons = effects.flatMap(({ comparison }) => comparison ?? []);
  return {
    x: mean(effects.map(({ design }) => positionOf(design).x)),
    c: 10 ** mean(effects.map(({ design }) => Math.log10(design.c))),
    r: average(({ design }) => positionOf(design).r),
    value,
    noiseFactor: 1 / precision,
    numDesigns: effects.length,
    effects,
    offsets: effects[0]!.offsets.map((_, draw) => average(({ offsets }) => offsets[draw]!)),
    misfitVariance: effects.reduce((sum, effect, i) => sum + weights[i]! ** 2 * effect.misfitVariance, 0),
    // Designs of one scale that differ by more than their replicates do show noise as well.
    scatter:
      sum(effects.map((effect) => (effect.value - value) ** 2 / effect.noiseFactor)) +
      sum(comparisons.map(({ scatter }) => scatter)),
    degreesOfFreedom: effects.length - 1 + sum(comparisons.map((comparison) => comparison.degreesOfFreedom)),
  };
}

/** Covariance of two scales' effects that comes from the base's law. */
export function lawCovariance(a: ScaleEffect, b: ScaleEffect): number {
  const shared = a.offsets.reduce((sum, value, draw) => sum + value * b.offsets[draw]!, 0) / a.offsets.length;
  return a === b ? shared + a.misfitVariance : shared;
}

/** A typical loss ratio beyond 1.6, up or down, is another unit or another text, not a change to a recipe. */
const LARGEST_EFFECT = Math.log(1.6);

/** Throws a `UserError` unless there are scales enough, in one unit, and a target that is a number. */
function checkScales(scales: readonly ScaleEffect[], effects: readonly DesignEffect[], target: Design): void {
  if (scales.length < MIN_SCALES) {
    const have = scales.map(({ c }) => formatFlops(c, 2)).join(" and ");
    const count = `${scales.length} ${scales.length === 1 ? "scale" : "scales"} of compute (${have} FLOPs)`;
    const next = formatFlops(scales.at(-1)!.c * 4, 1);
    throw new UserError(
      `base and feature can be compared at ${count}`,
      `at least ${MIN_SCALES}, better 5, over a decade or more: with fewer, trend and noise look alike`,
      `run both at ${MIN_SCALES - scales.length} more, for instance ${next} FLOPs`,
    );
  }
  const typical = median(effects.map(({ value }) => value));
  if (Math.abs(typical) > LARGEST_EFFECT) {
    const ratio = Math.exp(typical).toPrecision(3);
    throw new UserError(
      `the feature's loss is typically ${ratio} times the base's at the same design`,
      "losses in one unit, of one held-out text: a change to a recipe moves them by less than 1.6 times",
      "evaluate both on the same text, in the same unit (nats per token, or bits per byte)",
    );
  }
  if (target.c > 0 && Number.isFinite(target.c)) return;
  throw new UserError(
    `a target of ${target.c} FLOPs`,
    "a positive number",
    "give the target's compute, or its N and D",
  );
}

/** The grid of states reads the same few positions over and over. */
function memoised(of: (x: number) => number): (x: number) => number {
  const seen = new Map<number, number>();
  return (x) => {
    if (!seen.has(x)) seen.set(x, of(x));
    return seen.get(x)!;
  };
}

function leftOut(count: number, why: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? "design" : "designs"} left out: ${why}`];
}

/** Below a factor of 2 in D / N, sizes and tokens cannot be told apart. */
const RATIO_SPREAD = Math.log10(2);

function tokenWarnings(
  { hasTokens }: BaseLaw,
  base: readonly DesignRuns[],
  ratioAt: (c: number) => number,
): readonly string[] {
  if (!hasTokens) return ["no tokens in the base's table: no multiplier of tokens"];
  const off = base.map(({ n, d, c }) => Math.log10(d / n) - ratioAt(c));
  if (Math.max(...off) - Math.min(...off) > RATIO_SPREAD) return [];
  const alike = "the base has one D / N at each compute";
  return [`${alike}, so what tokens alone would do is mostly the prior; its interval says so`];
}
