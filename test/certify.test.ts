/** @file Checkpoints are certified while a run goes on; a step that differs in its replay is told. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventsOf } from "../src/record/events.ts";
import { readRecord, recordPath, verifyRecord } from "../src/record/record.ts";
import { readSeries, SeriesWriter, seriesPath } from "../src/record/series.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { Command, incidentsOf, killAll, longrun, ranksOf } from "./support/processes.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-certify-"));

beforeAll(() => writeTexts(base));
afterAll(() => rmSync(base, { recursive: true }));

/** It saves so often, and does not come to its end here. */
function train(folder: string, checkpointSeconds: number): readonly string[] {
  const file = writeRun(base, { numSteps: 50_000, checkpointSeconds });
  return ["run", file, "--folder", folder, "--json"];
}
const eventsIn = (folder: string) => (existsSync(recordPath(folder)) ? readRecord(folder).events : []);

/** Looks until it is so; throws where the command ends before. */
async function until(command: Command, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    if (command.hasEnded) throw new Error((await command.ended).stderr);
    await sleep(10);
  }
}

/** Steps of checkpoints, oldest first. */
const stepsOf = (folder: string, kind: "checkpoint-written" | "checkpoint-certified") =>
  eventsOf(eventsIn(folder), kind).map(({ data }) => data.step);

test("a run that dies twice at the same step goes back to the newest certified checkpoint", async () => {
  const folder = join(base, "killed");
  using command = new Command(train(folder, 4));
  await until(command, () => {
    const written = stepsOf(folder, "checkpoint-written");
    const certified = stepsOf(folder, "checkpoint-certified");
    return certified.length > 1 && written.at(-2) === certified.at(-1);
  });
  // Some steps further, so that the next attempt does not get as far.
  await sleep(200);
  const [first] = ranksOf(folder);
  process.kill(first!, "SIGKILL");
  await until(command, () => ranksOf(folder).some((pid) => pid !== first));
  process.kill(ranksOf(folder).find((pid) => pid !== first)!, "SIGKILL");
  await until(command, () => eventsOf(eventsIn(folder), "incident").length === 2);
  await until(command, () => eventsIn(folder).at(-1)?.kind === "checkpoint-written");
  await killAll(command, folder);

  const events = eventsIn(folder);
  const [one, two] = eventsOf(events, "incident");
  const before = events.slice(0, one!.sequence);
  const newest = eventsOf(before, "checkpoint-written").at(-1)!.data.step;
  const safe = eventsOf(before, "checkpoint-certified").at(-1)!.data;
  expect(safe.throughStep).toBe(safe.step + 16);
  expect(newest).toBeGreaterThan(safe.step);
  expect(one!.data.response).toMatchObject({ action: "restart", toStep: newest });
  expect(two!.data.response).toMatchObject({
    action: "restart",
    toStep: safe.step,
    reason: expect.stringContaining(`restarted in place from the certified checkpoint of step ${safe.step}`),
  });
  expect(eventsOf(events, "run-started").at(-1)!.data.fromStep).toBe(safe.step);
  expect(incidentsOf(folder)).toEqual(["the run's process died", "the run's process died"]);
  expect(verifyRecord(folder)).toMatchObject({ ok: true });
});

test("a step that comes out otherwise is told, and nothing that stands on it is certified", async () => {
  const folder = join(base, "differs");
  using command = new Command(train(folder, 2));
  const saved = () => eventsOf(eventsIn(folder), "checkpoint-written").at(-1);
  const pathOf = () => seriesPath(folder, saved()!.run, 1);
  const isFurther = () => readSeries(pathOf()).values.step!.at(-1)! > saved()!.data.step + 8;
  await until(command, () => saved() !== undefined && isFurther());
  await killAll(command, folder);

  const { step, loss } = changeLoss(pathOf(), saved()!.data.step + 5);
  using again = new Command(train(folder, 2));
  const incidents = () => eventsOf(eventsIn(folder), "incident");
  await until(again, () => incidents().length > 0);
  const since = stepsOf(folder, "checkpoint-written").length;
  await until(again, () => stepsOf(folder, "checkpoint-written").length >= since + 3);
  await killAll(again, folder);
  const [told, ...others] = incidents();
  expect(others).toEqual([]);
  expect(told!.data).toMatchObject({
    what: "a replayed step differs",
    severity: "warning",
    evidence: { seenStep: step, what: "loss", loss, attempt: 2, earlierLoss: 2 * loss, earlierAttempt: 1 },
    response: { action: "nothing", reason: expect.stringContaining("one of the two attempts was wrong") },
  });
  const after = eventsIn(folder).slice(told!.sequence);
  expect(eventsOf(after, "checkpoint-certified")).toEqual([]);
  const page = await longrun("incidents", folder, String(told!.sequence));
  expect(page.stdout).toContain("One of the two attempts computed wrongly");
});

/** Doubles the loss of a step where it stands written. Returns what it was. */
function changeLoss(path: string, step: number): { readonly step: number; readonly loss: number } {
  const { columns, values, numRows } = readSeries(path);
  rmSync(path);
  using writer = new SeriesWriter(path, columns);
  let before = Number.NaN;
  for (let i = 0; i < numRows; i++) {
    const row = Object.fromEntries(columns.map(({ name }) => [name, values[name]![i]!]));
    if (row.step === step) [before, row.loss] = [row.loss!, 2 * row.loss!];
    writer.append(row as { step: number });
  }
  return { step, loss: before };
}
