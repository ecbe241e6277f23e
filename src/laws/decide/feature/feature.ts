/** @file Does a change still help at the target? Two ladders in, with and without it; multipliers, trend, odds and a verdict out. */

import type { Design } from "../../../law/law.ts";
import type { Interval } from "../../../math/interval.ts";
import type { TableRun } from "../../table/table.ts";
import {
  backTestOf,
  crossoverOf,
  detectable,
  furtherRungOf,
  multiplierSlopeOf,
  percentRange,
  reachWarnings,
  scaleReport,
  slopeOf,
  trendOf,
} from "./answers.ts";
import { effectsOf } from "./effects.ts";
import { multipliersOf } from "./multiplier.ts";
import { checkScales, scalesOf } from "./scales.ts";
import { chanceBelowZero } from "./trend.ts";
import { judge } from "./verdict.ts";

/** What one scale of the ladder says by itself. */
export type FeatureScale = {
  /** Compute of the base's runs there, in FLOPs. */
  readonly c: number;
  readonly n: number;
  readonly d: number;
  /** Designs compared at this compute, and pairs of runs behind them. */
  readonly numDesigns: number;
  readonly numPairs: number;
  /** How they were compared: same design and seed, same design, or against the base's law. */
  readonly comparison: "pairs" | "means" | "law";
  /** log(loss with / loss without) at equal compute, in percent: negative helps. */
  readonly effectPercent: Interval;
  /** How many times the compute the base would need for the same loss. */
  readonly computeMultiplier: Interval;
  /** How many times the tokens the base would need at the same N; null where the table has no tokens. */
  readonly tokenMultiplier: Interval | null;
};

/** One left-out scale, predicted from the scales below it. */
export type FeatureBackTestRow = {
  readonly c: number;
  readonly reach: number;
  readonly predictedPercent: Interval;
  readonly actualPercent: number;
  readonly inside: boolean;
};

/** Where the change stops (or starts) to help along the ladder's path: the compute at which its effect passes zero. `Infinity`: not before six decades beyond the ladder; 0: below it. */
export type Crossover = {
  readonly kind: "stops helping above" | "starts helping above";
  readonly compute: Interval;
  readonly params: Interval;
};

/** A further rung, with and without the change, and what it would buy. */
export type FurtherRung = {
  readonly c: number;
  readonly n: number;
  readonly d: number;
  readonly numPairs: number;
  /** FLOPs of all its runs. */
  readonly cost: number;
  /** Width of the 90 % interval of the effect at the target, in percent, now and after it. */
  readonly widthNowPercent: number;
  readonly widthAfterPercent: number;
};

export type FeatureVerdict = { readonly decision: "adopt" | "drop" | "undecided"; readonly reason: string };

/** Everything that the two ladders say about the change. */
export type FeatureReport = {
  readonly target: Design;
  /** Target compute over the largest scale's. */
  readonly reach: number;
  readonly scales: readonly FeatureScale[];
  /** Effect's change per decade of compute, in percent: positive means that a benefit shrinks. */
  readonly trendPercentPerDecade: Interval;
  /** Factor by which the compute multiplier changes per decade; null where a multiplier is unbounded. A steady one is 1, while its effect shrinks. */
  readonly multiplierPerDecade: Interval | null;
  /** Noise of one pair's difference, and how far the effect wanders off its trend per square root of a decade, in percent. */
  readonly pairNoisePercent: number;
  readonly driftPercent: number;
  readonly atTarget: {
    readonly effectPercent: Interval;
    readonly computeMultiplier: Interval;
    readonly tokenMultiplier: Interval | null;
    readonly probabilityHelps: number;
  };
  readonly crossover: Crossover;
  /** Smallest effect that this ladder finds 4 times out of 5: at its largest scale, and at the target. */
  readonly minimumDetectable: {
    readonly atLargestPercent: number;
    readonly atTargetPercent: number;
    readonly atTargetMultiplier: number;
  };
  readonly backTest: readonly FeatureBackTestRow[];
  /** Null where no rung up to the target's compute narrows the interval. */
  readonly furtherRung: FurtherRung | null;
  readonly verdict: FeatureVerdict;
  readonly warnings: readonly string[];
};

export type FeatureOptions = {
  /** Compute multiplier below which the change is not worth having, even if it is real; 1.01 if left out. */
  readonly worth?: number;
  readonly seed?: number;
};

/** Judges a change from runs with it (`feature`) and without it (`base`). Deterministic. Throws a `UserError` where they cannot be compared. */
export function judgeFeature(
  base: readonly TableRun[],
  feature: readonly TableRun[],
  target: Design,
  options: FeatureOptions = {},
): FeatureReport {
  const found = effectsOf(base, feature, options.seed ?? 0);
  checkScales(found, target);
  const scales = scalesOf(found.effects);
  const trend = trendOf(found, scales);
  const place = found.placeOf(target);
  const top = scales.at(-1)!;
  const topPlace = { x: top.x, r: 0 };
  const parts = trend.at(place);
  const facts = {
    target,
    reach: target.c / top.c,
    scales: scales.map((scale) => scaleReport(found, trend, scale)),
    trendPercentPerDecade: slopeOf(trend, { x: scales[0]!.x, r: 0 }, topPlace),
    multiplierPerDecade: multiplierSlopeOf(found, trend, { x: scales[0]!.x, r: 0 }, topPlace),
    pairNoisePercent: 100 * trend.pairNoise,
    driftPercent: 100 * trend.drift,
    atTarget: {
      effectPercent: percentRange(parts),
      ...multipliersOf(found.baseLaw, target, parts),
      probabilityHelps: chanceBelowZero(parts),
    },
    crossover: crossoverOf(found, trend, topPlace),
    minimumDetectable: detectable(found, trend, topPlace, target),
    backTest: backTestOf(found),
    furtherRung: furtherRungOf(found, trend, target),
  };
  const verdict = judge({ ...facts, worth: options.worth ?? 1.01 });
  return { ...facts, verdict, warnings: [...found.warnings, ...reachWarnings(facts.reach, scales.length)] };
}
