/** @file The public surface of training: a run from specification to model, checkpoints, model folders. */

export { nextAttempt } from "../record/workspace.ts";
export {
  type Checkpoint,
  type DamagedCheckpoint,
  latestCheckpoint,
  loadCheckpoint,
  openCheckpoint,
} from "./checkpoint.ts";
export { type FinishedModel, readHuggingFace, writeHuggingFace } from "./hugging-face.ts";
export { optimiserOf, type PlannedRun, type ProgramFlops, programFlops } from "./planned-run.ts";
export { type RunPlace, type RunWatch, trainRun, UNWATCHED } from "./run.ts";
export type { RunEvent } from "./run-event.ts";
export { type RunSpec, runSpecSchema, tokensOf } from "./run-spec.ts";
export {
  readSafetensors,
  type Safetensors,
  type StoredTensor,
  type TensorOf,
  type TensorToWrite,
  writeSafetensors,
} from "./safetensors.ts";
export { type SampleOptions, sampleText } from "./sample.ts";
export { type FolderSample, sampleFolder } from "./sample-folder.ts";
export type { Section } from "./section.ts";
export type { RunSummary } from "./summary.ts";
