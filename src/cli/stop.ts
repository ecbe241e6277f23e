/** @file `longrun stop` and `longrun drain`: end what runs in a folder, and wait until it has ended. */

import type { Command } from "commander";
import { type StillRunning, type Stopped, type StopWhen, stopFolder } from "../fleet/account/stop.ts";
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
  const onWait = (still: StillRunning) => {
    const text = waitText(still, when);
    if (text !== shown) printAside(text);
    shown = text;
  };
  const ended = await untilInterrupted(
    () => printAside(`no longer waiting; ${when === "checkpoint" ? "it drains" : "it stops"} all the same`),
    (signal) => stopFolder(folder, when, onWait, signal),
  );
  if (ended.kind === "done")
    printResult(json, { folder, when, ...ended.result }, () => text(folder, ended.result));
  else if (json.json) printJson({ interrupted: ended.where });
}

function waitText({ supervisor, processes }: StillRunning, when: StopWhen): string {
  const who = [
    ...(supervisor ? [`process ${supervisor.pid}, which supervises`] : []),
    ...processes.map(({ pid, run, rank }) => `process ${pid}, rank ${rank} of ${run}`),
  ];
  const until = {
    step: "until its step is done (--now would end it at once)",
    checkpoint: "until its next checkpoint",
    now: "until it is gone",
  };
  const isStuck = supervisor?.isStopped ? `; it is stopped by SIGSTOP: \`kill -CONT ${supervisor.pid}\`` : "";
  return `waiting ${until[when]}: ${who.join("; ")}${isStuck}`;
}

function text(folder: string, { hadSupervisor, runs }: Stopped): string {
  if (!hadSupervisor && runs.length === 0) return `nothing runs in ${folder}`;
  const lines = runs.map(({ run, checkpointStep }) =>
    checkpointStep === null
      ? `${run}: ended, and no checkpoint of it is known`
      : `${run}: ended, its checkpoint is of step ${formatCount(checkpointStep)}`,
  );
  return [...lines, `nothing runs in ${folder} any more; the same command goes on`].join("\n");
}
