/** @file What longrun tells of a run that was disturbed: its time, its incidents, its data. */

import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isThere } from "../src/input-file.ts";
import { eventsOf } from "../src/record/events.ts";
import { readRecord } from "../src/record/record.ts";
import { readSeries, SeriesWriter, seriesPath } from "../src/record/series.ts";
import { SERIES_COLUMNS } from "../src/train/series-columns.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { Command, expectRefusal, longrun, ranksOf } from "./support/processes.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-account-"));

beforeAll(() => writeTexts(base));
afterAll(() => rmSync(base, { recursive: true }));

const eventsIn = (folder: string) => (isThere(join(folder, "record.jsonl")) ? readRecord(folder).events : []);

/** Resolves once the record knows so many checkpoints. */
async function checkpointsIn(folder: string, count: number, command: Command): Promise<void> {
  while (eventsOf(eventsIn(folder), "checkpoint-written").length < count && !command.hasEnded)
    await sleep(10);
}

describe("a run whose process was killed once", () => {
  const folder = join(base, "killed");
  const [notifier, told] = [join(base, "tell me.sh"), join(base, "told me.jsonl")];

  beforeAll(async () => {
    writeFileSync(notifier, '#!/bin/sh\ncat >> "$1"\n');
    chmodSync(notifier, 0o755);
    const notify = ["--notify", `"${notifier}" '${told}'`];
    using command = new Command(["run", writeRun(base), "--folder", folder, "--threads", "2", ...notify]);
    await checkpointsIn(folder, 2, command);
    process.kill(ranksOf(folder)[0]!, "SIGKILL");
    expect((await command.ended).code).toBe(0);
  }, 60_000);

  test("has every second told by cause, and by attempt", async () => {
    const { code, stdout } = await longrun("goodput", folder, "--json");
    expect(code).toBe(0);
    const { runs, wallSeconds, goodput } = JSON.parse(stdout) as {
      runs: { seconds: Record<string, number>; attempts: { outcome: object; seconds: object }[] }[];
      wallSeconds: number;
      goodput: number;
    };
    const [run] = runs;
    const sum = Object.values(run!.seconds).reduce((total, seconds) => total + seconds, 0);
    expect(sum).toBeCloseTo(wallSeconds, 6);
    const events = readRecord(folder).events;
    const [first] = eventsOf(events, "run-started");
    const [end] = eventsOf(events, "run-finished");
    expect(wallSeconds).toBeCloseTo(end!.seconds - first!.seconds + first!.data.startSeconds!, 6);
    const [incident] = eventsOf(events, "incident");
    expect(run!.attempts.map(({ outcome }) => outcome)).toEqual([
      { kind: "failed", incident: incident!.sequence },
      { kind: "finished" },
    ]);
    expect(goodput).toBeGreaterThan(0.05);
    expect(goodput).toBeLessThan(1);
    expect((await longrun("goodput", folder)).stdout).toMatch(/^goodput \d.*by the formula of `plan time`/m);
  });

  test("has told a program of it, and of its end", () => {
    const lines = readFileSync(told, "utf8").trimEnd().split("\n");
    const [incident] = eventsOf(eventsIn(folder), "incident");
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      {
        folder,
        kind: "incident",
        id: incident!.sequence,
        time: incident!.time,
        run: incident!.run,
        ...incident!.data,
        page: `longrun incidents ${folder} ${incident!.sequence}`,
      },
      { folder, kind: "end", how: "finished", text: `run ${incident!.run}: its model is in ${folder}/model` },
    ]);
  });

  test("has an incident that says on one page what was seen, decided, lost and is to be done", async () => {
    const list = await longrun("incidents", folder, "--json");
    const { incidents } = JSON.parse(list.stdout) as { incidents: { id: number }[] };
    expect(incidents).toHaveLength(1);
    const { code, stdout } = await longrun("incidents", folder, String(incidents[0]!.id));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^seen +the run's process died \(warning\)$/m);
    expect(stdout).toMatch(/^decided +restart: failure 1.*, at step \d+/m);
    expect(stdout).toMatch(
      /^cost +[\d.]+ m?s: detection .*, restart .*, recomputed .*, \d+ steps done again$/m,
    );
    expect(stdout).toMatch(/^1\. Nothing now: the run has gone on since\./m);
    expectRefusal(await longrun("incidents", folder, "0"), /event 0 of .* is no incident/, /lists them/);
  });
});

