/** @file Options that the commands of `longrun laws` share: a table's columns, and which rows count. */

import type { Command } from "commander";
import type { CommonOptions } from "../arguments.ts";

export type TableFlags = CommonOptions & {
  readonly columns?: string;
  readonly where?: readonly string[];
  readonly keepAll?: true;
};

/** Adds --columns, --where and --keep-all. */
export function withTableFlags(command: Command): Command {
  return command
    .option(
      "--columns <names>",
      "what the table's columns are: n=params,d=tokens,c=flops,loss=val_loss,unique=...,weight=...",
    )
    .option(
      "--where <condition>",
      "use only these rows: column=value, or != < <= > >= between them; may be given again",
      (condition: string, before: readonly string[] = []) => [...before, condition],
    )
    .option("--keep-all", "keep the rows that would be set aside");
}
