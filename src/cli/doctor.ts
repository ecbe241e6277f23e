/** @file `longrun doctor`: what longrun needs of this machine, what is missing and how to get it. */

import type { Command } from "commander";
import { native } from "../engine/native.ts";
import { left } from "../report/markdown.ts";
import { type CommonOptions, finish } from "./arguments.ts";
import { doctorChecks, gatherFacts, type MachineCheck } from "./doctor-checks.ts";
import { EXIT, printResult } from "./output.ts";
import { type Paint, paintFor } from "./terminal/paint.ts";
import { table, wrapped } from "./terminal/table.ts";

const COLOURS = { ok: "green", warn: "yellow", missing: "red" } as const;

export function defineDoctor(command: Command): void {
  finish(command, "longrun doctor").action(runDoctor);
}

/** Exit code 1 where something is missing. */
async function runDoctor({ json }: CommonOptions): Promise<void> {
  const checks = doctorChecks(await gatherFacts(".", async () => native.instructionSets()));
  printResult({ json }, { checks }, () => checksText(checks, paintFor(process.stdout)));
  if (checks.some(({ status }) => status === "missing")) process.exitCode = EXIT.failed;
}

function checksText(checks: readonly MachineCheck[], paint: Paint): string {
  const amiss = checks.filter(({ remedy }) => remedy !== null);
  const overview = table(checks, [
    left("", ({ status }) => paint(COLOURS[status], status)),
    left("what", ({ name }) => name),
    wrapped("found", ({ found }) => found),
  ]);
  const remedies = amiss.map(({ name, remedy }) => `${name}: ${remedy}`);
  return [overview, "", ...(amiss.length === 0 ? ["Everything is there."] : remedies)].join("\n");
}
