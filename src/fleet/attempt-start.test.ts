import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RecordEvent } from "../record/events.ts";
import { openRecord } from "../record/record.ts";
import { attemptStart, failureSeconds, placeDecisions } from "./attempt-start.ts";

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

test("a place that a run was told to leave is left in later launches, too, until it is forgiven", () => {
  const folder = mkdtempSync(join(tmpdir(), "longrun-place-decisions-"));
  try {
    using record = openRecord(folder);
    const decided = (run: string, action: string, place?: string, without?: readonly string[]) => {
      const response = { action, reason: "it failed", ...(place && { place }), ...(without && { without }) };
      const data = { what: "the run's process died", evidence: {}, severity: "warning", response } as const;
      return Date.parse(record.append({ run, kind: "incident", data }).time) / 1000;
    };
    decided("one", "restart");
    const excluded = decided("one", "exclude", "a");
    const spared = decided("one", "spare", "b");
    decided("two", "exclude", "c");
    const forgivenAt = (...places: readonly (readonly [string, number])[]) =>
      placeDecisions(record.events, "one", new Map(places));
    expect(forgivenAt(["a", excluded - 1], ["b", spared + 1])).toEqual([
      { action: "exclude", place: "a", atSeconds: excluded },
    ]);
    expect(forgivenAt()).toEqual([
      { action: "exclude", place: "a", atSeconds: excluded },
      { action: "spare", place: "b", atSeconds: spared },
    ]);
    decided("three", "exclude", "d");
    const replayed = decided("three", "replay", undefined, ["e", "f"]);
    const left = () => placeDecisions(record.events, "three", new Map([["f", replayed + 1]]));
    expect(left().map(({ place }) => place)).toEqual(["d", "e"]);
    decided("three", "rewind");
    expect(left().map(({ place }) => place)).toEqual(["d"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
