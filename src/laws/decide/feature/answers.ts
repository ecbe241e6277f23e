/** @file The questions put to the trend of a change's effect: each scale, slope, crossover, smallest effect, back-test, next rung. */

import type { Design } from "../../../law/law.ts";
import type { Interval } from "../../../math/interval.ts";
import { mixtureQuantile, momentsOf, type Part } from "../../forecast/mixture.ts";
import { type BaseLawDraw, multiplierFor } from "./base-law.ts";
import type { FeatureEffect, FeatureEffects } from "./effects.ts";
import type { Crossover, FeatureBackTestRow, FeatureReport, FeatureScale, FurtherRung } from "./feature.ts";
import { multipliersOf } from "./multiplier.ts";
import { MIN_SCALES, type ScaleEffects, scalesOf } from "./scales.ts";
import { chanceBelowZero, crossingsOf, type Effect, EffectTrend, type Place } from "./trend.ts";

/** Deviations between "no effect" and the smallest effect found 4 times out of 5 at one-sided 5 %: 1.645 + 0.842. */
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
export function trendOf(found: FeatureEffects, scales: readonly ScaleEffects[]): EffectTrend {
  const pools = scales.map((scale) => pool(found, scale));
  const effects = scales.flatMap((scale) => scale.effects);
  const comparisons = effects.flatMap(({ comparison }) => comparison ?? []);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return new EffectTrend({
    effects: pools,
    known: pools.map((a) => Float64Array.from(pools, (b) => sharedVariance(found, a, b))),
    // Designs of one scale that differ by more than their replicates do show noise as well.
    scatter: sum(pools.map(({ scatter }) => scatter)) + sum(comparisons.map(({ scatter }) => scatter)),
    spare: sum(pools.map(({ numDesigns }) => numDesigns - 1)) + sum(comparisons.map(({ spare }) => spare)),
    reducible: memoised(found.reducible),
    topCompute: scales.at(-1)!.c,
  });
}

/** The grid of states asks for the same few places over and over. */
function memoised(of: (x: number) => number): (x: number) => number {
  const seen = new Map<number, number>();
  return (x) => {
    const known = seen.get(x);
    if (known !== undefined) return known;
    const value = of(x);
    seen.set(x, value);
    return value;
  };
}

const percent = (log: number) => 100 * Math.expm1(log);

/** A mixture in log loss as percent of the loss. */
export function percentRange(parts: readonly Part[]): Interval {
  const at = (fraction: number) => percent(mixtureQuantile(parts, fraction));
  return { median: at(0.5), lo: at(0.05), hi: at(0.95) };
}

/** One scale by itself: its designs weighed by their noise. */
export function scaleReport(found: FeatureEffects, trend: EffectTrend, scale: ScaleEffects): FeatureScale {
  const pooled = pool(found, scale);
  const { n, d } = found.designAt(scale.c);
  const parts = trend.measured(pooled.value, pooled.noiseFactor, sharedVariance(found, pooled, pooled));
  const design = scale.effects.length === 1 ? scale.effects[0]!.design : { n, d, c: scale.c };
  const sameSizes = scale.effects.reduce((sum, effect) => sum + effect.sameSizes, 0) / scale.effects.length;
  return {
    ...design,
    numDesigns: scale.effects.length,
    numPairs: scale.effects.reduce((sum, { numRuns }) => sum + numRuns, 0),
    comparison: kindOf(scale),
    effectPercent: percentRange(parts),
    ...multipliersOf(found.baseLaw, design, parts, sameSizes),
  };
}

function kindOf({ effects }: ScaleEffects): FeatureScale["comparison"] {
  if (effects.some(({ comparison }) => comparison === null)) return "law";
  return effects.every(({ comparison }) => comparison!.kind === "pairs") ? "pairs" : "means";
}

type Pool = Effect & {
  readonly scatter: number;
  /** Index and weight of each of its designs. */
  readonly members: readonly (readonly [number, number])[];
};

/** A scale as the mean of its designs, weighed by their noise. */
function pool(found: FeatureEffects, { x, effects }: ScaleEffects): Pool {
  const total = effects.reduce((sum, { noiseFactor }) => sum + 1 / noiseFactor, 0);
  const weights = effects.map(({ noiseFactor }) => 1 / noiseFactor / total);
  const average = (of: (effect: FeatureEffect) => number) =>
    effects.reduce((sum, effect, i) => sum + weights[i]! * of(effect), 0);
  const value = average((effect) => effect.value);
  return {
    x,
    r: average(({ r }) => r),
    value,
    noiseFactor: 1 / total,
    numDesigns: effects.length,
    scatter: effects.reduce((sum, effect) => sum + (effect.value - value) ** 2 / effect.noiseFactor, 0),
    members: effects.map((effect, i) => [found.effects.indexOf(effect), weights[i]!]),
  };
}

/** Covariance of two scales' effects from the base's law. */
function sharedVariance(found: FeatureEffects, a: Pool, b: Pool): number {
  let sum = 0;
  for (const [i, weightA] of a.members)
    for (const [j, weightB] of b.members) sum += weightA * weightB * found.known[i]![j]!;
  return sum;
}

/** Mean change of the effect per decade along the ladder. */
export function slopeOf(trend: EffectTrend, from: Place, to: Place): Interval {
  const decades = to.x - from.x;
  const parts = trend.change(from, to);
  const at = (fraction: number) => (100 * mixtureQuantile(parts, fraction)) / decades;
  return { median: at(0.5), lo: at(0.05), hi: at(0.95) };
}

