/** @file What a reader should know before relying on a co-design. */

import type { ScalingLaw } from "../../law/scaling-law.ts";
import { fixed } from "../../units/print.ts";
import { FLAT_ASPECT } from "./assumptions.ts";
import type { ShapeCandidate } from "./candidate.ts";
import type { ShapeSearch } from "./optimise.ts";
import type { Routing } from "./shapes.ts";

/** Beyond so many times the largest run a law's own draws tell too little. */
const FAR_REACH = 100;

export function codesignWarnings(
  law: ScalingLaw,
  routings: readonly Routing[],
  best: ShapeCandidate,
  own: ShapeSearch,
  compute: number,
): readonly string[] {
  const aspect = best.choice.hidden / best.choice.numLayers;
  const warnings: string[] = [];
  if (law.draws.length === 0)
    warnings.push(
      "the law's file holds no draws: intervals carry the speed's and the assumptions' uncertainty alone",
    );
  if (law.largestCompute !== null && compute > FAR_REACH * law.largestCompute)
    warnings.push(
      `the run is ${Math.round(compute / law.largestCompute)} times the law's largest: ` +
        (law.isCalibrated ? "no back-test looks so far" : "its intervals are too narrow there"),
    );
  if (aspect > 0.9 * FLAT_ASPECT.hi || aspect < 1.1 * FLAT_ASPECT.lo)
    warnings.push(
      `hidden / layers is ${fixed(aspect, 0)}, at the edge of what is taken as flat ` +
        `(${FLAT_ASPECT.lo} to ${FLAT_ASPECT.hi}): the cluster prefers it so, the loss may not`,
    );
  if (routings.some((routing) => routing !== null))
    warnings.push(
      "what experts are worth is an assumption, not part of the law: compare routed with dense by " +
        "their intervals",
    );
  const sizes = own.tried.map(({ active }) => active);
  const isLargest = best.active >= Math.max(...sizes) / 1.05;
  if (isLargest && own.unfit.some((active) => active > best.active))
    warnings.push("memory holds the size down: no larger shape that was tried fits");
  else if (isLargest || best.active <= 1.05 * Math.min(...sizes))
    warnings.push("the best size lies at the end of those tried");
  return warnings;
}
