/** @file `longrun record audit`: were runs trained on the data of undisturbed ones, each step once? */

import type { Command } from "commander";
import { UserError } from "../errors.ts";
import type { RunAudit } from "../fleet/account/audit.ts";
import { auditFolder } from "../fleet/account/folder-audit.ts";
import { runsIn, timeInFolder } from "../fleet/account/folder-times.ts";
import { readRecord } from "../record/record.ts";
import { formatCount, formatList, formatWhole } from "../units/print.ts";
import { type CommonOptions, DEFAULT_FOLDER, finish } from "./arguments.ts";
import { unknownRun } from "./goodput.ts";
import { printResult } from "./output.ts";

export function defineAudit(command: Command): void {
  command
    .argument("[folder]", "the folder of a campaign or a run", DEFAULT_FOLDER)
    .argument("[run]", "one run of it (default: all)");
  finish(command, "longrun record audit runs/first-light").action(runAudit);
}

type Told = RunAudit & { readonly stepsRecomputed: number };

function runAudit(folder: string, run: string | undefined, { json }: CommonOptions): void {
  const { events } = readRecord(folder);
  const known = runsIn(events);
  if (run === undefined ? known.length === 0 : !known.includes(run)) throw unknownRun(folder, run, known);
  const audits = auditFolder(folder, events, run === undefined ? known : [run]).map((audit): Told => {
    const { attempts } = timeInFolder(folder, events, audit.run)!;
    return { ...audit, stepsRecomputed: attempts.reduce((sum, each) => sum + each.stepsRecomputed, 0) };
  });
  const wrong = audits.find(({ disagreement }) => disagreement !== null);
  printResult({ json }, { ok: wrong === undefined, runs: audits }, () => audits.map(auditText).join("\n"));
  if (wrong) throw disagrees(wrong);
}

function disagrees({ run, disagreement }: Told): UserError {
  const { step, found, expected } = disagreement!;
  return new UserError(
    `run ${run}, step ${step}: ${found}`,
    expected,
    "its numbers or the corpus were changed since (`longrun record verify --all` tells which), or it was " +
      "trained on other data: train it anew in a new folder",
  );
}

function headline({ disagreement, skipped, batchesProven, numSteps }: Told): string {
  if (disagreement) return "not the data of an undisturbed run";
  if (numSteps === 0) return "no step of which something could be proven";
  if (batchesProven < numSteps)
    return "nothing that is not the data of an undisturbed run, though not all is proven";
  return skipped.length > 0 ? "the data of an altered run" : "the data of an undisturbed run";
}

function auditText(audit: Told): string {
  const { run, numSteps, plannedSteps, tokens, numAttempts, batchesProven, skipped, unproven } = audit;
  const under = numSteps < plannedSteps ? ` of ${formatWhole(plannedSteps)}` : "";
  const proven =
    batchesProven === numSteps && numSteps > 0
      ? "each on the batch that an undisturbed run has there"
      : `${formatWhole(batchesProven)} of them on the batch that an undisturbed run has there`;
  return [
    `${run}: ${headline(audit)}`,
    ...(audit.disagreement || numSteps === 0
      ? []
      : [
          `  steps 1 to ${formatWhole(numSteps)}${under} once each, ${formatWhole(tokens)} tokens, ${proven}`,
          `  ${formatCount(numAttempts)} attempts, ${formatWhole(audit.stepsRecomputed)} steps done again`,
        ]),
    ...(skipped.length > 0
      ? [
          `  altered: steps ${formatList(skipped.map(String))} were trained on batches from beyond the run's end`,
        ]
      : []),
    ...unproven.map((text) => `  not proven: ${text}`),
  ].join("\n");
}
