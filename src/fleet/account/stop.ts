/** @file Ends what runs in a folder: after its step, at its next checkpoint, or at once. */

import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { eventsOf } from "../../record/events.ts";
import { readJson, writeFileAtomic } from "../../record/files.ts";
import { openRecord, readRecord, writerOf } from "../../record/record.ts";
import { checkpointsFolder, drainFile, runFolder } from "../../record/workspace.ts";
import { listCheckpoints } from "../../train/checkpoint.ts";
import { type CommandTask, commandTaskSchema } from "../command-task.ts";
import { ATTEMPT_VARIABLE, attemptFolder, readFence, taskFile } from "../process/attempt-folder.ts";
import { livingProcesses } from "../process/living.ts";
import { pidsWith, sendSignal, sessionMembers } from "../process/proc.ts";
import { SpoolReader } from "../process/spool.ts";
import { stoppedText } from "../recorded-run.ts";

/**
 * `step`: after the step that is under way, with a checkpoint. `checkpoint`: at the next one that is written
 * anyway. `now`: by SIGKILL, what was done since the last checkpoint is lost.
 */
export type StopWhen = "step" | "checkpoint" | "now";

/** Who still lives. */
export type StillRunning = {
  /** The process that holds the record; null: there is none. */
  readonly supervisor: { readonly pid: number; readonly isStopped: boolean } | null;
  readonly processes: readonly { readonly pid: number; readonly run: string; readonly rank: number }[];
};

/** What was ended, and where it goes on. */
export type Stopped = {
  readonly hadSupervisor: boolean;
  /** Runs that had processes, with their newest checkpoint; null: none is known. */
  readonly runs: readonly { readonly run: string; readonly checkpointStep: number | null }[];
};

const POLL_MS = 100;

/** Who lives in a folder. Throws a `UserError` where it has no record. */
export function stillRunning(folder: string): StillRunning {
  readRecord(folder);
  const processes = livingProcesses(folder).map(({ pid, run, rank }) => ({ pid, run, rank }));
  return { supervisor: writerOf(folder), processes };
}

/**
 * Asks for it, and resolves when nothing lives any more. Throws a `UserError` where it would never come.
 * @param onWait told again and again who is waited for
 */
export async function stopFolder(
  folder: string,
  when: StopWhen,
  onWait: (still: StillRunning) => void,
  signal: AbortSignal,
): Promise<Stopped> {
  const first = stillRunning(folder);
  if (when === "checkpoint" && !isNobody(first)) {
    refuseUnheard(folder, first);
    writeFileAtomic(drainFile(folder), `${JSON.stringify({ since: new Date().toISOString() })}\n`);
  }
  const asked = new Set<number>();
  for (let still = first; !isNobody(still); still = stillRunning(folder)) {
    ask(folder, still, when, asked);
    onWait(still);
    await setTimeout(POLL_MS, undefined, { signal });
  }
  const runs = [...new Set(first.processes.map(({ run }) => run))];
  if (first.supervisor === null && when !== "now") recordStops(folder, runs);
  rmSync(drainFile(folder), { force: true });
  return {
    hadSupervisor: first.supervisor !== null,
    runs: runs.map((run) => ({ run, checkpointStep: newestStep(folder, run) })),
  };
}

const isNobody = ({ supervisor, processes }: StillRunning) => supervisor === null && processes.length === 0;

/** A command is asked to stop by its supervisor, when that hears of a checkpoint: some are never heard of. */
function refuseUnheard(folder: string, { supervisor, processes }: StillRunning): void {
  for (const { run } of processes) {
    const task = commandTaskOf(folder, run);
    if (task === null || (supervisor && task.checkpoints !== undefined)) continue;
    throw new UserError(
      supervisor
        ? `${run} is a command without --checkpoints: nobody knows when it has saved`
        : `${run} is a command that nobody supervises: nobody hears when it has saved`,
      "a run whose checkpoints are heard of",
      `\`longrun stop ${folder}\` ends it now, by SIGTERM` +
        (supervisor ? "" : "; or give its command again, which adopts it, and drain it then"),
    );
  }
}

/** Null: the run is not of a command. */
function commandTaskOf(folder: string, run: string): CommandTask | null {
  const { attempt } = readFence(runFolder(folder, run))!;
  const task = commandTaskSchema.safeParse(readJson(taskFile(attemptFolder(folder, run, attempt))));
  return task.data ?? null;
}

/** Of a run's checkpoints; null: none is known. */
export function newestStep(folder: string, run: string): number | null {
  if (commandTaskOf(folder, run) === null)
    return listCheckpoints(checkpointsFolder(folder, run)).at(-1)?.step ?? null;
  // A foreign one lies where its pattern says, and was heard of.
  return eventsOf(readRecord(folder).events, "checkpoint-written", run).at(-1)?.data.step ?? null;
}

/** The supervisor passes it on to its processes; those that have none are asked themselves. */
function ask(
  folder: string,
  { supervisor, processes }: StillRunning,
  when: StopWhen,
  asked: Set<number>,
): void {
  if (when === "checkpoint") return;
  if (when === "now") {
    if (supervisor) sendSignal(supervisor.pid, "SIGKILL");
    const sessions = sessionMembers(new Set(processes.map(({ pid }) => pid))).map(({ pid }) => pid);
    for (const pid of [...sessions, ...startedIn(folder, processes)]) sendSignal(pid, "SIGKILL");
    return;
  }
  const pids = supervisor ? [supervisor.pid] : processes.map(({ pid }) => pid);
  for (const pid of pids.filter((each) => !asked.has(each))) {
    asked.add(pid);
    sendSignal(pid, "SIGTERM");
  }
}

/** What processes have started in sessions of their own, as torchrun does. */
const startedIn = (folder: string, processes: StillRunning["processes"]) =>
  [...new Set(processes.map(({ run }) => run))].flatMap((run) => {
    const fence = readFence(runFolder(folder, run));
    return fence ? pidsWith(ATTEMPT_VARIABLE, resolve(attemptFolder(folder, run, fence.attempt))) : [];
  });

/** Without a supervisor nobody has heard their last words. */
function recordStops(folder: string, runs: readonly string[]): void {
  const reasons = runs.flatMap((run) => {
    const step = stoppedAt(folder, run);
    return step === null ? [] : [{ run, reason: stoppedText(folder, step) }];
  });
  using record = openRecord(folder);
  for (const { run, reason } of reasons) record.append({ run, kind: "interrupted", data: { reason } });
  const isCampaign = eventsOf(record.events, "campaign-planned").length > 0;
  for (const { run, reason } of isCampaign ? reasons.slice(0, 1) : [])
    record.append({ run: null, kind: "interrupted", data: { reason: `in ${run}: ${reason}` } });
}

function stoppedAt(folder: string, run: string): number | null {
  const fence = readFence(runFolder(folder, run));
  if (fence === null) return null;
  using spool = new SpoolReader(attemptFolder(folder, run, fence.attempt), 0);
  const last = spool.messages().at(-1);
  return last?.kind === "stopped" ? last.step : null;
}
