/** @file `longrun report`: the written account of a campaign, made anew from its record. */

import type { Command } from "commander";
import { writeReport } from "../campaign/account/write-report.ts";
import { isTruth, refuseDamaged } from "../record/custody.ts";
import { type CommonOptions, DEFAULT_FOLDER, finish } from "./arguments.ts";
import { printResult } from "./output.ts";

export function defineReport(command: Command): void {
  command.argument("[folder]", "the campaign's folder", DEFAULT_FOLDER);
  finish(command, "longrun report runs/first-light").action(runReport);
}

async function runReport(folder: string, { json }: CommonOptions): Promise<void> {
  const { path: report, damaged } = await writeReport(folder);
  printResult({ json }, { report, damaged }, () => report);
  refuseDamaged(folder, damaged.filter(isTruth));
}
