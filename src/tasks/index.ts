/** @file The public surface of the tasks: from held-out text or a file, scored for every model. */

export { type BuildOptions, buildTasks, TASK_NAMES } from "./build.ts";
export type { EncodedItem, TokenRow } from "./encode.ts";
export {
  type EvaluatedModel,
  type EvaluateOptions,
  type Evaluation,
  evaluateFolder,
  type TaskNotes,
} from "./evaluate.ts";
export type { ScoreEstimate } from "./interval.ts";
export type { Scorable } from "./scorable.ts";
export { type EncodedTask, encodeTask, type GroupScore, scoreTask, type TaskScore } from "./score.ts";
export { type RowScore, Scorer } from "./scorer.ts";
export { chanceOf, type Item, type Task } from "./task.ts";
export { parseTaskFile } from "./user-file.ts";
