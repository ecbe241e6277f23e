/** @file `longrun plan explain` and `longrun plan codesign` as a user meets them: JSON, figures, refusals. */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");
const folder = mkdtempSync(join(tmpdir(), "longrun-plan-"));
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

const LLAMA = [
  "--model",
  "llama3-8b",
  "--cluster",
  "h100:64",
  "--sequence",
  "8k",
  "--batch-sequences",
  "128",
];

test("explains a step: a waterfall that adds up, in JSON and in a figure", async () => {
  const figure = join(folder, "step.svg");
  const { code, stdout } = await plan("explain", "zero=3", ...LLAMA, "--json", "--svg", figure);
  expect(code).toBe(0);
  const { waterfall, prediction, stages, sensitivities, balance } = JSON.parse(stdout);
  const sum = waterfall.reduce((total: number, { seconds }: { seconds: number }) => total + seconds, 0);
  expect(sum).toBeCloseTo(prediction.stepSeconds, 9);
  expect(stages).toHaveLength(1);
  expect(sensitivities).toHaveLength(5);
  expect(balance.sentence).toContain("10 % more");
  expect(readFileSync(figure, "utf8")).toMatch(/^<svg /);
});

test("refuses a layout whose heads do not divide, with a remedy", async () => {
  const three = [
    "--model",
    "llama3-8b",
    "--cluster",
    "h100:24",
    "--sequence",
    "8k",
    "--batch-sequences",
    "240",
  ];
  const { code, stderr } = await plan("explain", "tp=3", ...three);
  expect(code).toBe(2);
  expect(stderr).toContain("heads divisible by tp");
  expect(stderr).toMatch(/^remedy: /m);
});

test("chooses model and layout under a law from a file", async () => {
  const law = join(folder, "law.json");
  const parameters = { A: 482, B: 2085, E: 1.82, alpha: 0.348, beta: 0.366 };
  writeFileSync(law, JSON.stringify({ law: "chinchilla", parameters }));
  const asked = [
    "--cluster",
    "h100:8",
    "--days",
    "1",
    "--law",
    law,
    "--sequence",
    "2k",
    "--vocabulary",
    "32k",
  ];
  const { code, stdout } = await plan("codesign", ...asked, "--json");
  expect(code).toBe(0);
  const { best, rounded, lawAlone, frontier } = JSON.parse(stdout);
  expect(best.loss.median).toBeGreaterThan(parameters.E);
  expect(lawAlone.loss.median).toBeLessThanOrEqual(best.loss.median);
  expect(rounded.map(({ name }: { name: string }) => name)).toEqual(["free", "nice", "round", "moderate"]);
  expect(frontier.length).toBeGreaterThan(3);
});

test("refuses laws that do not tell size from data, and days without sense", async () => {
  const law = join(folder, "power.json");
  writeFileSync(law, JSON.stringify({ law: "power", parameters: { a: 10, b: 0.05 } }));
  const power = await plan("codesign", "--cluster", "h100:8", "--days", "1", "--law", law);
  expect(power.code).toBe(2);
  expect(power.stderr).toContain("which does not tell size from tokens");
  const days = await plan("codesign", "--cluster", "h100:8", "--days", "-3", "--law", law);
  expect(days.code).toBe(2);
  expect(days.stderr).toContain("days above 0");
});
