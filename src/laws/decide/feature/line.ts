/** @file The trend of a change's effect as a line with its band, from the smallest scale to the target: for figures. */

import type { Design } from "../../../law/law.ts";
import type { Interval } from "../../../math/interval.ts";
import type { TableRun } from "../../table/table.ts";
import { percentRange, trendOf } from "./answers.ts";
import { effectsOf } from "./effects.ts";
import { checkScales, scalesOf } from "./scales.ts";

const NUM_POINTS = 41;

/** Effect in percent of the loss, with its 90 % band, along the base's path; the same posterior as `judgeFeature`'s. */
export function effectLine(
  base: readonly TableRun[],
  feature: readonly TableRun[],
  target: Design,
): readonly (Interval & { readonly flops: number })[] {
  const found = effectsOf(base, feature, 0);
  checkScales(found, target);
  const scales = scalesOf(found.effects);
  const trend = trendOf(found, scales);
  const [from, to] = [Math.log10(scales[0]!.c), Math.log10(Math.max(target.c, scales.at(-1)!.c))];
  const r = found.placeOf(target).r;
  return Array.from({ length: NUM_POINTS }, (_, i) => {
    const flops = 10 ** (from + ((to - from) * i) / (NUM_POINTS - 1));
    // Where the target leaves the ladder's ratio of tokens to parameters, the line turns towards it beyond the ladder.
    const beyond = Math.max(0, Math.log10(flops) - Math.log10(scales.at(-1)!.c));
    const share = to > Math.log10(scales.at(-1)!.c) ? beyond / (to - Math.log10(scales.at(-1)!.c)) : 0;
    const x = Math.log10(flops / found.effects[0]!.design.c);
    return { flops, ...percentRange(trend.at({ x, r: r * share })) };
  });
}