/** Effects smaller than this, in log loss, say too little of how many times the compute they are worth a log. */
const LEAST_EFFECT = 1e-6;
/** Draws of the base's law behind the trend of the multiplier. */
const NUM_LAWS = 48;

/**
 * The factor by which the compute multiplier changes per decade along the ladder. Under each draw of the base's law the log of the
 * multiplier at either end is taken to be in proportion to the effect, as it is at the median effect. Null where a multiplier is unbounded.
 */
export function multiplierSlopeOf(
  { baseLaw, effects, designAt }: FeatureEffects,
  trend: EffectTrend,
  from: Place,
  to: Place,
): Interval | null {
  const worthAt = (place: Place) => {
    const design = designAt(effects[0]!.design.c * 10 ** place.x);
    const median = mixtureQuantile(trend.at(place), 0.5);
    const effect = Math.abs(median) > LEAST_EFFECT ? median : -LEAST_EFFECT;
    return (draw: BaseLawDraw) => Math.log(multiplierFor(baseLaw, draw, design, effect, "compute")) / effect;
  };
  const [before, after] = [worthAt(from), worthAt(to)];
  const stride = Math.ceil(baseLaw.draws.length / NUM_LAWS);
  const laws = baseLaw.draws
    .filter((_, i) => i % stride === 0)
    .map((draw) => [before(draw), after(draw)] as const);
  if (laws.some(([a, b]) => !Number.isFinite(a) || !Number.isFinite(b))) return null;
  const parts = laws.flatMap(([a, b]) => trend.change(from, to, a, b));
  const at = (fraction: number) => Math.exp(mixtureQuantile(parts, fraction) / (to.x - from.x));
  return { median: at(0.5), lo: at(0.05), hi: at(0.95) };
}

/** Where the effect passes zero, looked for from the lowest rung to six decades beyond the largest. */
export function crossoverOf(found: FeatureEffects, trend: EffectTrend, top: Place): Crossover {
  const decades = Array.from(
    { length: Math.ceil((top.x + HORIZON) / CROSSOVER_STEP) + 1 },
    (_, i) => i * CROSSOVER_STEP,
  );
  const lowest = found.effects[0]!.design.c;
  const chance = (x: number) => chanceBelowZero(trend.at({ x, r: 0 }));
  const slope = momentsOf(trend.change({ x: 0, r: 0 }, top)).mean;
  const { first, middle, last } = crossingsOf(chance, decades, slope > 0);
  const computeAt = (x: number | null) => (x === null ? Number.POSITIVE_INFINITY : lowest * 10 ** x);
  const compute = { median: computeAt(middle), lo: computeAt(first), hi: computeAt(last) };
  const paramsAt = (c: number) => (c > 0 && Number.isFinite(c) ? found.designAt(c).n : c);
  return {
    kind: slope > 0 ? "stops helping above" : "starts helping above",
    compute,
    params: { median: paramsAt(compute.median), lo: paramsAt(compute.lo), hi: paramsAt(compute.hi) },
  };
}

export function detectable(
  found: FeatureEffects,
  trend: EffectTrend,
  top: Place,
  target: Design,
): FeatureReport["minimumDetectable"] {
  const [atLargest, atTarget] = [top, found.placeOf(target)].map(
    (place) => POWER_80 * momentsOf(trend.at(place)).sd,
  ) as [number, number];
  const exact: readonly Part[] = [{ weight: 1, mean: -atTarget, sd: 1e-9 }];
  return {
    atLargestPercent: percent(atLargest),
    atTargetPercent: percent(atTarget),
    atTargetMultiplier: multipliersOf(found.baseLaw, target, exact).computeMultiplier.median,
  };
}

/** Every scale above a cut, predicted from the scales below it; the noise of its own runs is part of the interval. */
export function backTestOf(found: FeatureEffects): readonly FeatureBackTestRow[] {
  const scales = scalesOf(found.effects);
  return scales.slice(MIN_SCALES - 1, -1).flatMap((cut, i) => {
    const numBelow = i + MIN_SCALES;
    const trend = trendOf(found, scales.slice(0, numBelow));
    return scales.slice(numBelow).map((scale): FeatureBackTestRow => {
      const held = pool(found, scale);
      const variance = sharedVariance(found, held, held);
      const parts = trend
        .at(held, held.noiseFactor)
        .map((part) => ({ ...part, sd: Math.sqrt(part.sd ** 2 + variance) }));
      const predictedPercent = percentRange(parts);
      const actualPercent = percent(held.value);
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

/** Of the further rungs that take a tenth off the interval at the target, the one that takes most per FLOP. */
export function furtherRungOf(found: FeatureEffects, trend: EffectTrend, target: Design): FurtherRung | null {
  const scales = scalesOf(found.effects);
  const top = scales.at(-1)!.c;
  const computes = scales.map(({ c }) => c);
  for (let c = top * 10 ** 0.25; c < target.c * 1.01; c *= 10 ** 0.25) computes.push(c);
  const asked = found.placeOf(target);
  const candidates = computes.flatMap((c) =>
    PAIRS_TRIED.map((numPairs): FurtherRung => {
      const design = found.designAt(c);
      const { now, after } = trend.narrowing(asked, found.placeOf(design), numPairs);
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

/** What to keep in mind of a verdict this far out, from so few scales. */
export function reachWarnings(reach: number, numScales: number): readonly string[] {
  return [
    ...(reach > 100
      ? [
          `the target is ${reach.toExponential(1)} times the largest rung: a trend that bends would not have been seen`,
        ]
      : []),
    ...(numScales < 5
      ? [`${numScales} scales: the trend rests mostly on prior belief; 5 or more speak for themselves`]
      : []),
  ];
}
