/** @file A finished model with its tokenizer, found in a campaign's folder or a Hugging Face folder. */

import { dirname, join } from "node:path";
import { readTokenizer, type Tokenizer } from "../corpus/tokenizer.ts";
import { UserError } from "../errors.ts";
import { isThere } from "../input-file.ts";
import { modelWarnings, refuseDamagedIn } from "../record/custody.ts";
import { workspaceOf } from "../record/workspace.ts";
import { type FinishedModel, readHuggingFace } from "./hugging-face.ts";

/** A model that text can go into and come out of. */
export type UsableModel = {
  /** The folder that it was found in. */
  readonly model: string;
  readonly finished: FinishedModel;
  readonly tokenizer: Tokenizer;
  /** That nothing vouches for it, where a record should. */
  readonly warnings: readonly string[];
};

/** Reads it. Throws a `UserError` where there is none, or where a part of it is missing or damaged. */
export function openModelFolder(folder: string): UsableModel {
  const model = modelFolderOf(folder);
  refuseDamagedIn(dirname(model), ({ of }) => of === "model");
  const tokenizerPath = join(model, "tokenizer.json");
  if (!isThere(tokenizerPath))
    throw new UserError(
      `no tokenizer.json in ${model}`,
      "the folder of a model that longrun wrote",
      "put the file back, or export the model again",
    );
  return {
    model,
    tokenizer: readTokenizer(tokenizerPath),
    finished: readHuggingFace(model),
    warnings: modelWarnings(model),
  };
}

function modelFolderOf(folder: string): string {
  const candidates = [folder, workspaceOf("", folder).model];
  const found = candidates.find((candidate) => isThere(join(candidate, "config.json")));
  if (found !== undefined) return found;
  throw new UserError(
    `no trained model in ${folder}`,
    "a campaign's folder whose target is trained, or a folder with config.json and model.safetensors",
    "launch the campaign to its end first, or name another folder",
  );
}
