/** @file A campaign on a Slurm of four nodes: in one job, its ladder side by side on the nodes. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attemptFolder, readProcesses } from "../src/fleet/attempt-folder.ts";
import { machineOf } from "../src/fleet/places.ts";
import { SpoolReader } from "../src/fleet/spool.ts";
import { type EventOf, eventsOf, type RecordEvent } from "../src/record/events.ts";
import { readRecord, recordPath } from "../src/record/record.ts";
import { writeCampaign, writeTexts } from "./support/campaigns.ts";
import { SlurmCluster, slurmIsMissing } from "./support/slurm.ts";

const PROGRAM = join(import.meta.dirname, "..", "bin", "longrun.js");
const missing = slurmIsMissing();

describe.skipIf(missing !== null)(
  `a campaign on Slurm${missing === null ? "" : ` (skipped: ${missing})`}`,
  () => {
    let cluster: SlurmCluster;
    let base: string;
    let file: string;

    beforeAll(async () => {
      cluster = await SlurmCluster.start();
      base = mkdtempSync(join(cluster.folder, "work-"));
      writeTexts(base);
      const ladder = { rungs: 6, decades: 1, seeds: 3, extraSeeds: 0 };
      file = writeCampaign(base, { budget: "250GFLOP", ladder });
    });
    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
    });

    const told = (...words: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words, "--json"], {
        env: cluster.environment,
        encoding: "utf8",
      });
      expect(status, stderr).toBe(0);
      return JSON.parse(stdout);
    };
    const queue = () => cluster.command("squeue", "-h", "-o", "%i %T").trim();

    /**
     * The node of a run of this name that is under way, which is stopped, so that it still is when its node
     * dies.
     */
    const nodeOfStopped = async (folder: string, name: RegExp): Promise<string> => {
      for (;;) {
        for (const { run, data } of underWay(eventsIn(folder)).filter((start) => name.test(start.run))) {
          const attempt = attemptFolder(folder, run, data.attempt);
          const [rank] = readProcesses(attempt);
          if (rank === undefined || !stop(rank.pid)) continue;
          using spool = new SpoolReader(attempt, 0);
          if (!spool.messages().some(({ kind }) => kind === "finished")) return machineOf(rank.place);
        }
        await sleep(20);
      }
    };

    test("loses nodes in ladder and target, and comes to the numbers of one machine, to the bit", async () => {
      const here = join(base, "here");
      told("launch", file, "--folder", here);

      const folder = join(base, "nodes");
      const words = ["launch", file, "--folder", folder, "--on", "slurm", "--nodes", "3", "--spares", "1"];
      const { job } = told(...words);
      const first = await nodeOfStopped(folder, /^rung-/);
      cluster.losePower(first);
      expect(told("status", folder).campaign.status).toEqual({ kind: "running", stage: "ladder" });
      const second = await nodeOfStopped(folder, /^target/);
      cluster.losePower(second);
      expect(queue()).toBe(`${job} RUNNING`);
      while (queue() !== "") await sleep(100);

      expect(numbersIn(folder)).toEqual(numbersIn(here));
      const events = eventsIn(folder);
      const lost = eventsOf(events, "incident").map(({ data }) => data.response);
      expect(new Set(lost.map((response) => response!.action))).toEqual(new Set(["spare"]));
      expect(new Set(lost.map((response) => machineOf(response!.place!)))).toEqual(new Set([first, second]));
      expect(first).not.toBe(second);
      expect(eventsOf(events, "job-started")).toHaveLength(1);
      expect(told("status", folder).campaign.status).toEqual({ kind: "finished" });
      expectPlacesApart(events);
      const nodes = underWay(
        events.slice(
          0,
          events.findIndex(({ kind }) => kind === "run-finished"),
        ),
      );
      expect(new Set(nodes.map(({ data }) => machineOf(data.places![0]!))).size).toBe(3);
    }, 300_000);
  },
);

const eventsIn = (folder: string): readonly RecordEvent[] =>
  existsSync(recordPath(folder)) ? readRecord(folder).events : [];

/** The last start of each run that has not finished. */
function underWay(events: readonly RecordEvent[]): readonly EventOf<"run-started">[] {
  const starts = new Map(eventsOf(events, "run-started").map((start) => [start.run, start]));
  for (const { run } of eventsOf(events, "run-finished")) starts.delete(run);
  return [...starts.values()];
}

/** No run is started on what another one has. */
function expectPlacesApart(events: readonly RecordEvent[]): void {
  for (const { sequence, run, data } of eventsOf(events, "run-started")) {
    const isGone = (other: EventOf<"run-started">) =>
      eventsOf(events.slice(other.sequence, sequence), "incident", other.run).length > 0;
    const others = underWay(events.slice(0, sequence)).filter((other) => other.run !== run && !isGone(other));
    const [place] = data.places!;
    for (const other of others.map((each) => each.data.places![0]!))
      expect(
        [place!.startsWith(other), other.startsWith(place!)],
        `${run} on ${place}, ${other} taken`,
      ).toEqual([false, false]);
  }
}

/** What each run came to, by its name. */
const numbersIn = (folder: string) =>
  Object.fromEntries(
    eventsOf(eventsIn(folder), "run-finished").map(({ run, data }) => {
      const { heldOut, curve } = data.summary as Readonly<Record<string, unknown>>;
      return [run, { heldOut, curve }];
    }),
  );

/** Whether there was one to stop. */
function stop(pid: number): boolean {
  try {
    process.kill(pid, "SIGSTOP");
    return true;
  } catch {
    return false;
  }
}
