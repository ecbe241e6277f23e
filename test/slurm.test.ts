/** @file A run in a job of Slurm's: nodes, daemons and the controller die under it, and its time runs out. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { type EventKind, eventsOf } from "../src/record/events.ts";
import { readRecord } from "../src/record/record.ts";
import { writeRun } from "./support/campaigns.ts";
import { describeSlurm, PROGRAM } from "./support/login-node.ts";
import { heldOut, nodeOf, stepped } from "./support/single-run.ts";

describeSlurm("a run on Slurm", (login) => {
  const { longrun, told, queue, ended } = login;
  let runFile: string;
  let undisturbed: number;

  beforeAll(() => {
    runFile = writeRun(login.base, { numSteps: 1500, checkpointSeconds: 60 });
    const folder = join(login.base, "undisturbed");
    expect(longrun("run", runFile, "--folder", folder, "--threads", "1")).toMatchObject({ status: 0 });
    undisturbed = heldOut(folder);
  });

  const wordsFor = (folder: string) =>
    ["run", runFile, "--folder", folder, "--threads", "1", "--on", "slurm"] as const;
  const submitted = (folder: string, ...more: readonly string[]): string =>
    told(...wordsFor(folder), ...more).job;

  test("goes on on the spare when its node loses power, in the same job, to the same numbers", async () => {
    const folder = join(login.base, "powerless");
    const job = submitted(folder, "--spares", "1");
    await stepped(folder, 1, 300);
    const node = nodeOf(folder, 1);
    login.cluster.losePower(node);
    await stepped(folder, 2, 1);
    expect(nodeOf(folder, 2)).not.toBe(node);
    expect(queue()).toBe(`${job} RUNNING`);
    await ended();
    expect(heldOut(folder)).toBe(undisturbed);
    expect(of(folder, "incident")).toMatchObject([
      { data: { what: "a place failed", response: { action: "spare", place: node } } },
    ]);
    expect(longrun("record", "audit", folder).status).toBe(0);
    login.cluster.startNode(node);
    await login.cluster.idle([node]);
  });

  test("goes on in another job without its node where no spare is left", async () => {
    const folder = join(login.base, "spareless");
    const job = submitted(folder);
    await stepped(folder, 1, 300);
    const node = nodeOf(folder, 1);
    // The batch script is on the same node: Slurm sees its end, unless ours does before.
    login.cluster.loseAgent(node);
    await stepped(folder, 2, 1);
    expect(nodeOf(folder, 2)).not.toBe(node);
    expect(queue()).toMatch(/^\d+ RUNNING$/m);
    expect(queue()).not.toContain(`${job} RUNNING`);
    await ended();
    expect(heldOut(folder)).toBe(undisturbed);
    expect(of(folder, "incident")).toMatchObject([
      { data: { what: "a place failed", response: { action: "hold" } } },
    ]);
  });

  test("does not notice when the daemon of its node alone dies", async () => {
    const folder = join(login.base, "daemonless");
    submitted(folder, "--spares", "1");
    await stepped(folder, 1, 300);
    const node = nodeOf(folder, 1);
    login.cluster.killDaemon(node);
    await stepped(folder, 1, 900);
    login.cluster.startNode(node);
    await ended();
    expect(heldOut(folder)).toBe(undisturbed);
    expect(of(folder, "incident")).toEqual([]);
    await login.cluster.idle([node]);
  });

  test("stops before the time limit with a checkpoint, is queued again, and goes on", async () => {
    const folder = join(login.base, "limited");
    const job = submitted(folder);
    await stepped(folder, 1, 300);
    // As Slurm does by --signal=B:USR2 before the limit.
    login.cluster.command("scancel", "--batch", "--signal=USR2", job);
    await stepped(folder, 2, 1);
    expect(queue()).toBe(`${job} RUNNING`);
    await ended();
    expect(heldOut(folder)).toBe(undisturbed);
    expect(of(folder, "interrupted")).toHaveLength(1);
  });

  test("waits for a controller that is down, and says why", async () => {
    const folder = join(login.base, "uncontrolled");
    login.cluster.killDaemon("controller");
    const child = spawn(process.execPath, [PROGRAM, ...wordsFor(folder)], { env: login.cluster.environment });
    let said = "";
    child.stderr.on("data", (data: Buffer) => {
      said += data.toString();
    });
    while (!said.includes("Unable to contact slurm controller")) await sleep(50);
    login.cluster.startController();
    expect(await new Promise((resolve) => child.once("exit", resolve)), said).toBe(0);
    await ended();
    expect(heldOut(folder)).toBe(undisturbed);
  });
});

const of = (folder: string, kind: EventKind) => eventsOf(readRecord(folder).events, kind);