describe("the audit of that run's data", () => {
  const folder = join(base, "killed");

  test("proves each of its steps", async () => {
    const { code, stdout } = await longrun("record", "audit", folder, "--json");
    expect(code).toBe(0);
    const { ok, runs } = JSON.parse(stdout) as { ok: boolean; runs: Record<string, unknown>[] };
    expect(ok).toBe(true);
    expect(runs[0]).toMatchObject({
      numSteps: 400,
      tokens: 400 * 64 * 8,
      numAttempts: 2,
      batchesProven: 400,
      skipped: [],
      disagreement: null,
    });
  });

  test("names the first step whose batch was another", async () => {
    const [first] = eventsOf(eventsIn(folder), "run-started");
    const path = seriesPath(folder, first!.run, 1);
    const before = readFileSync(path);
    const { values } = readSeries(path);
    rmSync(path);
    {
      using writer = new SeriesWriter(path, SERIES_COLUMNS);
      values.step!.forEach((step, i) => {
        const row = Object.fromEntries(SERIES_COLUMNS.map(({ name }) => [name, values[name]![i]!]));
        writer.append(step === 3 ? { ...row, batch: 1 } : row);
      });
    }
    const outcome = await longrun("record", "audit", folder);
    expectRefusal(outcome, /, step 3: trained on a batch with the checksum 1$/, /train it anew/);
    writeFileSync(path, before);
  });

  test("says what it cannot prove without the corpus", async () => {
    renameSync(join(folder, "corpus"), join(folder, "elsewhere"));
    const { code, stdout } = await longrun("record", "audit", folder);
    renameSync(join(folder, "elsewhere"), join(folder, "corpus"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/though not all is proven$/m);
    expect(stdout).toMatch(/^ {2}not proven: no batch was computed anew: there is no corpus in /m);
  });
});

describe("a run that somebody ends", () => {
  const train = (folder: string) => ["run", writeRun(base), "--folder", folder, "--threads", "2"];
  const lastWords = (folder: string) =>
    eventsOf(eventsIn(folder), "interrupted").map(({ data }) => data.reason);
  const written = (folder: string) =>
    eventsOf(eventsIn(folder), "checkpoint-written").map(({ data }) => data.step);

  test("by `stop` ends after its step, with a checkpoint, and goes on", async () => {
    const folder = join(base, "stopped");
    using command = new Command(train(folder));
    await checkpointsIn(folder, 1, command);
    const { code, stdout, stderr } = await longrun("stop", folder);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^waiting until its step is done \(--now would end it at once\): process \d+, which supervises; process \d+, rank 0/m,
    );
    expect(ranksOf(folder)).toEqual([]);
    expect((await command.ended).code).toBe(130);
    const step = written(folder).at(-1)!;
    expect(stdout).toContain(`ended, its checkpoint is of step ${step}\n`);
    expect(lastWords(folder)).toEqual([`asked to stop; checkpoint at step ${step}`]);
    expect((await longrun("stop", folder)).stdout).toBe(`nothing runs in ${folder}\n`);
    expect((await longrun(...train(folder))).code).toBe(0);
  });

  test("by `drain` ends at a checkpoint that it would have written anyway", async () => {
    const folder = join(base, "drained");
    using command = new Command(train(folder));
    await checkpointsIn(folder, 1, command);
    const { code } = await longrun("drain", folder, "--json");
    expect(code).toBe(0);
    expect((await command.ended).code).toBe(130);
    expect(lastWords(folder)).toEqual([`drained; checkpoint at step ${written(folder).at(-1)}`]);
    expect((await longrun(...train(folder))).code).toBe(0);
  });

  test("by `stop` while nobody supervises it is asked itself, and the record hears of it", async () => {
    const folder = join(base, "stopped-alone");
    using command = new Command(train(folder));
    await checkpointsIn(folder, 1, command);
    process.kill(command.pid, "SIGKILL");
    await command.ended;
    const { code, stderr } = await longrun("stop", folder);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^waiting until its step is done \(--now would end it at once\): process \d+, rank 0 of one\.[0-9a-f]+$/m,
    );
    expect(ranksOf(folder)).toEqual([]);
    expect(lastWords(folder)).toEqual([expect.stringMatching(/^asked to stop; checkpoint at step \d+$/)]);
  });

  test("by `stop --now` is gone with its supervisor", async () => {
    const folder = join(base, "killed-now");
    using command = new Command(train(folder));
    await checkpointsIn(folder, 1, command);
    for (const pid of ranksOf(folder)) process.kill(pid, "SIGSTOP");
    expect((await longrun("stop", folder, "--now")).code).toBe(0);
    expect((await command.ended).killedBy).toBe("SIGKILL");
    expect(ranksOf(folder)).toEqual([]);
    expect(lastWords(folder)).toEqual([]);
  });
});

test("`fleet check` tries this machine, and says what it could not try", async () => {
  const { code, stdout } = await longrun(
    "fleet",
    "check",
    "--folder",
    base,
    "--python",
    "/no/python",
    "--json",
  );
  const { checks } = JSON.parse(stdout) as { checks: Record<"name" | "verdict" | "found", string>[] };
  const found = Object.fromEntries(checks.map((check) => [check.name, check]));
  expect(Object.keys(found)).toEqual(["matrix product", "disk", "free disk", "clock", "all-reduce"]);
  expect(found["matrix product"]).toMatchObject({
    verdict: "ok",
    found: expect.stringMatching(/every number right$/),
  });
  expect(found.disk).toMatchObject({ verdict: "ok", found: expect.stringMatching(/read back as it was$/) });
  expect(found["all-reduce"]).toMatchObject({ verdict: "skipped", found: "/no/python is not there" });
  expect(code).toBe(0);
  expectRefusal(await longrun("fleet", "check", "--places", "moon"), /no place "moon"/, /leave it out/);
});
