/** @file Text from a finished model, wherever it lies. */

import { availableParallelism } from "node:os";
import { openModelFolder } from "./model-folder.ts";
import { type SampleOptions, sampleText } from "./sample.ts";

/** A continuation, and the model that wrote it. */
export type FolderSample = {
  /** The folder that the model was found in. */
  readonly model: string;
  /** The continuation, without the prompt. */
  readonly text: string;
  /** That nothing vouches for the model, where a record should. */
  readonly warnings: readonly string[];
};

/** Samples from the model in a folder. The text does not depend on the number of threads. */
export async function sampleFolder(
  folder: string,
  options: Omit<SampleOptions, "numThreads">,
): Promise<FolderSample> {
  const { model, finished, tokenizer, warnings } = openModelFolder(folder);
  const numThreads = availableParallelism();
  return { model, warnings, text: await sampleText(finished, tokenizer, { ...options, numThreads }) };
}
