/** @file Which runs of a table the laws can speak of: those that some recipe would choose. */

import { UserError } from "../../errors.ts";
import type { Design } from "../../law/law.ts";
import { significant } from "../../units/print.ts";
import type { TableRun } from "../table/run-table.ts";
import { isOneRecipe } from "./candidate-laws.ts";

/**
 * With fewer tokens than parameters a model is still in the first steps of learning, where loss falls by
 * another law: runs of Porian et al. at 0.1 tokens a parameter lie at twice the loss of their neighbours.
 */
const LEAST_RATIO = 1;
/** Up to 4 epochs are nearly as good as fresh text; past some 10, more can hurt (arXiv 2305.16264). */
const MOST_EPOCHS = 8;
/** Fewest computes of one recipe's ladder: with three, level, exponent and floor leave no noise. */
const LEAST_RUNGS = 4;
/** Fewest runs of a table over sizes and ratios, and designs that a cut of the back-test needs below it. */
const LEAST_RUNS = 6;
const LEAST_DESIGNS = 10;

/** Distinct designs that a cut of the back-test needs below it. */
export function leastBelow(designs: readonly Design[]): number {
  return isOneRecipe(designs) ? LEAST_RUNGS : LEAST_DESIGNS;
}

/** Runs that a forecast can use, and those that it cannot. */
export type Suitable = {
  readonly runs: readonly TableRun[];
  readonly setAside: readonly { readonly run: string; readonly reason: string }[];
};

/** Why no law here speaks of a design; undefined where one does. */
export function reasonAgainst({ n, d, unique }: Design): string | undefined {
  if (d < LEAST_RATIO * n)
    return `${significant(d / n, 2)} tokens a parameter: still in the first steps of learning`;
  const epochs = d / (unique ?? d);
  return epochs > MOST_EPOCHS
    ? `${significant(epochs, 3)} passes over its text: beyond what repeats are worth`
    : undefined;
}

/** Sets aside what no recipe would choose. Throws a `UserError` where too little is left. */
export function suitableRuns(runs: readonly TableRun[]): Suitable {
  checkNumbers(runs);
  // A ladder is of one recipe, whatever its ratio.
  if (isOneRecipe(runs)) {
    checkRungs(runs);
    return { runs, setAside: [] };
  }
  const judged = runs.map((run) => ({ run, reason: reasonAgainst(run) }));
  const kept = judged.filter(({ reason }) => reason === undefined).map(({ run }) => run);
  if (kept.length < LEAST_RUNS) {
    const aside = runs.length - kept.length;
    const after =
      aside === 0
        ? ""
        : `, after ${aside} were set aside (fewer tokens than parameters, or more than ${MOST_EPOCHS} passes)`;
    throw new UserError(
      `${kept.length} runs to forecast from${after}`,
      `at least ${LEAST_RUNS}, or ${LEAST_RUNGS} rungs of one recipe at one D / N`,
      "add runs of a few sizes at 10 to 40 tokens a parameter",
    );
  }
  return {
    runs: kept,
    setAside: judged.flatMap(({ run, reason }) => (reason === undefined ? [] : [{ run: run.run, reason }])),
  };
}

function checkNumbers(runs: readonly TableRun[]): void {
  const bad = runs.find(({ n, d, c, loss }) => [n, d, c, loss].some((x) => !(x > 0 && x < Infinity)));
  if (bad === undefined) return;
  throw new UserError(
    `${bad.run} with N ${bad.n}, D ${bad.d}, C ${bad.c}, loss ${bad.loss}`,
    "positive, finite numbers",
    Number.isFinite(bad.loss)
      ? "correct the sizes of this run, or leave it out"
      : "leave diverged runs out, or train them again with a lower learning rate",
  );
}

function checkRungs(runs: readonly TableRun[]): void {
  const numRungs = new Set(runs.map(({ c }) => c)).size;
  if (numRungs >= LEAST_RUNGS) return;
  throw new UserError(
    `${numRungs} rungs of different compute`,
    `at least ${LEAST_RUNGS}, better 6, to forecast from`,
    "add rungs to the ladder",
  );
}
