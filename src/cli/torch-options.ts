/** @file The options of commands that may train in PyTorch. */

import type { Command } from "commander";
import { wholeNumber } from "./arguments.ts";

export type TorchOptions = {
  readonly ranks?: number;
  readonly python?: string;
};

export function torchOptions(command: Command): void {
  command
    .option("--ranks <n>", "processes of a run in PyTorch (default: 1)", wholeNumber("--ranks", 1, 1024))
    .option("--python <python>", "a Python with PyTorch (default: python3, else longrun's own)");
}
