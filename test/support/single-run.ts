/** @file How the one run in a folder gets on, as its files tell while it trains: steps, nodes, numbers. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { machineOf } from "../../src/fleet/decide/places.ts";
import { attemptFolder, readProcesses } from "../../src/fleet/process/attempt-folder.ts";
import { SpoolReader } from "../../src/fleet/process/spool.ts";
import { eventsOf } from "../../src/record/events.ts";
import { readRecord } from "../../src/record/record.ts";

export const runIn = (folder: string) => readdirSync(join(folder, "runs"))[0]!;

/** Until an attempt has come to this step. */
export async function stepped(folder: string, attempt: number, step: number): Promise<void> {
  for (;;) {
    const run = existsSync(join(folder, "runs")) ? runIn(folder) : undefined;
    const at = run && attemptFolder(folder, run, attempt);
    if (at && existsSync(at)) {
      using spool = new SpoolReader(at, 0);
      if ((spool.beat()?.step ?? -1) >= step) return;
    }
    await sleep(10);
  }
}

/** By rank. */
export const nodesOf = (folder: string, attempt: number) =>
  readProcesses(attemptFolder(folder, runIn(folder), attempt))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ place }) => machineOf(place));

/** Of its first rank. */
export const nodeOf = (folder: string, attempt: number) => nodesOf(folder, attempt)[0]!;

/** The held-out loss that it came to, in nats per token. */
export function heldOut(folder: string): number {
  const [finished] = eventsOf(readRecord(folder).events, "run-finished");
  return (finished!.data.summary as { heldOut: { all: { natsPerToken: number } } }).heldOut.all.natsPerToken;
}
