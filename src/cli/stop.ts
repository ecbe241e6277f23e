/** @file `longrun stop` and `longrun drain`: end what runs in a folder, and wait until it has ended. */

import type { Command } from "commander";
import type { JobRow } from "../fleet/account/job-status.ts";
import { type StillRunning, type Stopped, type StopWhen, stopFolder } from "../fleet/account/stop.ts";
import { type StoppedJobs, stopJobs } from "../fleet/account/stop-jobs.ts";
import { formatCount } from "../units/print.ts";
import { type CommonOptions, DEFAULT_FOLDER, finish } from "./arguments.ts";
import { untilInterrupted } from "./interrupt.ts";
import { printAside, printJson, printResult } from "./output.ts";

export function defineStop(command: Command): void {
  command
    .argument("[folder]", "the folder of a campaign or a run", DEFAULT_FOLDER)
    .option("--now", "kill it at once: what was done since the last checkpoint is lost");
  finish(command, "longrun stop runs/first-light").action(
    (folder: string, { json, now }: CommonOptions & { readonly now?: true }) =>
      runStop(folder, now ? "now" : "step", { json }),
  );
}

export function defineDrain(command: Command): void {
  command.argument("[folder]", "the folder of a campaign or a run", DEFAULT_FOLDER);
  finish(command, "longrun drain runs/first-light").action((folder: string, { json }: CommonOptions) =>
    runStop(folder, "checkpoint", { json }),
  );
}

async function runStop(folder: string, when: StopWhen, json: { readonly json?: true | undefined }) {
  let shown = "";
  const onWait = (who: string) => {
    const text = `waiting ${UNTIL[when]}: ${who}`;
    if (text !== shown) printAside(text);
    shown = text;
  };
  const ended = await untilInterrupted(
    () => printAside(`no longer waiting; ${when === "checkpoint" ? "it drains" : "it stops"} all the same`),
    async (signal) =>
      (await stopJobs(folder, when, (jobs) => onWait(jobsText(jobs)), signal)) ??
      (await stopFolder(folder, when, (still) => onWait(stillText(still)), signal)),
  );
  if (ended.kind === "done")
    printResult(json, { folder, when, ...ended.result }, () => text(folder, ended.result));
  else if (json.json) printJson({ interrupted: ended.where });
}

const UNTIL: Readonly<Record<StopWhen, string>> = {
  step: "until its step is done (--now would end it at once)",
  checkpoint: "until its next checkpoint",
  now: "until it is gone",
};

function stillText({ supervisor, processes }: StillRunning): string {
  const who = [
    ...(supervisor ? [`process ${supervisor.pid}, which supervises`] : []),
    ...processes.map(({ pid, run, rank }) => `process ${pid}, rank ${rank} of ${run}`),
  ];
  const isStuck = supervisor?.isStopped ? `; it is stopped by SIGSTOP: \`kill -CONT ${supervisor.pid}\`` : "";
  return `${who.join("; ")}${isStuck}`;
}

const jobsText = (jobs: readonly JobRow[]) =>
  jobs.map(({ job, state }) => `job ${job}, which is ${state}`).join("; ");

function text(folder: string, stopped: Stopped | StoppedJobs): string {
  const { runs } = stopped;
  if ("hadSupervisor" in stopped && !stopped.hadSupervisor && runs.length === 0)
    return `nothing runs in ${folder}`;
  const jobs = "jobs" in stopped ? stopped.jobs : [];
  const ended = jobs.map(
    ({ job, hadBegun }) => `job ${job}: ${hadBegun ? "ended" : "cancelled before it began"}`,
  );
  const lines = runs.map(({ run, checkpointStep }) =>
    checkpointStep === null
      ? `${run}: ended, and no checkpoint of it is known`
      : `${run}: ended, its checkpoint is of step ${formatCount(checkpointStep)}`,
  );
  return [...ended, ...lines, `nothing runs in ${folder} any more; the same command goes on`].join("\n");
}
