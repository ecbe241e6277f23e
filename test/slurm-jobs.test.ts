/** @file What longrun says of its jobs on Slurm, and how they are stopped, from any machine. */

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { eventsOf } from "../src/record/events.ts";
import { readRecord } from "../src/record/record.ts";
import { writeRun } from "./support/campaigns.ts";
import { describeSlurm, PROGRAM } from "./support/login-node.ts";
import { nodeOf, runIn, stepped } from "./support/single-run.ts";

vi.setConfig({ testTimeout: 300_000 });

describeSlurm("jobs of Slurm", (login) => {
  const { longrun, told, queue, ended } = login;
  let runFile: string;
  /** For runs that have to be stopped. */
  let endless: string;

  beforeAll(() => {
    runFile = writeRun(login.base, { numSteps: 1500, checkpointSeconds: 60 });
    endless = writeRun(login.base, { numSteps: 1_000_000, checkpointSeconds: 1 }, "endless.yaml");
  });
  // What a test that failed has left would hold up the next.
  afterEach(async () => {
    login.cluster.command("scancel", "--partition=main");
    await ended();
  });

  const submitted = (file: string, folder: string, ...more: readonly string[]): string =>
    told("run", file, "--folder", folder, "--threads", "1", "--on", "slurm", ...more).job;

  test("the record tells of each event its job, its attempt and its nodes", async () => {
    const folder = join(login.base, "limited");
    const job = submitted(runFile, folder, "--spares", "1");
    await stepped(folder, 1, 300);
    const node = nodeOf(folder, 1);
    login.cluster.losePower(node);
    await stepped(folder, 2, 1);
    const spare = nodeOf(folder, 2);
    const run = runIn(folder);
    expect(told("status", folder)).toMatchObject({
      jobs: [{ job, state: "running", attempts: [{ attempt: 1 }, { attempt: 2 }] }],
      nodes: expect.arrayContaining([
        { node, does: "lost", ranks: [], why: expect.stringMatching(/agent/) },
        { node: spare, does: "trains", ranks: [{ run, attempt: 2, rank: 0 }], why: null },
      ]),
      slurmIsSilent: null,
    });
    // As Slurm does by --signal=B:USR2 before the limit.
    login.cluster.command("scancel", "--batch", "--signal=USR2", job);
    await stepped(folder, 3, 1);
    const last = nodeOf(folder, 3);
    await ended();
    const { events, places } = told("record", "show", folder) as {
      readonly events: readonly { readonly kind: string; readonly data: Record<string, unknown> }[];
      readonly places: readonly object[];
    };
    const all = events.map(({ kind }, i) => ({ kind, ...places[i] }));
    const of = (kind: string) => all.filter((each) => each.kind === kind);
    expect(new Set(all.map((each) => "job" in each && each.job))).toEqual(new Set([job]));
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
    const ends = [expect.stringMatching(/^time limit: /), "finished: its command came to its own end"];
    expect(told("status", folder)).toMatchObject({
      jobs: ends.map((why) => ({ job, state: "ended", why })),
      nodes: [],
    });
    login.cluster.startNode(node);
    await login.cluster.idle([node]);

    const time = told("goodput", folder).runs[0];
    const started = eventsOf(readRecord(folder).events, "run-started");
    const [stopped] = eventsOf(readRecord(folder).events, "interrupted");
    const apart = (Date.parse(started[2]!.time) - Date.parse(stopped!.time)) / 1000;
    const [, second] = time.attempts;
    expect(second).toMatchObject({ attempt: 2, outcome: { kind: "stopped" } });
    expect(second.seconds.waiting).toBeCloseTo(apart - started[2]!.data.startSeconds!, 1);
  });

  test("a job that waits is shown with what it waits for, and cancelled by stop and by drain", async () => {
    const folder = join(login.base, "waiting");
    const other = login.cluster
      .command("sbatch", "--parsable", "-N4", "--exclusive", "-o/dev/null", "--wrap=sleep 600")
      .trim();
    for (const how of ["stop", "drain"]) {
      const job = submitted(endless, folder);
      while (told("status", folder).jobs.at(-1).why !== "Resources") await sleep(200);
      expect(longrun("status", folder).stdout).toMatch(
        new RegExp(`\n${job} +waiting +(-|\\d{4}-\\d\\d-\\d\\d \\S+) +- +- +Resources\n$`),
      );
      const second = longrun("run", endless, "--folder", folder, "--on", "slurm");
      expect(second.stderr).toContain(
        `found: job ${job} of ${folder} is PENDING\nexpected: one job at a time`,
      );
      expect(second.status).toBe(2);
      expect(told(how, folder)).toMatchObject({ jobs: [{ job, hadBegun: false }], runs: [] });
      expect(told("status", folder).jobs.at(-1)).toMatchObject({ job, why: "Slurm says CANCELLED" });
      expect(queue()).toBe(`${other} RUNNING`);
    }
    login.cluster.command("scancel", other);
    await ended();
  });

  test("stop, stop --now and drain end a job that runs, and say where it goes on", async () => {
    const folder = join(login.base, "stopped");
    const last: string[] = [];
    let attempt = 0;
    for (const how of [["stop"], ["stop", "--now"], ["drain"]]) {
      const job = submitted(endless, folder);
      await stepped(folder, ++attempt, 20);
      const { status, stdout } = longrun(...how, folder);
      expect(status).toBe(0);
      expect(stdout).toContain(`job ${job}: ended\n`);
      await ended();
      last.push(told("status", folder).jobs.findLast((row: { readonly job: string }) => row.job === job).why);
    }
    expect(last).toEqual([
      expect.stringMatching(/^stopped: /),
      expect.stringMatching(/^without a word; Slurm says /),
      expect.stringMatching(/^stopped: drained, in run /),
    ]);
    expect(longrun("stop", folder).stdout).toBe(`nothing runs in ${folder}\n`);
  });

  test("where Slurm does not answer the record is told, and nothing is stopped", async () => {
    const folder = join(login.base, "silent");
    const job = submitted(endless, folder);
    await stepped(folder, 1, 1);
    const elsewhere = (...words: readonly string[]) =>
      spawnSync(process.execPath, [PROGRAM, ...words, folder], { env: { PATH: "" }, encoding: "utf8" });
    const { stdout } = elsewhere("status");
    expect(stdout).toMatch(new RegExp(`\n${job} +unknown `));
    expect(stdout).toContain(
      "Slurm does not answer here (no squeue on this machine): this is what the record says",
    );
    expect(stdout).toMatch(/\nn\d +trains +rank 0 of .*, attempt 1\n/);
    expect(elsewhere("stop")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^found: a job may carry .*: no squeue on this machine\n/),
    });
    expect(told("stop", folder)).toMatchObject({ jobs: [{ job, hadBegun: true }] });
  });

  test("a record that a dead supervisor on another machine has left locked is taken over once its job has ended", async () => {
    // Slurm would put a user's name for the %u.
    const folder = join(login.base, "locked 5%u of 'é'");
    const other = login.cluster.command("sbatch", "--parsable", "-o/dev/null", "--wrap=sleep 600").trim();
    const holder = { pid: 1, started: "another-boot 5", host: "elsewhere", since: new Date().toISOString() };
    mkdirSync(folder);
    const lock = join(folder, "record.lock");
    writeFileSync(
      lock,
      JSON.stringify({ ...holder, job: { number: other, cluster: "longrun", restarts: 0 } }),
    );
    const refused = submitted(endless, folder);
    while (queue() !== `${other} RUNNING`) await sleep(200);
    expect(readFileSync(join(folder, `slurm-${refused}.log`), "utf8")).toContain(
      `elsewhere in job ${other} since`,
    );
    expect(told("status", folder).jobs).toMatchObject([
      { job: refused, state: "ended", why: `Slurm says FAILED; see slurm-${refused}.log` },
    ]);
    login.cluster.command("scancel", other);
    const job = submitted(endless, folder);
    await stepped(folder, 1, 1);
    expect(told("stop", folder)).toMatchObject({ jobs: [{ job, hadBegun: true }] });
  });
});
