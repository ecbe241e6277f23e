/** @file Where a fit starts: at most eight of the law's own points, those that cost least. */

import { assert } from "../../errors.ts";
import type { Law, Run } from "../../law/law.ts";
import { type Loss, lossNumbers } from "./loss.ts";
import { type FitData, objectiveOf } from "./objective.ts";

/** On every public table here the best of eight reaches what a search from hundreds finds (bench/laws.ts). */
const MOST_STARTS = 8;

/** Starting points, best first. */
export function startingPoints(
  law: Law,
  runs: readonly Run[],
  data: FitData,
  loss: Loss,
): readonly Float64Array[] {
  // Under the absolute loss points are ranked as its minimiser ranks them: smoothed.
  const objective = objectiveOf(law, data, lossNumbers(loss, 0.01));
  const unused = new Float64Array(law.parameters.length);
  const ranked = law
    .starts(runs)
    .map((theta) => ({ theta, cost: objective(theta, unused) }))
    .filter(({ cost }) => Number.isFinite(cost))
    .sort((a, b) => a.cost - b.cost)
    .slice(0, MOST_STARTS);
  assert(ranked.length > 0, `${law.name} can be evaluated at one start or more`);
  return ranked.map(({ theta }) => theta);
}
