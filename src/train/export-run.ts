/** @file A finished run as a Hugging Face folder: its last checkpoint, the corpus's tokenizer, a card. */

import { tokenizerPath } from "../corpus/steps.ts";
import { UserError } from "../errors.ts";
import { checkpointsFolder, type Workspace } from "../record/workspace.ts";
import { latestCheckpoint, loadCheckpoint } from "./checkpoint.ts";
import { type FinishedModel, writeHuggingFace } from "./hugging-face.ts";
import type { RunSpec } from "./run-spec.ts";

/** Writes the model folder of the workspace from a run that has done all its steps. */
export function exportRun(workspace: Workspace, run: string, spec: RunSpec, card: string): FinishedModel {
  const folder = checkpointsFolder(workspace.folder, run);
  const { checkpoint } = latestCheckpoint(folder);
  if (checkpoint?.step !== spec.numSteps)
    throw new UserError(
      `the last checkpoint of ${run} is ${checkpoint ? `of step ${checkpoint.step}` : "missing"}`,
      `a whole one of step ${spec.numSteps} in ${folder}`,
      "put the folder back, or start again in a new folder",
    );
  const parameters = new Map(
    loadCheckpoint(checkpoint).model.flatMap(({ name, data }) =>
      data instanceof Float32Array ? [[name, data] as const] : [],
    ),
  );
  const model = { shape: spec.shape, sequenceLength: spec.sequenceLength, parameters };
  writeHuggingFace(workspace.model, model, tokenizerPath(workspace.corpus), card);
  return model;
}
