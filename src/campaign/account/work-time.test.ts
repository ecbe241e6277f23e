import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { type EventDraft, NO_PREVIOUS, type Stage } from "../../record/events.ts";
import { type Draft, recordOf } from "../../record/fixture.ts";
import { openRecord, readRecord } from "../../record/record.ts";
import { secondsOfWork } from "./work-time.ts";

const started = (stage: Stage): EventDraft<"stage-started"> => ({
  run: null,
  kind: "stage-started",
  data: { stage, inputsHash: NO_PREVIOUS },
});
const finished = (stage: Stage, seconds: number): Draft => ({
  run: null,
  kind: "stage-finished",
  data: { stage, inputsHash: NO_PREVIOUS, result: null, seconds },
});
const interrupted: Draft = { run: null, kind: "interrupted", data: { reason: "in stage ladder" } };

test("work is what finished stages took and what was done of the others, without the waiting", () => {
  const drafts = [
    started("prepare"),
    finished("prepare", 2.5),
    started("ladder"),
    interrupted,
    started("ladder"),
    finished("ladder", 20),
    started("fit"),
  ];
  const events = recordOf(drafts, [0, 3, 3, 15, 500, 520, 520]);
  expect(secondsOfWork(events)).toBe(2.5 + 12 + 20);
  expect(secondsOfWork(events, ["ladder"])).toBe(32);
  expect(secondsOfWork([])).toBe(0);
});

test("a clock that jumps by years changes no second of it", () => {
  const folder = mkdtempSync(join(tmpdir(), "longrun-clock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-30") });
  onTestFinished(() => void vi.useRealTimers());
  using record = openRecord(folder);
  record.append(started("ladder"));
  vi.setSystemTime(new Date("1995-03-23"));
  record.append(interrupted as EventDraft);
  const { events } = readRecord(folder);
  expect(events.map(({ time }) => time.slice(0, 4))).toEqual(["2026", "1995"]);
  expect(secondsOfWork(events)).toBe(events[1]!.seconds - events[0]!.seconds);
  expect(secondsOfWork(events)).toBeGreaterThanOrEqual(0);
  expect(secondsOfWork(events)).toBeLessThan(60);
});
