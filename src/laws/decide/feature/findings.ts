/** @file What a trend says: scales, slope, crossover, smallest detectable effect, back-test, next rung. */

import type { Design } from "../../../law/law.ts";
import type { LikelyLaw } from "../../../law/surfaces.ts";
import { type Interval, intervalAt } from "../../../math/interval.ts";
import { mixtureQuantile, momentsOf, type Part } from "../../../math/mixture.ts";
import { mean, sum } from "../../../math/statistics.ts";
import { type Multipliers, multiplierFor, multipliersOf } from "./base-law.ts";
import { type ComparedLadders, lawCovariance, type ScaleEffect } from "./effects.ts";
import { MIN_SCALES } from "./pairs.ts";
import { chanceBelowZero, crossingsOf, EffectTrend, type Position } from "./trend.ts";

/** What one scale of the ladder says by itself. */
export type FeatureScale = Design &
  Multipliers & {
    /** Designs compared at this compute, and pairs of runs behind them. */
    readonly numDesigns: number;
    readonly numPairs: number;
    /** How they were compared: same design and seed, same design, or against the base's law. */
    readonly comparison: "pairs" | "means" | "law";
    /** log(loss with / loss without) at equal compute, in percent: negative helps. */
    readonly effectPercent: Interval;
  };

/** One left-out scale, predicted from the scales below it. */
export type FeatureBackTestRow = {
  readonly c: number;
  readonly reach: number;
  readonly predictedPercent: Interval;
  readonly actualPercent: number;
  readonly inside: boolean;
};

/**
 * Where the change stops (or starts) to help along the ladder: the compute at which its effect passes zero.
 * `Infinity`: not before six decades beyond the ladder; 0: below it.
 */
export type Crossover = {
  readonly kind: "stops helping above" | "starts helping above";
  readonly compute: Interval;
  readonly params: Interval;
};

/** Smallest effect that a ladder finds 4 times out of 5: at its largest scale, and at the target. */
export type MinimumDetectable = {
  readonly atLargestPercent: number;
  readonly atTargetPercent: number;
  readonly atTargetMultiplier: number;
};

/** A further rung, with and without the change, and what it would buy. */
export type FurtherRung = Design & {
  readonly numPairs: number;
  /** FLOPs of all its runs. */
  readonly cost: number;
  /** Width of the 90 % interval of the effect at the target, in percent, now and after it. */
  readonly widthNowPercent: number;
  readonly widthAfterPercent: number;
};

/** Deviations at which an effect is found 4 times out of 5, at one-sided 5 %: 1.645 + 0.842. */
const POWER_80 = 2.487;
/** How far beyond the ladder a crossover is looked for, in decades. */
const HORIZON = 6;
const CROSSOVER_STEP = 0.4;
/** A further rung must take a tenth off the interval to be worth naming. */
const LEAST_NARROWING = 0.9;
const PAIRS_TRIED = [1, 2, 4, 8];
/** Width of a 90 % interval in deviations. */
const WIDTH_90 = 3.29;

/** The trend through some of the scales. */
export function trendOf({ reducible }: ComparedLadders, scales: readonly ScaleEffect[]): EffectTrend {
  return new EffectTrend({
    effects: scales,
    lawCovariance: scales.map((a) => Float64Array.from(scales, (b) => lawCovariance(a, b))),
    scatter: sum(scales.map(({ scatter }) => scatter)),
    degreesOfFreedom: sum(scales.map(({ degreesOfFreedom }) => degreesOfFreedom)),
    reducible,
    topCompute: scales.at(-1)!.c,
  });
}

const percent = (log: number) => 100 * Math.expm1(log);

/** A mixture in log loss as percent of the loss. */
export function percentInterval(parts: readonly Part[]): Interval {
  return intervalAt((fraction) => percent(mixtureQuantile(parts, fraction)));
}

/** One scale by itself: its designs weighed by their noise. */
export function scaleReport(
  { baseLaw, designAt }: ComparedLadders,
  trend: EffectTrend,
  scale: ScaleEffect,
): FeatureScale {
  const { effects, c } = scale;
  const parts = trend.measured(scale.value, scale.noiseFactor, lawCovariance(scale, scale));
  const { n, d } = designAt(c);
  const design = effects.length === 1 ? effects[0]!.design : { n, d, c };
  const sameSizes = mean(effects.map((effect) => effect.sameSizes));
  return {
    ...design,
    numDesigns: effects.length,
    numPairs: sum(effects.map(({ numRuns }) => numRuns)),
    comparison: comparisonKind(scale),
    effectPercent: percentInterval(parts),
    ...multipliersOf(baseLaw, design, parts, sameSizes),
  };
}

function comparisonKind({ effects }: ScaleEffect): FeatureScale["comparison"] {
  if (effects.some(({ comparison }) => comparison === null)) return "law";
  return effects.every(({ comparison }) => comparison!.kind === "pairs") ? "pairs" : "means";
}

/** Mean change of the effect per decade along the ladder, in percent. */
export function slopeOf(trend: EffectTrend, from: Position, to: Position): Interval {
  const parts = trend.change(from, to);
  return intervalAt((fraction) => (100 * mixtureQuantile(parts, fraction)) / (to.x - from.x));
}

/** Log multiplier over effect is taken at this effect, in log loss, where the true one is nearly 0. */
const LEAST_EFFECT = 1e-6;
/** Likely laws of the base behind the trend of the multiplier. */
const NUM_LAWS = 48;

/**
 * The factor by which the compute multiplier changes per decade along the ladder. Under each likely law of
 * the base the log of the multiplier at either end is taken to be in proportion to the effect, as it is at
 * the median effect. Null where a multiplier is unbounded.
 */
