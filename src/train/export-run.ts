/** @file A finished run as a Hugging Face folder: its last checkpoint, the corpus's tokenizer, a card. */

import { basename } from "node:path";
import { tokenizerPath } from "../corpus/steps.ts";
import { UserError } from "../errors.ts";
import { damagedFiles, damageText, filesWritten, vouch } from "../record/custody.ts";
import type { RecordWriter } from "../record/record.ts";
import { checkpointsFolder, type Workspace } from "../record/workspace.ts";
import { latestCheckpoint, loadModel } from "./checkpoint.ts";
import { type FinishedModel, writeHuggingFace } from "./hugging-face.ts";
import type { RunSpec } from "./run-spec.ts";

/** Where a model goes, who vouches for it, and who is told of what was wrong. */
export type ExportPlace = {
  readonly workspace: Workspace;
  readonly record: RecordWriter;
  tell(notice: { readonly kind: "text"; readonly text: string }): void;
};

/** The damaged files of the model that the record vouches for. */
export const damagedModel = ({ workspace, record }: Pick<ExportPlace, "workspace" | "record">) =>
  damagedFiles(workspace.folder, record.events, ({ of }) => of === "model");

/** Exports a run, and has the record vouch for what was written. */
export function exportRecorded(
  { workspace, record, tell }: ExportPlace,
  ...[run, spec, card]: readonly [run: string, spec: RunSpec, card: string]
): FinishedModel {
  for (const file of damagedModel({ workspace, record }))
    tell({ kind: "text", text: `${damageText(file)}: the model is written anew` });
  const model = exportRun(workspace, run, spec, card);
  vouch(record, filesWritten(workspace.folder, "model", run, [basename(workspace.model)]));
  return model;
}

/** Writes the model folder of the workspace from a run that has done all its steps. */
function exportRun(workspace: Workspace, run: string, spec: RunSpec, card: string): FinishedModel {
  const folder = checkpointsFolder(workspace.folder, run);
  const { checkpoint } = latestCheckpoint(folder);
  if (checkpoint?.step !== spec.numSteps)
    throw new UserError(
      `the last checkpoint of ${run} is ${checkpoint ? `of step ${checkpoint.step}` : "missing"}`,
      `a whole one of step ${spec.numSteps} in ${folder}`,
      "put the folder back, or start again in a new folder",
    );
  const parameters = new Map(
    loadModel(checkpoint).flatMap(({ name, data }) =>
      data instanceof Float32Array ? [[name, data] as const] : [],
    ),
  );
  const model = { shape: spec.shape, sequenceLength: spec.sequenceLength, parameters };
  writeHuggingFace(workspace.model, model, tokenizerPath(workspace.corpus), card);
  return model;
}
