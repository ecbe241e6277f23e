/** @file Effects of nearly one compute are one scale; and what keeps a ladder of scales from being judged. */

import { UserError } from "../../../errors.ts";
import type { Design } from "../../../law/law.ts";
import { mean, median } from "../../../math/statistics.ts";
import type { FeatureEffect, FeatureEffects } from "./effects.ts";

/** Designs within a tenth of one another in compute make one scale. */
export const SCALE_GAP = Math.log10(1.1);
/** A typical loss ratio beyond 1.6, up or down, is another unit or another text, not a change to a recipe. */
const LARGEST_EFFECT = Math.log(1.6);
/** Fewest scales: with two, trend and noise cannot be told apart. */
export const MIN_SCALES = 3;

/** Effects whose compute is nearly the same, smallest first; `x` is their middle. */
export type ScaleEffects = {
  readonly x: number;
  readonly c: number;
  readonly effects: readonly FeatureEffect[];
};

export function scalesOf(effects: readonly FeatureEffect[]): readonly ScaleEffects[] {
  const scales: FeatureEffect[][] = [];
  for (const effect of effects) {
    const last = scales.at(-1);
    if (last && effect.x - last[0]!.x < SCALE_GAP) last.push(effect);
    else scales.push([effect]);
  }
  return scales.map((own) => ({
    x: mean(own.map(({ x }) => x)),
    c: 10 ** mean(own.map(({ design }) => Math.log10(design.c))),
    effects: own,
  }));
}

/** Throws a `UserError` unless there are scales enough, in one unit, and a target that is a number. */
export function checkScales({ effects }: FeatureEffects, target: Design): void {
  const scales = scalesOf(effects);
  if (scales.length < MIN_SCALES) {
    const have = scales.map(({ c }) => c.toExponential(1)).join(" and ");
    throw new UserError(
      `base and feature can be compared at ${scales.length} ${scales.length === 1 ? "scale" : "scales"} of compute (${have} FLOPs)`,
      `at least ${MIN_SCALES}, better 5, over a decade or more: a trend cannot be told from noise with fewer`,
      `run both at ${MIN_SCALES - scales.length} more, for instance ${(scales.at(-1)!.c * 4).toExponential(0)} FLOPs`,
    );
  }
  const typical = median(effects.map(({ value }) => value));
  if (Math.abs(typical) > LARGEST_EFFECT) {
    throw new UserError(
      `the feature's loss is typically ${Math.exp(typical).toPrecision(3)} times the base's at the same design`,
      "losses in one unit, of one held-out text: a change to a recipe moves them by less than 1.6 times",
      "evaluate both on the same text, in the same unit (nats per token, or bits per byte)",
    );
  }
  if (!(target.c > 0 && Number.isFinite(target.c))) {
    throw new UserError(
      `a target of ${target.c} FLOPs`,
      "a positive number",
      "give the target's compute, or its N and D",
    );
  }
}
