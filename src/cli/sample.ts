/** @file `longrun sample`: text from a trained model. */

import type { Command } from "commander";
import { sampleFolder } from "../train/sample-folder.ts";
import { type CommonOptions, DEFAULT_FOLDER, finish, nonNegative, wholeNumber } from "./arguments.ts";
import { printAside, printResult } from "./output.ts";

type SampleCommandOptions = CommonOptions & {
  readonly prompt: string;
  readonly tokens: number;
  readonly temperature: number;
  readonly top: number;
  readonly seed: number;
};

export function defineSample(command: Command): void {
  command
    .argument(
      "[folder]",
      "a campaign's folder, or a model's (config.json, model.safetensors, tokenizer.json)",
      DEFAULT_FOLDER,
    )
    .option("--prompt <text>", "the text to continue", "")
    .option("--tokens <n>", "tokens at most; a text may end earlier", wholeNumber("--tokens", 1, 1e6), 200)
    .option("--temperature <t>", "0 always takes the most likely token", nonNegative("--temperature"), 0.8)
    .option("--top <k>", "draw from the k most likely tokens", wholeNumber("--top", 1, 65_536), 50)
    .option("--seed <s>", "the same seed gives the same text", wholeNumber("--seed", 0), 1);
  finish(command, 'longrun sample runs/first-light --prompt "The sea" --tokens 100').action(runSample);
}

async function runSample(folder: string, options: SampleCommandOptions): Promise<void> {
  const { prompt, tokens: numTokens, temperature, top: topTokens, seed } = options;
  const sampling = { prompt, numTokens, temperature, topTokens, seed };
  const { model, text, warnings } = await sampleFolder(folder, sampling);
  warnings.forEach(printAside);
  printResult(options, { model, prompt, text, temperature, top: topTokens, seed }, () => prompt + text);
}
