/** @file Which runs of a table a surface can speak of: those that some recipe would choose. */

import { UserError } from "../../errors.ts";
import type { Design } from "../../law/law.ts";
import type { TableRun } from "../table/table.ts";

/**
 * With fewer tokens than parameters a model is still in the first steps of learning, where loss falls by another law: runs of
 * Porian et al. at 0.1 tokens a parameter lie at twice the loss of their neighbours.
 */
const LEAST_RATIO = 1;
/** Up to 4 epochs are nearly as good as fresh text, past some 10 more of them can hurt, which no form here says (arXiv 2305.16264). */
const MOST_EPOCHS = 8;
/** Fewest runs to fit a surface to. */
export const LEAST_RUNS = 10;

export type Usable = {
  readonly runs: readonly TableRun[];
  readonly setAside: readonly { readonly run: string; readonly reason: string }[];
};

/** Why no surface speaks of a design; undefined where one does. */
export function reasonAgainst({ n, d, unique }: Design): string | undefined {
  if (d < LEAST_RATIO * n)
    return `${(d / n).toPrecision(2)} tokens a parameter: still in the first steps of learning`;
  const epochs = d / (unique ?? d);
  return epochs > MOST_EPOCHS
    ? `${epochs.toPrecision(3)} passes over its text: beyond what repeats are worth`
    : undefined;
}

/** Sets aside what no recipe would choose. Throws a `UserError` where too little is left. */
export function usableRuns(runs: readonly TableRun[]): Usable {
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
      `at least ${LEAST_RUNS}`,
      "add runs of a few sizes at 10 to 40 tokens a parameter",
    );
  }
  return {
    runs: kept,
    setAside: judged.flatMap(({ run, reason }) => (reason === undefined ? [] : [{ run: run.run, reason }])),
  };
}
