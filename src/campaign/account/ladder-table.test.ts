import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openRecord } from "../../record/record.ts";
import { ladderRunWith } from "../fixture.ts";
import { ladderTable, tableOf } from "./ladder-table.ts";

test("gives N, D and C as counted, bits per byte, and the seed", () => {
  const { runs, conventions } = tableOf(
    [ladderRunWith({ flops: 7e9 }), ladderRunWith({}, "other")],
    "runs/x",
  );
  expect(runs[0]).toEqual({ run: "rung-0-seed-1", seed: 1, n: 10_000, d: 100_000, c: 7e9, loss: 2 });
  expect(runs[1]!.run).toBe("other");
  expect(conventions.parameters).toContain("input embedding not");
});

test("says what is missing in a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "longrun-table-"));
  try {
    expect(() => ladderTable(folder)).toThrow(/has no record/);
    openRecord(folder)[Symbol.dispose]();
    expect(() => ladderTable(folder)).toThrow(/a record without a plan/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
