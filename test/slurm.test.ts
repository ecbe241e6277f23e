import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { attemptFolder, readProcesses } from "../src/fleet/process/attempt-folder.ts";
import { SpoolReader } from "../src/fleet/process/spool.ts";
import { type EventKind, eventsOf, type RecordEvent } from "../src/record/events.ts";
import { readRecord } from "../src/record/record.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { SlurmCluster, slurmIsMissing } from "./support/slurm.ts";

const PROGRAM = join(import.meta.dirname, "..", "bin", "longrun.js");
const missing = slurmIsMissing();

describe.skipIf(missing !== null)(`a run on Slurm${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let cluster: SlurmCluster;
  let base: string;
  let runFile: string;
  let undisturbed: number;

  beforeAll(async () => {
    cluster = await SlurmCluster.start();
    base = mkdtempSync(join(cluster.folder, "work-"));
    writeTexts(base);
    runFile = writeRun(base);
    const file = parse(readFileSync(runFile, "utf8"));
    writeFileSync(
      runFile,
      stringify({ ...file, run: { ...file.run, numSteps: 1500, checkpointSeconds: 60 } }),
    );
    const folder = join(base, "undisturbed");
    expect(longrun("run", runFile, "--folder", folder, "--threads", "1")).toMatchObject({ status: 0 });
    undisturbed = heldOut(folder);
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  const longrun = (...words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], {
      env: cluster.environment,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };
  const onSlurm = (folder: string, ...more: readonly string[]) =>
    longrun("run", runFile, "--folder", folder, "--threads", "1", "--on", "slurm", "--json", ...more);
  const submitted = (folder: string, ...more: readonly string[]): string => {
    const { status, stdout, stderr } = onSlurm(folder, ...more);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    return (JSON.parse(stdout) as { readonly job: string }).job;
  };
  const queue = () => cluster.command("squeue", "-h", "-o", "%i %T").trim();
  const ended = async () => {
    while (queue() !== "") await sleep(200);
  };
  /** Until an attempt of the run has come to this step. */
  const stepped = async (folder: string, attempt: number, step: number): Promise<void> => {
    for (;;) {
      const [run] = existsSync(join(folder, "runs")) ? readdirSync(join(folder, "runs")) : [];
      const at = run && attemptFolder(folder, run, attempt);
      if (at && existsSync(at)) {
        using spool = new SpoolReader(at, 0);
        if ((spool.beat()?.step ?? -1) >= step) return;
      }
      await sleep(10);
    }
  };
  const placeOf = (folder: string, attempt: number) =>
    readProcesses(attemptFolder(folder, readdirSync(join(folder, "runs"))[0]!, attempt))[0]!.place;

  test("goes on on the spare when its node loses power, in the same job, to the same numbers", async () => {
    const folder = join(base, "powerless");
    const job = submitted(folder, "--spares", "1");
    await stepped(folder, 1, 300);
    const node = placeOf(folder, 1);
    cluster.losePower(node);
    await stepped(folder, 2, 1);
    expect(placeOf(folder, 2)).not.toBe(node);
    expect(queue()).toBe(`${job} RUNNING`);
    await ended();
    expect(heldOut(folder)).toBe(undisturbed);
    expect(of(folder, "incident")).toMatchObject([
      { data: { what: "a place failed", response: { action: "spare", place: node } } },
    ]);
    expect(longrun("record", "audit", folder).status).toBe(0);
    cluster.startNode(node);
    await cluster.idle([node]);
  });

  test("goes on in another job without its node where no spare is left", async () => {
    const folder = join(base, "spareless");
    const job = submitted(folder);
    await stepped(folder, 1, 300);
    const node = placeOf(folder, 1);
    // The batch script is on the same node: Slurm sees its end, unless ours does before.
    cluster.loseAgent(node);
    await stepped(folder, 2, 1);
    expect(placeOf(folder, 2)).not.toBe(node);
    expect(queue()).toMatch(/^\d+ RUNNING$/m);
    expect(queue()).not.toContain(`${job} RUNNING`);
    await ended();
    expect(heldOut(folder)).toBe(undisturbed);
    expect(of(folder, "incident")).toMatchObject([
      { data: { what: "a place failed", response: { action: "hold" } } },
    ]);
  });

  test("does not notice when the daemon of its node alone dies", async () => {
    const folder = join(base, "daemonless");
    submitted(folder, "--spares", "1");
    await stepped(folder, 1, 300);
    const node = placeOf(folder, 1);
    cluster.killDaemon(node);
    await stepped(folder, 1, 900);
    cluster.startNode(node);
    await ended();
    expect(heldOut(folder)).toBe(undisturbed);
    expect(of(folder, "incident")).toEqual([]);
    await cluster.idle([node]);
  });

  test("stops before the time limit with a checkpoint, is queued again, and goes on", async () => {
    const folder = join(base, "limited");
    const job = submitted(folder);
    await stepped(folder, 1, 300);
    // As Slurm does by --signal=B:USR2 before the limit.
    cluster.command("scancel", "--batch", "--signal=USR2", job);
    await stepped(folder, 2, 1);
    expect(queue()).toBe(`${job} RUNNING`);
    await ended();
    expect(heldOut(folder)).toBe(undisturbed);
    expect(of(folder, "interrupted")).toHaveLength(1);
  });

  test("waits for a controller that is down, and says why", async () => {
    const folder = join(base, "uncontrolled");
    cluster.killDaemon("controller");
    const words = ["run", runFile, "--folder", folder, "--threads", "1", "--on", "slurm"];
    const child = spawn(process.execPath, [PROGRAM, ...words], { env: cluster.environment });
    let said = "";
    child.stderr.on("data", (data: Buffer) => {
      said += data.toString();
    });
    while (!said.includes("Unable to contact slurm controller")) await sleep(50);
    cluster.startController();
    expect(await new Promise((resolve) => child.once("exit", resolve)), said).toBe(0);
    await ended();
    expect(heldOut(folder)).toBe(undisturbed);
  });
});

const eventsIn = (folder: string): readonly RecordEvent[] => readRecord(folder).events;
const of = (folder: string, kind: EventKind) => eventsOf(eventsIn(folder), kind);

function heldOut(folder: string): number {
  const [finished] = eventsOf(eventsIn(folder), "run-finished");
  return (finished!.data.summary as { heldOut: { all: { natsPerToken: number } } }).heldOut.all.natsPerToken;
}
