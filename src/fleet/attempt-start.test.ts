import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RecordEvent } from "../record/events.ts";
import { openRecord } from "../record/record.ts";
import { attemptStart, failureSeconds } from "./attempt-start.ts";

test("a failure that ended nothing known is none; two in 100 s are 50 s apart", () => {
  const DATE = Date.UTC(2026, 0, 1);
  const told = (...kinds: readonly (readonly [kind: string, seconds: number])[]) =>
    kinds.map(([kind, seconds], sequence) => ({
      ...{ sequence, launch: 1, seconds, run: "one", kind, data: {} },
      time: new Date(DATE + 1000 * seconds).toISOString(),
    })) as unknown as readonly RecordEvent[];
  expect(failureSeconds([], "one")).toBeNull();
  expect(failureSeconds(told(["run-started", 0], ["interrupted", 50]), "one")).toBeNull();
  const events = told(["run-started", 0], ["incident", 90], ["run-started", 95], ["incident", 100]);
  expect(failureSeconds(events, "one")).toBeCloseTo(50, 9);
});

test("where the next attempt starts holds for that one; what is skipped, for all", () => {
  const folder = mkdtempSync(join(tmpdir(), "longrun-attempt-start-"));
  try {
    using record = openRecord(folder);
    const start = () => attemptStart(record.events, "one");
    const started = (attempt: number) =>
      record.append({
        run: "one",
        kind: "run-started",
        data: { attempt, fromStep: 0, exact: true, numThreads: 1, spec: null },
      });
    const decided = (run: string, response: { toStep?: number | null; skip?: number[] }) =>
      record.append({
        run,
        kind: "incident",
        data: {
          what: "loss spike",
          evidence: {},
          severity: "warning",
          response: { action: "rewind", reason: "it recurs", ...response },
        },
      });
    expect(start()).toMatchObject({ fromStep: null, skip: [] });
    started(1);
    decided("one", { toStep: 100, skip: [146, 147] });
    decided("two", { toStep: 5, skip: [6] });
    expect(start()).toMatchObject({ fromStep: 100, skip: [146, 147] });
    started(2);
    expect(start()).toMatchObject({ fromStep: null, skip: [146, 147] });
    decided("one", { toStep: 90, skip: [95, 146] });
    decided("one", {});
    expect(start()).toMatchObject({ fromStep: 90, skip: [95, 146, 147] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
