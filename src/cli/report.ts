/** @file `longrun report`: the written account of a campaign, made anew from its record. */

import type { Command } from "commander";
import { type CommonOptions, DEFAULT_FOLDER, finish } from "./arguments.ts";
import { printJson, printText } from "./output.ts";

export function addReport(program: Command): void {
  const command = program
    .command("report")
    .description("Write report.md and its figures from a campaign's record, also while it runs.")
    .argument("[folder]", "the campaign's folder", DEFAULT_FOLDER);
  finish(command, "longrun report runs/first-light").action(runReport);
}

async function runReport(folder: string, { json }: CommonOptions): Promise<void> {
  const { writeReport } = await import("../campaign/account/write-report.ts");
  const report = await writeReport(folder);
  if (json) printJson({ report });
  else printText(report);
}
