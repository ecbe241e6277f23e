/** @file Scores every model of a folder on the same tasks: what loss-to-capability laws stand on. */

import { availableParallelism } from "node:os";
import { type Corpus, openCorpus } from "../corpus/corpus.ts";
import { readTokenizer } from "../corpus/tokenizer.ts";
import { compile } from "../engine/compile.ts";
import { headLoss } from "../engine/operations/loss.ts";
import { Session } from "../engine/session.ts";
import { leaf } from "../engine/tensor.ts";
import { UserError } from "../errors.ts";
import { readText } from "../input-file.ts";
import { decoder } from "../model/decoder.ts";
import { scoreHeldOut } from "../train/held-out.ts";
import type { FinishedModel } from "../train/hugging-face.ts";
import type { RunSpec } from "../train/run-spec.ts";
import { buildTasks } from "./build.ts";
import { type Found, findScorable, type Scorable } from "./scorable.ts";
import { type EncodedTask, encodeTask, scoreTask, type TaskScore } from "./score.ts";
import { Scorer } from "./scorer.ts";
import { chanceOf, type Task } from "./task.ts";
import { parseTaskFile } from "./user-file.ts";

/** Which tasks are made, and which models are scored on them. */
export type EvaluateOptions = {
  /** Names of tasks, and paths of JSONL files. */
  readonly tasks: readonly string[];
  readonly seed: number;
  /** Items of each task that is made here; a file's are all used. */
  readonly numItems: number;
  /** The corpus folder whose held-out text is used; a campaign brings its own. */
  readonly corpus?: string | undefined;
  /** Only the models at the end of their runs. */
  readonly onlyFinished: boolean;
  readonly tell: (text: string) => void;
};

/** One model and its scores, in the order of `tasks`. */
export type EvaluatedModel = Omit<Scorable, "load" | "spec" | "sequenceLength" | "vocabularySize"> & {
  readonly scores: readonly TaskScore[];
};

/** A task without its items, and what came of the items. */
export type TaskNotes = Pick<Task, "name" | "question" | "kind" | "notes"> & {
  readonly chance: number;
  readonly numItems: number;
  readonly numCut: number;
  readonly numTooLong: number;
};

/** Every model's score on every task. */
export type Evaluation = {
  readonly tasks: readonly TaskNotes[];
  readonly rows: readonly EvaluatedModel[];
  /** What was not scored, and why. */
  readonly leftOut: readonly string[];
};

/** Held-out tokens scored for a model whose run has not done so; as many as runs of a campaign score. */
const HELD_OUT_TOKENS = 160_000;

/** Scores all models of the folder. The same folder, tasks and seed give the same scores. */
export async function evaluateFolder(folder: string, options: EvaluateOptions): Promise<Evaluation> {
  const found = findScorable(folder);
  found.warnings.forEach(options.tell);
  const tokenizer = readTokenizer(found.tokenizer);
  const corpus = corpusFor(found, tokenizer.hash, options);
  const [models, leftOut] = split(found.models, tokenizer.vocabularySize, options.onlyFinished);
  const sequenceLength = Math.min(...models.map((model) => model.sequenceLength));
  const built = options.tasks.flatMap((name) => tasksNamed(name, corpus, sequenceLength, options));
  refuseTwins(built);
  const empty = built.filter(({ items }) => items.length < 2);
  if (empty.length === built.length) refuseEmpty(empty);
  const encoded = built
    .filter(({ items }) => items.length >= 2)
    .map((task) => encodeTask(task, tokenizer, sequenceLength));
  const rows: EvaluatedModel[] = [];
  for (const { load, spec, sequenceLength: _, vocabularySize: __, ...facts } of models) {
    options.tell(`${facts.run}${facts.step === null ? "" : `, step ${facts.step}`}`);
    const model = load();
    const loss = facts.heldOutBitsPerByte ?? (corpus ? await heldOutLoss(model, corpus, spec) : null);
    rows.push({ ...facts, heldOutBitsPerByte: loss, scores: await scoresOf(model, encoded) });
  }
  return {
    tasks: encoded.map(notesOf),
    rows,
    leftOut: [...empty.map(({ name, notes }) => `task ${name}: ${notes.join("; ")}`), ...leftOut],
  };
}