export function multiplierSlopeOf(
  { baseLaw, lowestCompute, designAt }: ComparedLadders,
  trend: EffectTrend,
  from: Position,
  to: Position,
): Interval | null {
  const logMultiplierPerEffect = (position: Position) => {
    const design = designAt(lowestCompute * 10 ** position.x);
    const median = mixtureQuantile(trend.at(position), 0.5);
    const effect = Math.abs(median) > LEAST_EFFECT ? median : -LEAST_EFFECT;
    return (law: LikelyLaw) => Math.log(multiplierFor(baseLaw, law, design, effect, "compute")) / effect;
  };
  const [before, after] = [logMultiplierPerEffect(from), logMultiplierPerEffect(to)];
  const stride = Math.ceil(baseLaw.laws.length / NUM_LAWS);
  const laws = baseLaw.laws
    .filter((_, i) => i % stride === 0)
    .map((law) => [before(law), after(law)] as const);
  if (laws.some(([a, b]) => !Number.isFinite(a) || !Number.isFinite(b))) return null;
  const parts = laws.flatMap(([a, b]) => trend.change(from, to, a, b));
  return intervalAt((fraction) => Math.exp(mixtureQuantile(parts, fraction) / (to.x - from.x)));
}

/** Where the effect passes zero, looked for from the lowest rung to six decades beyond the largest. */
export function crossoverOf(
  { lowestCompute, designAt }: ComparedLadders,
  trend: EffectTrend,
  top: Position,
): Crossover {
  const decades = Array.from(
    { length: Math.ceil((top.x + HORIZON) / CROSSOVER_STEP) + 1 },
    (_, i) => i * CROSSOVER_STEP,
  );
  const chance = (x: number) => chanceBelowZero(trend.at({ x, r: 0 }));
  const isRising = momentsOf(trend.change({ x: 0, r: 0 }, top)).mean > 0;
  const { first, middle, last } = crossingsOf(chance, decades, isRising);
  const computeAt = (x: number | null) => (x === null ? Number.POSITIVE_INFINITY : lowestCompute * 10 ** x);
  const compute = { median: computeAt(middle), lo: computeAt(first), hi: computeAt(last) };
  const paramsAt = (c: number) => (c > 0 && Number.isFinite(c) ? designAt(c).n : c);
  return {
    kind: isRising ? "stops helping above" : "starts helping above",
    compute,
    params: { median: paramsAt(compute.median), lo: paramsAt(compute.lo), hi: paramsAt(compute.hi) },
  };
}

export function minimumDetectable(
  { baseLaw, positionOf }: ComparedLadders,
  trend: EffectTrend,
  top: Position,
  target: Design,
): MinimumDetectable {
  const smallest = (position: Position) => POWER_80 * momentsOf(trend.at(position)).sd;
  const atTarget = smallest(positionOf(target));
  const exact: readonly Part[] = [{ weight: 1, mean: -atTarget, sd: 1e-9 }];
  return {
    atLargestPercent: percent(smallest(top)),
    atTargetPercent: percent(atTarget),
    atTargetMultiplier: multipliersOf(baseLaw, target, exact).computeMultiplier.median,
  };
}

/** Every scale above a cut, predicted from those below it; the interval has the noise of its own runs. */
export function backTestOf(compared: ComparedLadders): readonly FeatureBackTestRow[] {
  const { scales } = compared;
  return scales.slice(MIN_SCALES - 1, -1).flatMap((cut, i) => {
    const trend = trendOf(compared, scales.slice(0, i + MIN_SCALES));
    return scales.slice(i + MIN_SCALES).map((scale): FeatureBackTestRow => {
      const variance = lawCovariance(scale, scale);
      const predictedPercent = percentInterval(
        trend
          .at(scale, scale.noiseFactor)
          .map((part) => ({ ...part, sd: Math.sqrt(part.sd ** 2 + variance) })),
      );
      const actualPercent = percent(scale.value);
      return {
        c: scale.c,
        reach: scale.c / cut.c,
        predictedPercent,
        actualPercent,
        inside: actualPercent >= predictedPercent.lo && actualPercent <= predictedPercent.hi,
      };
    });
  });
}

/** Of the rungs that take a tenth off the interval at the target, the one that takes most per FLOP. */
export function furtherRungOf(
  { scales, positionOf, designAt }: ComparedLadders,
  trend: EffectTrend,
  target: Design,
): FurtherRung | null {
  const computes = scales.map(({ c }) => c);
  for (let c = scales.at(-1)!.c * 10 ** 0.25; c < target.c * 1.01; c *= 10 ** 0.25) computes.push(c);
  const asked = positionOf(target);
  const candidates = computes.flatMap((c) =>
    PAIRS_TRIED.map((numPairs): FurtherRung => {
      const design = designAt(c);
      const { now, after } = trend.narrowing(asked, positionOf(design), numPairs);
      return {
        ...design,
        numPairs,
        cost: 2 * numPairs * c,
        widthNowPercent: 100 * WIDTH_90 * now,
        widthAfterPercent: 100 * WIDTH_90 * after,
      };
    }),
  );
  const gain = (rung: FurtherRung) => (rung.widthNowPercent - rung.widthAfterPercent) / rung.cost;
  return candidates
    .filter(({ widthNowPercent, widthAfterPercent }) => widthAfterPercent < LEAST_NARROWING * widthNowPercent)
    .reduce<FurtherRung | null>((best, rung) => (best && gain(best) >= gain(rung) ? best : rung), null);
}
