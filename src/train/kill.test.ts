/** @file kill -9 at random moments: what was acknowledged is there, all is whole, the next one goes on. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openRecord, verifyRecord } from "../record/record.ts";
import { readRunSeries } from "../record/run-series.ts";
import { columnOf } from "../record/series.ts";
import { latestCheckpoint, loadCheckpoint } from "./checkpoint.ts";

const CHILD = join(import.meta.dirname, "kill.child.ts");

/** Runs the child until a random moment after its first acknowledged step; returns the last one. */
async function runAndKill(folder: string, attempt: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, folder, String(attempt)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = "";
  child.stdout.on("data", (chunk: Buffer) => {
    acknowledged += chunk.toString();
  });
  await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  await sleep(Math.random() * 60);
  child.kill("SIGKILL");
  await once(child, "close");
  expect(child.signalCode).toBe("SIGKILL");
  return Number(acknowledged.trimEnd().split("\n").at(-1));
}

test("six kills in a row lose no acknowledged step", async () => {
  const folder = mkdtempSync(join(tmpdir(), "longrun-kill-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (let attempt = 1; attempt <= 6; attempt++) {
    const lastStep = await runAndKill(folder, attempt);
    const { checkpoint, damaged } = latestCheckpoint(join(folder, "checkpoints"));
    expect(damaged).toEqual([]);
    expect(checkpoint!.step).toBeGreaterThanOrEqual(lastStep);
    const [w] = loadCheckpoint(checkpoint!).model;
    expect(w?.data).toEqual(new Float32Array(50_000).fill(checkpoint!.step));

    const steps = [...columnOf(readRunSeries(join(folder, "series/target")), "step")];
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, i) => i + 1));
    expect(steps.length).toBeGreaterThanOrEqual(checkpoint!.step);

    // The dead child's lock is taken over here.
    using record = openRecord(folder);
    const written = record.events.filter((event) => event.kind === "checkpoint-written");
    expect(written.at(-1)!.data.step).toBeGreaterThanOrEqual(lastStep);
    record.append({ run: "target", kind: "interrupted", data: { reason: "killed by the test" } });
    expect(verifyRecord(folder)).toEqual({ ok: true, numEvents: record.events.length, head: record.head });
  }
});
