/** @file 300 damaged files of every kind that longrun reads; `npm run fuzz` gives 10,000 of each. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { prepareFuzz } from "./support/fuzz.ts";
import { fuzzTargets } from "./support/fuzz-targets.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Each is read in a thread of its own, which takes 0.1 s to start. */
const FEW = 12;

test.for(await fuzzTargets(folder))("$name", async (target) => {
  const run = await prepareFuzz(target, 1);
  const failures: string[] = [];
  for (let index = 0; index < (target.name === "parquet" ? FEW : 300); index++) {
    const outcome = await run(index);
    if (outcome.kind === "failed") failures.push(`${index}: ${outcome.why}`);
  }
  expect(failures).toEqual([]);
});

test.each([["abc"], ["1", "x"], ["1", "5", "("], ["--seed", "1"]])(
  "npm run fuzz -- %s %s %s is told the usage",
  (...words) => {
    const { status, stderr } = spawnSync(process.execPath, ["scripts/fuzz.ts", ...words], {
      encoding: "utf8",
    });
    expect(stderr).toMatch(/^.*\nusage: npm run fuzz -- \[SEED\] \[COUNT\] \[TARGETS\]\n$/);
    expect(status).toBe(2);
  },
);
