/** @file Trains one planned run of a campaign in a process of its own, and keeps the record of it. Finished runs are not trained again. */

import { Interrupted, UserError } from "../errors.ts";
import { environmentOf, type Machine } from "../machine/this-machine.ts";
import { sha256 } from "../record/files.ts";
import { parseStored } from "../record/read-back.ts";
import type { RecordWriter } from "../record/record.ts";
import type { Workspace } from "../record/workspace.ts";
import type { PlannedRun } from "../train/planned-run.ts";
import type { RunEvent } from "../train/run.ts";
import type { RunSummary } from "../train/summary.ts";
import { runSummarySchema } from "../train/summary.ts";
import { runLocally } from "./local.ts";
import type { RunTask } from "./protocol.ts";

/** What training one run needs. */
export type RunContext = {
  readonly record: RecordWriter;
  readonly workspace: Workspace;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  tell(notice: RunNotice): void;
};

/** What a run tells on its way. */
export type RunNotice = { readonly kind: "run"; readonly run: PlannedRun; readonly event: RunEvent };

/** A planned run with the threads it gets. */
export type Placed = {
  readonly run: PlannedRun;
  readonly numThreads: number;
};

/** Checkpoints of a run may take this share of the free disk. */
const DISK_SHARE = 0.25;

/**
 * The name of a run in the record and on disk: equal names are equal runs, whatever became of the campaign file in between.
 * @param ground what else the run stands on: the corpus, and for a target the ladder that its bet is made from
 */
export function runName(run: PlannedRun, ground: string): string {
  return `${run.name}.${sha256(JSON.stringify([run.spec, ground])).slice(0, 8)}`;
}

/** The summary of a run that the record knows as finished. */
export function finishedSummary(context: Pick<RunContext, "record">, name: string): RunSummary | null {
  const finished = context.record.events.findLast(
    (event) => event.kind === "run-finished" && event.run === name,
  );
  if (finished?.kind !== "run-finished") return null;
  return parseStored(runSummarySchema, finished.data.details, `the summary of run ${name}`);
}

/** Trains to the end, or goes on where an earlier process stopped. `onEvent` sees every event of the run as it comes. */
export async function trainPlanned(
  context: RunContext,
  { run, numThreads }: Placed,
  name: string,
  onEvent: (event: RunEvent) => void = () => {},
): Promise<RunSummary> {
  const earlier = finishedSummary(context, name);
  if (earlier) return earlier;
  const { record, workspace, machine, signal, tell } = context;
  const task: RunTask = {
    name,
    spec: run.spec,
    folder: workspace.folder,
    corpusFolder: workspace.corpus,
    numThreads,
    instructionSet: machine.instructionSet,
    checkpointBytes: Math.floor(DISK_SHARE * machine.freeDiskBytes),
  };
  const watcher = {
    onEvent(_: RunTask, event: RunEvent) {
      recordRunEvent(context, name, run, numThreads, event);
      tell({ kind: "run", run, event });
      onEvent(event);
    },
    onCrash(_: RunTask, { evidence, reason }: { readonly evidence: string; readonly reason: string }) {
      record.append({
        run: name,
        kind: "incident",
        data: { what: "the run's process died", evidence: { evidence, reason }, severity: "warning" },
      });
    },
  };
  const outcome = await runLocally(task, watcher, signal);
  if (outcome.kind === "stopped") throw new Interrupted(`in run ${run.name}`);
  if (outcome.kind === "diverged")
    throw new UserError(
      `run ${run.name} diverged at step ${outcome.step}: its loss or gradient is no longer a finite number`,
      "a loss that falls",
      `lower recipe.learningRate (now ${run.spec.optimiser.learningRate}) in the campaign file; runs that are finished stay finished`,
    );
  return outcome.summary;
}

function recordRunEvent(
  { record, machine }: RunContext,
  name: string,
  run: PlannedRun,
  numThreads: number,
  event: RunEvent,
): void {
  switch (event.kind) {
    case "started": {
      const { attempt, fromStep, checkpoint, exact, damaged } = event;
      const environment = environmentOf(machine, { ...run.spec, numThreads });
      record.append({ run: name, kind: "run-started", data: { attempt, role: run.spec.role, environment } });
      for (const { path, reason } of damaged)
        record.append({
          run: name,
          kind: "incident",
          data: { what: "damaged checkpoint passed over", evidence: { path, reason }, severity: "warning" },
        });
      if (checkpoint)
        record.append({ run: name, kind: "run-resumed", data: { attempt, fromStep, checkpoint, exact } });
      return;
    }
    case "checkpoint":
      record.append({
        run: name,
        kind: "checkpoint-written",
        data: { step: event.step, path: event.path, bytes: event.bytes },
      });
      return;
    case "diverged": {
      const evidence = { step: event.step, loss: event.loss, gradientNorm: event.gradientNorm };
      record.append({
        run: name,
        kind: "incident",
        data: { what: "diverged", evidence, severity: "critical" },
      });
      return;
    }
    case "stopped":
      record.append({
        run: name,
        kind: "interrupted",
        data: { reason: `asked to stop; checkpoint at step ${event.step}` },
      });
      return;
    case "finished": {
      const { summary } = event;
      const { heldOut, numSteps, tokens, flops, wallSeconds, numAttempts } = summary;
      record.append({
        run: name,
        kind: "run-finished",
        data: {
          attempt: numAttempts,
          outcome: "completed",
          steps: numSteps,
          tokens,
          flops,
          seconds: wallSeconds,
          losses: {
            heldOutBitsPerByte: heldOut.all.bitsPerByte,
            heldOutNatsPerToken: heldOut.all.natsPerToken,
          },
          details: summary,
        },
      });
      return;
    }
    case "step":
    case "evaluating":
      return;
  }
}
