/** @file What longrun tells of a run that was disturbed: its time, its incidents, its data. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isThere } from "../src/input-file.ts";
import { eventsOf } from "../src/record/events.ts";
import { readRecord } from "../src/record/record.ts";
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

  beforeAll(async () => {
    using command = new Command(["run", writeRun(base), "--folder", folder, "--threads", "2"]);
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

  test("has an incident that says on one page what was seen, decided, lost and is to be done", async () => {
    const list = await longrun("incidents", folder, "--json");
    const { incidents } = JSON.parse(list.stdout) as { incidents: { id: number }[] };
    expect(incidents).toHaveLength(1);
    const { code, stdout } = await longrun("incidents", folder, String(incidents[0]!.id));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^seen +the run's process died \(warning\)$/m);
    expect(stdout).toMatch(/^decided +restart: failure 1, at step \d+/m);
    expect(stdout).toMatch(
      /^cost +[\d.]+ m?s: detection .*, restart .*, recomputed .*, \d+ steps done again$/m,
    );
    expect(stdout).toMatch(/^1\. Nothing now: the run has gone on since\./m);
    expectRefusal(await longrun("incidents", folder, "0"), /event 0 of .* is no incident/, /lists them/);
  });
});
