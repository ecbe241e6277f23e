/** @file A campaign on a Slurm of four nodes: in one job, its ladder side by side on the nodes. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { machineOf } from "../src/fleet/decide/places.ts";
import { attemptFolder, readProcesses } from "../src/fleet/process/attempt-folder.ts";
import { SpoolReader } from "../src/fleet/process/spool.ts";
import { type EventOf, eventsOf, type RecordEvent } from "../src/record/events.ts";
import { readRecord, recordPath } from "../src/record/record.ts";
import { writeCampaign } from "./support/campaigns.ts";
import { describeSlurm } from "./support/login-node.ts";

describeSlurm("a campaign on Slurm", (login) => {
  const { told, queue, ended } = login;
  let file: string;

  beforeAll(() => {
    const ladder = { rungs: 6, decades: 1, seeds: 3, extraSeeds: 0 };
    file = writeCampaign(login.base, { budget: "250GFLOP", ladder });
  });

  const submitted = (folder: string, ...more: readonly string[]) =>
    told("launch", file, "--folder", folder, "--on", "slurm", ...more);

  /** Until runs are under way on so many nodes at the same time: which. */
  const underWayOn = async (folder: string, numNodes: number): Promise<readonly string[]> => {
    for (;;) {
      const nodes = new Set(underWay(eventsIn(folder)).map((start) => machineOf(placeOf(start))));
      if (nodes.size >= numNodes) return [...nodes];
      await sleep(20);
    }
  };
  /** Stops a run of this name, so that it is still under way when its node dies: which node. */
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

  test("loses its time and two nodes on its way, and comes to the bits of one machine", async () => {
    const here = join(login.base, "here");
    told("launch", file, "--folder", here);

    const folder = join(login.base, "nodes");
    const { job } = submitted(folder, "--nodes", "3", "--spares", "1");
    await underWayOn(folder, 3);
    // As Slurm does by --signal=B:USR2 before the limit.
    login.cluster.command("scancel", "--batch", "--signal=USR2", job);
    while (eventsOf(eventsIn(folder), "job-started").length < 2) await sleep(50);
    const first = await nodeOfStopped(folder, /^rung-/);
    login.cluster.losePower(first);
    expect(told("status", folder).campaign.status).toEqual({ kind: "running", stage: "ladder" });
    const second = await nodeOfStopped(folder, /^target/);
    login.cluster.losePower(second);
    expect(queue()).toBe(`${job} RUNNING`);
    await ended();

    expect(told("status", folder).campaign.status).toEqual({ kind: "finished" });
    expect(numbersIn(folder)).toEqual(numbersIn(here));
    const events = eventsIn(folder);
    const spared = eventsOf(events, "incident").flatMap(({ data: { what, response } }) =>
      what === "a place failed" && response?.action === "spare" ? [machineOf(response.place!)] : [],
    );
    expect(spared).toEqual(expect.arrayContaining([first, second]));
    expectPlacesApart(events);
    expect(eventsOf(events, "job-ended").map(({ data }) => data.how)).toEqual(["time limit", "finished"]);
  }, 600_000);

  test("goes on in another job where no node is left to it", async () => {
    const folder = join(login.base, "nodeless");
    const { job } = submitted(folder);
    const [node] = await underWayOn(folder, 1);
    // The batch script is on the same node: Slurm sees its end, unless ours does before.
    login.cluster.loseAgent(node!);
    const resumed = () => eventsOf(eventsIn(folder), "run-started").filter(({ data }) => data.attempt > 1);
    while (resumed().length < 2) await sleep(50);
    for (const start of resumed()) expect(machineOf(placeOf(start))).not.toBe(node);
    expect(eventsOf(eventsIn(folder), "job-ended").map(({ data }) => data.how)).toEqual(["nodes used up"]);
    expect(queue()).toMatch(/^\d+ RUNNING$/m);
    expect(queue()).not.toContain(`${job} RUNNING`);
  });

  test("is not queued by --dry-run, which shows how it would be", () => {
    const folder = join(login.base, "dry");
    const { script, command } = submitted(folder, "--nodes", "3", "--spares", "1", "--dry-run");
    expect(script).toContain("\n#SBATCH --nodes=4\n");
    expect(command.join(" ")).toContain(` launch ${file} --folder ${folder} --on slurm --nodes 3 --spares 1`);
    expect(command).not.toContain("--dry-run");
    expect(existsSync(folder)).toBe(false);
  });
});

const eventsIn = (folder: string): readonly RecordEvent[] =>
  existsSync(recordPath(folder)) ? readRecord(folder).events : [];

/** Of the builtin engine's one rank. */
const placeOf = ({ data }: EventOf<"run-started">) => data.places![0]!;

/** The last start of each run that has not finished, and whose place is not known to have failed. */
function underWay(events: readonly RecordEvent[]): readonly EventOf<"run-started">[] {
  const starts = new Map<string | null, EventOf<"run-started">>();
  for (const event of events) {
    if (event.kind === "run-started") starts.set(event.run, event);
    if (event.kind === "run-finished" || event.kind === "incident") starts.delete(event.run);
    if (event.kind === "job-ended") starts.clear();
  }
  return [...starts.values()];
}

/** No run is started on what another one has, NODE or NODE/SLOT. */
function expectPlacesApart(events: readonly RecordEvent[]): void {
  for (const start of eventsOf(events, "run-started")) {
    const taken = underWay(events.slice(0, start.sequence)).map(placeOf);
    const [place, node] = [placeOf(start), machineOf(placeOf(start))];
    expect(taken.filter((other) => other === node || other === place || machineOf(other) === place)).toEqual(
      [],
    );
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
