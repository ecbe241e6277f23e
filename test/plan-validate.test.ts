/** @file `longrun plan validate` and `calibrate` as a user meets them: real processes, files, exit codes. */

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");
const TABLE = join(import.meta.dirname, "..", "src", "plan", "validate", "published-runs.csv");

const folder = mkdtempSync(join(tmpdir(), "longrun-plan-validate-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Outcome = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

async function plan(...args: readonly string[]): Promise<Outcome> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [MAIN, "plan", ...args])) };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

const HEADER = "model,accelerator,n_gpus,seq_len,gbs_seqs,mbs,tp,step_time_s";
function tableFile(name: string, ...rows: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${[HEADER, ...rows].join("\n")}\n`);
  return path;
}

test("judges the published table: as good as the reference, rows not used with their lines", async () => {
  const { code, stdout, stderr } = await plan("validate", TABLE);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/All: 741 rows, mean/);
  expect(stdout).toMatch(/sft, not pre-training/);
});

test("judges a table of one's own, in JSON", async () => {
  const path = tableFile(
    "own.csv",
    "llama3-8b,h100,64,8k,128,1,1,2.9",
    "llama3-8b,h100,64,8k,128,1,64,2.9",
    "lama3-8b,h100,64,8k,128,1,1,2.9",
    "llama3-8b,h100,64,8k,128,1,1,2900",
  );
  const { code, stdout } = await plan("validate", path, "--json");
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as { unused: { reason: string; lines: number[] }[] };
  expect(report).toMatchObject({ all: { rows: 1 }, memory: { rows: 0, medianPercent: null } });
  expect(report.unused.map(({ lines }) => lines)).toEqual([[3], [4], [5]]);
  expect(report.unused[0]!.reason).toContain("heads divisible by tp");
  expect(report.unused[1]!.reason).toContain("perhaps llama3-8b");
  expect(report.unused[2]!.reason).toContain("% of the peak");
});

test("calibrates, and the constants can be judged; constants that are worse on rows left out are not written", async () => {
  const rows = [3.5, 7, 14].map((seconds, i) => `llama3-8b,h100,64,8k,${128 * 2 ** i},1,1,${seconds}`);
  const own = tableFile("steady.csv", ...rows, "llama3-8b,h100,64,8k,128,,1,3");
  const constants = join(folder, "constants.json");
  const good = await plan("calibrate", own, "--save", constants);
  expect(good).toMatchObject({ code: 0, stderr: "" });
  expect(good.stdout).toContain("1 of unnamed (line 5): micro batch not stated");
  expect(JSON.parse(readFileSync(constants, "utf8"))).toMatchObject({ format: "longrun-plan-constants/1" });
  const before = JSON.parse((await plan("validate", own, "--json")).stdout) as {
    all: { mapePercent: number };
  };
  const after = JSON.parse(
    (await plan("validate", own, "--json", "--constants", constants)).stdout,
  ) as typeof before;
  expect(after.all.mapePercent).toBeLessThan(before.all.mapePercent);

  const noisy = [2.6, 3.4, 7.2, 27].map(
    (seconds, i) => `llama3-8b,h100,64,8k,${128 * 2 ** i},1,1,${seconds}`,
  );
  const lost = join(folder, "lost.json");
  const bad = await plan("calibrate", tableFile("noisy.csv", ...noisy), "--save", lost);
  expect(bad.code).toBe(1);
  expect(bad.stderr).toContain("worse on rows left out: not worth using");
  expect(existsSync(lost)).toBe(false);
});
