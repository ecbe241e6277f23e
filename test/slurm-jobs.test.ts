import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { attemptFolder, readProcesses } from "../src/fleet/attempt-folder.ts";
import { SpoolReader } from "../src/fleet/spool.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { SlurmCluster, slurmIsMissing } from "./support/slurm.ts";

const PROGRAM = join(import.meta.dirname, "..", "bin", "longrun.js");
const missing = slurmIsMissing();

describe.skipIf(missing !== null)(`jobs of Slurm${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let cluster: SlurmCluster;
  let base: string;
  let runFile: string;

  beforeAll(async () => {
    cluster = await SlurmCluster.start();
    base = mkdtempSync(join(cluster.folder, "work-"));
    writeTexts(base);
    runFile = writeRun(base);
    const file = parse(readFileSync(runFile, "utf8"));
    const run = { ...file.run, numSteps: 1500, checkpointSeconds: 60 };
    writeFileSync(runFile, stringify({ ...file, run }));
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
  const told = (...words: readonly string[]) => {
    const { status, stdout, stderr } = longrun(...words, "--json");
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  const submitted = (folder: string, ...more: readonly string[]): string =>
    told("run", runFile, "--folder", folder, "--threads", "1", "--on", "slurm", ...more).job;
  const queue = () => cluster.command("squeue", "-h", "-o", "%i %T").trim();
  const ended = async () => {
    while (queue() !== "") await sleep(200);
  };
  const runIn = (folder: string) => readdirSync(join(folder, "runs"))[0]!;
  /** Until an attempt of the run has come to this step. */
  const stepped = async (folder: string, attempt: number, step: number): Promise<void> => {
    for (;;) {
      const at = existsSync(join(folder, "runs")) && attemptFolder(folder, runIn(folder), attempt);
      if (at && existsSync(at)) {
        using spool = new SpoolReader(at, 0);
        if ((spool.beat()?.step ?? -1) >= step) return;
      }
      await sleep(10);
    }
  };
  const placeOf = (folder: string, attempt: number) =>
    readProcesses(attemptFolder(folder, runIn(folder), attempt))[0]!.place;

  test("the record tells of each event its job, its attempt and its nodes", async () => {
    const folder = join(base, "limited");
    const job = submitted(folder, "--spares", "1");
    await stepped(folder, 1, 300);
    const node = placeOf(folder, 1);
    cluster.losePower(node);
    await stepped(folder, 2, 1);
    const spare = placeOf(folder, 2);
    // As Slurm does by --signal=B:USR2 before the limit.
    cluster.command("scancel", "--batch", "--signal=USR2", job);
    await stepped(folder, 3, 1);
    const last = placeOf(folder, 3);
    await ended();
    const { events, places } = told("record", "show", folder) as {
      readonly events: readonly { readonly kind: string; readonly data: Record<string, unknown> }[];
      readonly places: readonly object[];
    };
    const told1 = events.map(({ kind }, i) => ({ kind, ...places[i] }));
    const of = (kind: string) => told1.filter((each) => each.kind === kind);
    expect(new Set(told1.map((each) => "job" in each && each.job))).toEqual(new Set([job]));
    expect(of("run-started")).toMatchObject([
      { attempt: 1, nodes: [node] },
      { attempt: 2, nodes: [spare] },
      { attempt: 3, nodes: [last] },
    ]);
    expect(of("incident")).toMatchObject([{ attempt: 1, nodes: [node] }]);
    const jobs = events.filter(({ kind }) => kind.startsWith("job-")).map(({ data }) => data);
    expect(jobs).toMatchObject([
      { job, cluster: "longrun", restarts: 0, nodes: [expect.any(String), expect.any(String)] },
      { how: "time limit" },
      { job, restarts: 1 },
      { how: "finished" },
    ]);
    cluster.startNode(node);
    await cluster.idle([node]);
  });
});
