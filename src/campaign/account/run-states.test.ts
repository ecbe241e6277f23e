import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openRecord, type RecordWriter } from "../../record/record.ts";
import { runStates } from "./run-states.ts";

const environment = { commit: null, versions: {}, processor: "any", cores: 1, settings: null };
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
  record.append({ run, kind: "run-started", data: { attempt, role: "rung", environment } });
}

describe("runStates", () => {
  test("follows a run over its attempts to its losses", () => {
    start("a", 1);
    record.append({ run: "a", kind: "checkpoint-written", data: { step: 40, path: "p", bytes: 1 } });
    expect(runStates(record.events)).toMatchObject([
      { run: "a", state: "under way", attempts: 1, steps: 40 },
    ]);
    record.append({ run: "a", kind: "interrupted", data: { reason: "asked to stop" } });
    expect(runStates(record.events)).toMatchObject([{ state: "stopped", attempts: 1, steps: 40 }]);
    start("a", 2);
    expect(runStates(record.events)).toMatchObject([
      { state: "under way", attempts: 2, steps: 40, bitsPerByte: null },
    ]);
    const losses = { heldOutBitsPerByte: 2.5, heldOutNatsPerToken: 4 };
    const counts = { attempt: 2, steps: 100, tokens: 1000, flops: 1e9, seconds: 7 };
    record.append({
      run: "a",
      kind: "run-finished",
      data: { ...counts, outcome: "completed", losses, details: null },
    });
    expect(runStates(record.events)).toEqual([
      {
        run: "a",
        role: "rung",
        state: "completed",
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
