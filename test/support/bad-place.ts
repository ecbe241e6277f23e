/** @file A place that is broken: whatever trains there is killed. */

import { setTimeout as sleep } from "node:timers/promises";
import { attemptFolder, readFence } from "../../src/fleet/process/attempt-folder.ts";
import { livingProcesses } from "../../src/fleet/process/living.ts";
import { SpoolReader } from "../../src/fleet/process/spool.ts";
import { runFolder } from "../../src/record/workspace.ts";
import type { Command } from "./processes.ts";

/** Kills whatever has done a step there, until the command has ended, or something else is. */
export async function badPlace(
  folder: string,
  place: string,
  command: Command,
  isOver: () => boolean = () => false,
): Promise<void> {
  const killed = new Set<number>();
  while (!command.hasEnded && !isOver()) {
    for (const { pid, run, rank, place: where } of livingProcesses(folder))
      if (where === place && !killed.has(pid) && hasTrained(folder, run, rank)) {
        process.kill(pid, "SIGKILL");
        killed.add(pid);
      }
    await sleep(5);
  }
}

function hasTrained(folder: string, run: string, rank: number): boolean {
  const attempt = readFence(runFolder(folder, run))!.attempt;
  using spool = new SpoolReader(attemptFolder(folder, run, attempt), rank);
  return (spool.beat()?.step ?? 0) > 0;
}
