/** @file `longrun export`: a trained model in the format of another tool. */

import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { exportGguf } from "../train/export-gguf.ts";
import { formatBytes } from "../units/print.ts";
import { type CommonOptions, DEFAULT_FOLDER, finish } from "./arguments.ts";
import { printAside, printResult } from "./output.ts";
import { outputOption } from "./output-file.ts";

type ExportOptions = CommonOptions & { readonly gguf: string };

export function defineExport(command: Command): void {
  command
    .argument(
      "[folder]",
      "a campaign's folder, or a model's (config.json, model.safetensors, tokenizer.json)",
      DEFAULT_FOLDER,
    )
    .addOption(outputOption("--gguf <file>", "write the model as GGUF, for llama.cpp").makeOptionMandatory());
  finish(command, "longrun export runs/first-light --gguf first-light.gguf").action(runExport);
}

function runExport(folder: string, options: ExportOptions): void {
  const { warnings, ...written } = exportGguf(folder, options.gguf, basename(resolve(folder)));
  warnings.forEach(printAside);
  printResult(
    options,
    written,
    () => `${options.gguf}: ${formatBytes(written.numBytes)}, of ${written.model}`,
  );
}
