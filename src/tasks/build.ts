/** @file The tasks by name, made from a corpus's held-out text. */

import type { Corpus } from "../corpus/corpus.ts";
import { UserError } from "../errors.ts";
import { agreementTask } from "./agreement.ts";
import { clozeTasks } from "./cloze.ts";
import { copyTask } from "./copy.ts";
import { recallTask } from "./recall.ts";
import type { Task, TaskGround } from "./task.ts";
import { heldOutPassages } from "./words.ts";

const BUILDERS: Readonly<Record<string, (ground: TaskGround) => readonly Task[]>> = {
  cloze: clozeTasks,
  agreement: (ground) => [agreementTask(ground)],
  copy: (ground) => [copyTask(ground)],
  recall: (ground) => [recallTask(ground)],
};

/** What `--tasks` may name, besides files. */
export const TASK_NAMES: readonly string[] = Object.keys(BUILDERS);

/** What the items depend on besides corpus and tokenizer. */
export type BuildOptions = {
  readonly sequenceLength: number;
  readonly seed: number;
  readonly numItems: number;
};

/** Makes the tasks of these names. The same corpus, options and tokenizer give the same items. */
export function buildTasks(
  names: readonly string[],
  corpus: Pick<Corpus, "tokenizer"> & {
    readonly sources: readonly Pick<Corpus["sources"][number], "heldOut">[];
  },
  options: BuildOptions,
): readonly Task[] {
  const { tokenizer, sources } = corpus;
  const ground: TaskGround = {
    ...options,
    passages: heldOutPassages(sources, tokenizer),
    lengthOf: (text) => tokenizer.encode(text).length,
  };
  return names.flatMap((name) => {
    const build = Object.hasOwn(BUILDERS, name) ? BUILDERS[name] : undefined;
    if (build) return build(ground);
    throw new UserError(
      `the task "${name}"`,
      `one of ${TASK_NAMES.join(", ")}, or a file whose name ends in .jsonl`,
      "correct --tasks",
    );
  });
}
