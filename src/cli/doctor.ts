/** @file `longrun doctor`: what longrun needs of this machine, what is missing and how to get it. */

import type { Command } from "commander";
import { native } from "../engine/native.ts";
import { type SlurmFacts, slurmChecks, slurmFacts } from "../fleet/slurm/slurm-checks.ts";
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
  const checks: readonly MachineCheck[] = [
    ...doctorChecks(await gatherFacts(".", async () => native.instructionSets())),
    ...slurmRows(await slurmFacts()),
  ];
  printResult({ json }, { checks }, () => checksText(checks, paintFor(process.stdout)));
  if (checks.some(({ status }) => status === "missing")) process.exitCode = EXIT.failed;
}

/** All but `--on slurm` does without. */
function slurmRows(facts: SlurmFacts): readonly MachineCheck[] {
  if (!facts.programs.some(({ isThere }) => isThere))
    return [{ name: "Slurm", status: "ok", found: "none here; only --on slurm needs it", remedy: null }];
  return slurmChecks(facts).map((check) =>
    check.status === "missing" ? { ...check, status: "warn" } : check,
  );
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
