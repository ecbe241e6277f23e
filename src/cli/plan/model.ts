/** @file The model that --model names: a published one, a config.json, or a campaign file's target. */

import { basename, dirname, extname, join, resolve } from "node:path";
import { isFolder, readText } from "../../input-file.ts";
import type { DecoderShape } from "../../model/shape.ts";
import { modelOfConfig } from "../../plan/shape/hugging-face.ts";
import type { ModelShape } from "../../plan/shape/model-shape.ts";
import { preset } from "../../plan/shape/presets.ts";
import { furtherPredictionNote } from "../../plan/shape/remarks.ts";
import { modelOfCampaign } from "./campaign-model.ts";

export type NamedModel = {
  readonly model: ModelShape;
  /** What our own engine would train; null where the model is not described in its terms. */
  readonly decoder: DecoderShape | null;
  /** What a campaign file says of them; null elsewhere. */
  readonly sequence: number | null;
  readonly batchSequences: number | null;
  /** What is worth saying of it. */
  readonly notes: readonly string[];
};

/**
 * Reads the model.
 * Throws a `UserError` for unknown names, with the near ones, and files that are none.
 */
export function readModel(text: string): NamedModel {
  const path = isFolder(text) ? join(text, "config.json") : text;
  const kind = extname(path).toLowerCase();
  if (![".yaml", ".yml", ".json"].includes(kind)) return described(preset(text), []);
  const content = readText(path, "a config.json or a campaign file");
  if (kind !== ".json") return modelOfCampaign(path, content);
  // Models are known by their folder: every configuration has the same name.
  const name = basename(path) === "config.json" ? basename(dirname(resolve(path))) : basename(path, kind);
  const { model, notes } = modelOfConfig(content, name);
  return described(model, notes);
}

function described(model: ModelShape, notes: readonly string[]): NamedModel {
  const note = furtherPredictionNote(model);
  const all = note === null ? notes : [...notes, note];
  return { model, decoder: null, sequence: null, batchSequences: null, notes: all };
}
