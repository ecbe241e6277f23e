/** @file Does a change still help at the target? Two ladders, with and without it, and a verdict. */

import type { Design } from "../../../law/law.ts";
import type { Interval } from "../../../math/interval.ts";
import { significant } from "../../../units/print.ts";
import { TESTED_REACH } from "../../forecast/forecast.ts";
import type { TableRun } from "../../table/run-table.ts";
import { type Multipliers, multipliersOf } from "./base-law.ts";
import { type ComparedLadders, compareLadders } from "./effects.ts";
import {
  backTestOf,
  type Crossover,
  crossoverOf,
  type FeatureBackTestRow,
  type FeatureScale,
  type FurtherRung,
  furtherRungOf,
  type MinimumDetectable,
  minimumDetectable,
  multiplierSlopeOf,
  percentInterval,
  scaleReport,
  slopeOf,
  trendOf,
} from "./findings.ts";
import { chanceBelowZero, type EffectTrend } from "./trend.ts";
import { type FeatureVerdict, judge } from "./verdict.ts";

/** Everything that the two ladders say about the change. */
export type FeatureReport = {
  readonly target: Design;
  /** Target compute over the largest scale's. */
  readonly reach: number;
  readonly scales: readonly FeatureScale[];
  /** Effect's change per decade of compute, in percent: positive means that a benefit shrinks. */
  readonly trendPercentPerDecade: Interval;
  /** Factor on the compute multiplier per decade, 1 if steady; null where a multiplier is unbounded. */
  readonly multiplierPerDecade: Interval | null;
  /** Noise of one pair's difference, in percent. */
  readonly pairNoisePercent: number;
  /** How far the effect drifts off its trend per square root of a decade, in percent. */
  readonly driftPercent: number;
  readonly atTarget: Multipliers & {
    readonly effectPercent: Interval;
    readonly probabilityHelps: number;
  };
  readonly crossover: Crossover;
  readonly minimumDetectable: MinimumDetectable;
  readonly backTest: readonly FeatureBackTestRow[];
  /** Null where no rung up to the target's compute narrows the interval. */
  readonly furtherRung: FurtherRung | null;
  readonly verdict: FeatureVerdict;
  readonly warnings: readonly string[];
};

/** When a change is worth having. */
export type FeatureOptions = {
  /** Compute multiplier below which the change is not worth having, even if it is real; 1.01 if left out. */
  readonly worth?: number;
};

export type FeatureStudy = {
  readonly report: FeatureReport;
  /** Effect in percent of the loss, with its 90 % interval, along the ladder to the target: for figures. */
  readonly band: () => readonly (Interval & { readonly flops: number })[];
};

/** The report alone. Throws a `UserError` where the tables cannot be compared. */
export function judgeFeature(
  base: readonly TableRun[],
  feature: readonly TableRun[],
  target: Design,
  options: FeatureOptions = {},
): FeatureReport {
  return studyFeature(base, feature, target, options).report;
}

/** Judges a change from runs with and without it. Deterministic. Throws as `judgeFeature` does. */
export function studyFeature(
  base: readonly TableRun[],
  feature: readonly TableRun[],
  target: Design,
  { worth = 1.01 }: FeatureOptions = {},
): FeatureStudy {
  const compared = compareLadders(base, feature, target);
  const { scales, baseLaw } = compared;
  const trend = trendOf(compared, scales);
  const [bottom, top] = [
    { x: scales[0]!.x, r: 0 },
    { x: scales.at(-1)!.x, r: 0 },
  ];
  const parts = trend.at(compared.positionOf(target));
  const facts = {
    target,
    reach: target.c / scales.at(-1)!.c,
    scales: scales.map((scale) => scaleReport(compared, trend, scale)),
    trendPercentPerDecade: slopeOf(trend, bottom, top),
    multiplierPerDecade: multiplierSlopeOf(compared, trend, bottom, top),
    pairNoisePercent: 100 * trend.pairNoise,
    driftPercent: 100 * trend.drift,
    atTarget: {
      effectPercent: percentInterval(parts),
      ...multipliersOf(baseLaw, target, parts),
      probabilityHelps: chanceBelowZero(parts),
    },
    crossover: crossoverOf(compared, trend, top),
    minimumDetectable: minimumDetectable(compared, trend, top, target),
    backTest: backTestOf(compared),
    furtherRung: furtherRungOf(compared, trend, target),
  };
  const warnings = [...compared.warnings, ...reachWarnings(facts.reach, scales.length)];
  return {
    report: { ...facts, verdict: judge(facts, worth), warnings },
    band: () => bandOf(compared, trend, target),
  };
}

const NUM_POINTS = 41;

function bandOf({ scales, lowestCompute, positionOf }: ComparedLadders, trend: EffectTrend, target: Design) {
  const top = Math.log10(scales.at(-1)!.c);
  const [from, to] = [Math.log10(scales[0]!.c), Math.max(Math.log10(target.c), top)];
  const { r } = positionOf(target);
  return Array.from({ length: NUM_POINTS }, (_, i) => {
    const flops = 10 ** (from + ((to - from) * i) / (NUM_POINTS - 1));
    // Where the target leaves the ladder's D / N, the band turns towards it beyond the ladder.
    const share = to > top ? Math.max(0, Math.log10(flops) - top) / (to - top) : 0;
    return { flops, ...percentInterval(trend.at({ x: Math.log10(flops / lowestCompute), r: r * share })) };
  });
}

/** What to keep in mind of a verdict this far out, from so few scales. */
function reachWarnings(reach: number, numScales: number): readonly string[] {
  const far = `the target is ${significant(reach, 2)} times the largest rung`;
  return [
    ...(reach > TESTED_REACH ? [`${far}: a trend that bends would not have been seen`] : []),
    ...(numScales < 5
      ? [`${numScales} scales: the trend rests mostly on the priors; 5 or more speak for themselves`]
      : []),
  ];
}
