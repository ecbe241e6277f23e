/** @file Which runs did not finish: what their State says, in the words of the trackers and schedulers. */

import { formatList } from "../../units/print.ts";
import type { FoundColumn } from "./columns.ts";
import type { RawTable } from "./parse-rows.ts";

/** W&B, MLflow, Neptune, ClearML, Optuna, SageMaker, Vertex, Slurm. Ray's TERMINATED has come to its end. */
const FINISHED =
  /^(finish(ed)?|complete[d]?|done|succe(ss|eded|ssful)|ok|ended|closed|published|terminated|inactive|exited|true|1)$/;
const UNFINISHED = new RegExp(
  "^(crash(ed)?|fail(ed|ure)?|kill(ed)?|error(ed)?|abort(ed)?|cancel(l?ed)?|stopp(ed|ing)|interrupted|preempt(ed|ing)" +
    "|running|active|idle|in ?progress|pending|queued|waiting|scheduled|starting|suspended|paused|pruned" +
    "|time ?d? ?out|out of memory|oom|node fail|diverged|nan|false|0)$",
);

const wordsOf = (cell: string) =>
  cell
    .toLowerCase()
    .replace(/^(job|run|trial)_?state_/, "")
    .replace(/[\s_-]+/g, " ")
    .trim();

/** Why a run whose state this is does not count; null where it finished, or where the word is not known. */
export function unfinishedReason({ name }: FoundColumn, cell: string): string | null {
  return UNFINISHED.test(wordsOf(cell)) ? `not finished (${name} ${cell}); --keep-all keeps it` : null;
}

/** Words that say neither, which are then said. */
export function stateWarnings({ rows }: RawTable, { name, index }: FoundColumn): readonly string[] {
  const known = (cell: string) => FINISHED.test(wordsOf(cell)) || UNFINISHED.test(wordsOf(cell));
  const odd = rows.map(({ cells }) => cells[index]!).filter((cell) => !known(cell));
  // A column of other words altogether (a phase, a place) is not about the end of runs.
  if (odd.length === 0 || odd.length === rows.length) return [];
  const words = formatList([...new Set(odd)].map((cell) => (cell === "" ? "(empty)" : cell)));
  return [`column ${name} says ${words} of ${odd.length} runs, which are taken for finished`];
}