function corpusFor(found: Found, tokenizerHash: string, { corpus, tasks }: EvaluateOptions): Corpus | null {
  const folder = corpus ?? found.corpus;
  if (folder === null) {
    const builtIn = tasks.find((name) => !isFile(name));
    if (builtIn === undefined) return null;
    throw new UserError(
      `task ${builtIn}, and no corpus beside the model`,
      "held-out text to make the task from",
      "give the folder of the prepared corpus: --corpus FOLDER",
    );
  }
  const opened = openCorpus(folder);
  if (opened.tokenizer.hash === tokenizerHash) return opened;
  throw new UserError(
    `the corpus ${folder} has another tokenizer than the model`,
    "the corpus that the model was trained on",
    "give its folder: --corpus FOLDER",
  );
}

function split(
  all: readonly Scorable[],
  vocabularySize: number,
  onlyFinished: boolean,
): readonly [readonly Scorable[], readonly string[]] {
  const fits = (model: Scorable) => model.vocabularySize === vocabularySize;
  const models = all.filter((model) => fits(model) && (model.isFinished || !onlyFinished));
  if (models.length === 0)
    throw new UserError(
      `none of ${all.length} checkpoints is of a finished run with this tokenizer`,
      "at least one model to score",
      "let a run finish, or score checkpoints under way too: leave out --finished",
    );
  const leftOut = all
    .filter((model) => !fits(model))
    .map(
      ({ run, vocabularySize: size }) =>
        `${run}: its vocabulary of ${size} is not the tokenizer's ${vocabularySize}`,
    );
  return [models, leftOut];
}

/** Large benchmarks have 20 MB. */
const MOST_TASK_BYTES = 64e6;

const isFile = (name: string) => /\.jsonl$/i.test(name);

function tasksNamed(
  name: string,
  corpus: Corpus | null,
  sequenceLength: number,
  { seed, numItems }: EvaluateOptions,
): readonly Task[] {
  if (!isFile(name)) return buildTasks([name], corpus!, { sequenceLength, seed, numItems });
  return [parseTaskFile(readText(name, "a JSONL file of items", "check the path", MOST_TASK_BYTES), name)];
}

function refuseTwins(tasks: readonly Task[]): void {
  const repeated = tasks.find(({ name }, i) => tasks.findIndex((other) => other.name === name) < i);
  if (repeated)
    throw new UserError(
      `two tasks of the name ${repeated.name}`,
      "a name for each",
      "rename the file, or name the task once",
    );
}

function refuseEmpty(tasks: readonly Task[]): never {
  throw new UserError(
    `no task has two items: ${tasks.map(({ name, notes }) => `${name}: ${notes.join("; ")}`).join(". ")}`,
    "held-out text, and a sequence, that tasks can be made from",
    "hold out more text, name other tasks, or bring a JSONL file",
  );
}

async function scoresOf(
  model: FinishedModel,
  encoded: readonly EncodedTask[],
): Promise<readonly TaskScore[]> {
  const scorer = new Scorer(model, { numThreads: availableParallelism() });
  const scores: TaskScore[] = [];
  for (const task of encoded) scores.push(await scoreTask(scorer, task));
  return scores;
}

/** Held-out loss in bits per byte, as runs score it at their end. */
async function heldOutLoss(
  { shape, sequenceLength, parameters }: FinishedModel,
  corpus: Corpus,
  spec: RunSpec | null,
): Promise<number> {
  const batchSequences = spec?.batchSequences ?? 8;
  const numRows = batchSequences * sequenceLength;
  const tokens = leaf("tokens", [numRows], "i32");
  const { hidden, head } = decoder(shape, { batch: batchSequences, sequenceLength }, tokens);
  const losses = headLoss(hidden, head, leaf("targets", [numRows], "i32"));
  const session = new Session(compile({ evaluate: { losses } }), { numThreads: availableParallelism() });
  for (const [name, values] of parameters) session.floats(name).set(values);
  const heldOutTokens = spec?.heldOutTokens ?? HELD_OUT_TOKENS;
  const score = await scoreHeldOut(session, corpus, { sequenceLength, batchSequences, heldOutTokens });
  return score.all.bitsPerByte;
}

function notesOf({ task, items, numCut, numTooLong }: EncodedTask): TaskNotes {
  const { name, question, kind, notes } = task;
  const cut =
    numCut > 0
      ? [`${numCut} of ${items.length} contexts are longer than the model sees: cut on the left`]
      : [];
  const long =
    numTooLong > 0 ? [`${numTooLong} items left out: a choice alone is longer than the model sees`] : [];
  const chance = chanceOf({ ...task, items: items.map(({ item }) => item) });
  return {
    name,
    question,
    kind,
    chance,
    numItems: items.length,
    numCut,
    numTooLong,
    notes: [...notes, ...cut, ...long],
  };
}
