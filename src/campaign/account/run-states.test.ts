import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openRecord, type RecordWriter } from "../../record/record.ts";
import { summaryWith } from "../../train/fixture.ts";
import { planCampaign } from "../planning/plan.ts";
import { campaignSchema } from "../spec.ts";
import { runStates } from "./run-states.ts";

const { spec } = planCampaign(
  campaignSchema.parse({
    name: "one",
    budget: "2TFLOP",
    corpus: { sources: [{ name: "tales", path: "tales" }] },
    vocabularySize: 512,
  }),
  2e12,
).rungs[0]!.runs[0]!;
let folder: string;
let record: RecordWriter;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longrun-states-"));
  record = openRecord(folder);
});

afterEach(() => {
  record[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

function start(run: string, attempt: number): void {
  const data = { attempt, fromStep: 0, exact: true, numThreads: 1, spec: attempt === 1 ? spec : null };
  record.append({ run, kind: "run-started", data });
}

describe("runStates", () => {
  test("follows a run over its attempts to its losses", () => {
    start("a", 1);
    record.append({ run: "a", kind: "checkpoint-written", data: { step: 40, bytes: 1 } });
    expect(runStates(record.events)).toMatchObject([
      { run: "a", state: "under way", attempts: 1, steps: 40 },
    ]);
    record.append({ run: "a", kind: "interrupted", data: { reason: "asked to stop" } });
    expect(runStates(record.events)).toMatchObject([
      { state: "stopped", reason: "asked to stop", attempts: 1, steps: 40 },
    ]);
    start("a", 2);
    const response = { action: "hold", reason: "the same error 2 times" };
    const data = { what: "the run's process died", evidence: {}, severity: "critical", response } as const;
    record.append({ run: "a", kind: "incident", data });
    expect(runStates(record.events)).toMatchObject([{ state: "held", reason: "the same error 2 times" }]);
    start("a", 2);
    expect(runStates(record.events)).toMatchObject([
      { state: "under way", reason: null, attempts: 2, steps: 40, bitsPerByte: null },
    ]);
    const all = { numTokens: 1, numBytes: 1, bitsPerByte: 2.5, natsPerToken: 4 };
    const summary = summaryWith({ heldOut: { all, sources: {} }, wallSeconds: 7 });
    record.append({ run: "a", kind: "run-finished", data: { summary } });
    expect(runStates(record.events)).toEqual([
      {
        run: "a",
        role: "rung",
        state: "completed",
        reason: null,
        attempts: 2,
        steps: 100,
        bitsPerByte: 2.5,
        natsPerToken: 4,
        seconds: 7,
      },
    ]);
  });

  test("keeps runs apart, in the order in which they were started", () => {
    record.append({ run: null, kind: "interrupted", data: { reason: "of the campaign" } });
    start("b", 1);
    start("a", 1);
    record.append({
      run: "b",
      kind: "incident",
      data: { what: "diverged", evidence: null, severity: "critical" },
    });
    expect(runStates(record.events)).toMatchObject([
      { run: "b", state: "diverged" },
      { run: "a", state: "under way" },
    ]);
  });
});
