/** @file Text from a finished model, wherever it lies: a campaign's folder or a Hugging Face folder. */

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { readTokenizer } from "../corpus/tokenizer.ts";
import { UserError } from "../errors.ts";
import { refuseDamagedIn } from "../record/custody.ts";
import { workspaceOf } from "../record/workspace.ts";
import { readHuggingFace } from "./hugging-face.ts";
import { type SampleOptions, sampleText } from "./sample.ts";

/** A continuation, and the model that wrote it. */
export type FolderSample = {
  /** The folder that the model was found in. */
  readonly model: string;
  /** The continuation, without the prompt. */
  readonly text: string;
};

/** Samples from the model in a folder. The text does not depend on the number of threads. */
export async function sampleFolder(
  folder: string,
  options: Omit<SampleOptions, "numThreads">,
): Promise<FolderSample> {
  const model = modelFolderOf(folder);
  refuseDamagedIn(dirname(model), ({ of }) => of === "model");
  const tokenizerPath = join(model, "tokenizer.json");
  if (!existsSync(tokenizerPath))
    throw new UserError(
      `no tokenizer.json in ${model}`,
      "the folder of a model that longrun wrote",
      "put the file back, or export the model again",
    );
  const tokenizer = readTokenizer(tokenizerPath);
  const text = await sampleText(readHuggingFace(model), tokenizer, {
    ...options,
    numThreads: availableParallelism(),
  });
  return { model, text };
}

function modelFolderOf(folder: string): string {
  const candidates = [folder, workspaceOf("", folder).model];
  const found = candidates.find((candidate) => existsSync(join(candidate, "config.json")));
  if (found !== undefined) return found;
  throw new UserError(
    `no trained model in ${folder}`,
    "a campaign's folder whose target is trained, or a folder with config.json and model.safetensors",
    "launch the campaign to its end first, or name another folder",
  );
}
