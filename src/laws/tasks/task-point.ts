/** @file A model's loss and its score on a task; and whether a ladder's scores can bear a law at all. */

import { UserError } from "../../errors.ts";
import { normalQuantile } from "../../math/normal.ts";
import { fixed, formatShare } from "../../units/print.ts";
import { LEAST_SD } from "./posterior.ts";

/** A model's loss and its accuracy on a task. */
export type TaskPoint = {
  readonly loss: number;
  /** Accuracy, 0 to 1. */
  readonly score: number;
  /** Accuracy of guessing; 0 for an open task. */
  readonly chance: number;
  /** Standard deviation of the score over items; 0 where it is not known. */
  readonly sd: number;
};

const FEWEST_POINTS = 4;

/** Throws a `UserError` that says what is missing. */
export function checkTaskPoints(points: readonly TaskPoint[]): void {
  const bad = points.find(
    ({ loss, score, chance, sd }) =>
      !(loss > 0 && loss < Infinity && score >= 0 && score <= 1 && chance >= 0 && chance < 1 && sd >= 0),
  );
  if (bad)
    throw new UserError(
      `a run with loss ${bad.loss}, score ${bad.score}, chance ${bad.chance}, standard deviation ${bad.sd}`,
      "a positive loss, a score and its chance between 0 and 1, a standard deviation of at least 0",
      "give accuracies as shares, not percent; a continuous score (bits per byte) is forecast as a loss",
    );
  const chances = new Set(points.map(({ chance }) => chance));
  if (chances.size > 1)
    throw new UserError(
      `chance levels of ${[...chances].join(", ")} in one column`,
      "one task, with the same choices for every run",
      "score every run on the same items",
    );
  const distinct = new Set(points.map(({ loss }) => loss)).size;
  if (distinct < FEWEST_POINTS)
    throw new UserError(
      `scores of ${distinct} models of different loss`,
      `at least ${FEWEST_POINTS}`,
      "add rungs to the ladder",
    );
  refuseChance(points);
}

/** Of n runs at chance, one ladder in twenty shows an excess of so many deviations (Bonferroni). */
function refuseChance(points: readonly TaskPoint[]): void {
  const needed = normalQuantile(1 - 0.05 / points.length);
  const excess = Math.max(
    ...points.map(({ score, chance, sd }) => (score - chance) / Math.max(sd, LEAST_SD)),
  );
  if (excess > needed) return;
  const chance = formatShare(points[0]!.chance, 0);
  const largest = `the largest excess is ${fixed(excess, 1)} standard deviations`;
  throw new UserError(
    `accuracy within noise of chance (${chance}) on all ${points.length} runs: ${largest}`,
    `an excess of ${fixed(needed, 1)} in one of them; this ladder says nothing of emergence`,
    "use the continuous score: forecast the task's bits per byte as the loss; or score more items, or " +
      "larger rungs",
  );
}
