/** @file `longrun plan` as a user meets it: real processes, their two streams and their exit codes. */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");
const QUESTION = ["--model", "llama3-8b", "--cluster", "h100:32", "--sequence", "8k", "--batch-tokens", "1M"];

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

test("prints tables for people, and draws the Pareto set", async () => {
  const svg = join(folder, "pareto.svg");
  const { code, stdout, stderr } = await plan(...QUESTION, "--tokens", "15T", "--svg", svg);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const part of [
    "The best layouts",
    "Where the step goes",
    "Memory of the fullest stage",
    "Most similar measured run",
  ])
    expect(stdout).toContain(part);
  expect(readFileSync(svg, "utf8")).toContain("llama3-8b on 32 x H100-80GB");
});

test("prints one JSON document, whose layouts it takes back", async () => {
  const first = await plan(...QUESTION, "--json", "--count", "3");
  const answer = JSON.parse(first.stdout) as {
    best: { layout: string; stepSeconds: number }[];
    similar: unknown;
  };
  expect(answer.best).toHaveLength(3);
  expect(answer.similar).not.toBeNull();
  const again = await plan(...QUESTION, "--json", "--count", "3", "--layout", answer.best[1]!.layout);
  expect(JSON.parse(again.stdout)).toMatchObject({
    best: answer.best,
    yours: { kind: "planned", row: { stepSeconds: answer.best[1]!.stepSeconds } },
  });
});

test("reads a configuration and an accelerator of the user's", async () => {
  const [config, hardware] = [join(folder, "tiny.json"), join(folder, "hardware.json")];
  writeFileSync(
    config,
    JSON.stringify({
      model_type: "llama",
      hidden_size: 1024,
      intermediate_size: 4096,
      num_attention_heads: 8,
      num_hidden_layers: 8,
      vocab_size: 32_000,
    }),
  );
  writeFileSync(hardware, JSON.stringify({ name: "mine", like: "h100", memoryBytes: 40e9 }));
  const { stdout } = await plan(
    "--model",
    config,
    "--cluster",
    "mine:8",
    "--hardware",
    hardware,
    "--sequence",
    "2k",
    "--batch-sequences",
    "64",
    "--json",
  );
  expect(JSON.parse(stdout)).toMatchObject({ model: { name: "tiny" }, accelerator: "mine", numDevices: 8 });
});

test("a mistake is told on both streams, with exit code 2", async () => {
  const { code, stdout, stderr } = await plan("--model", "lama3-8b", ...QUESTION.slice(2), "--json");
  expect(code).toBe(2);
  expect(stderr).toContain("perhaps llama3-8b");
  expect(JSON.parse(stdout)).toMatchObject({ error: { found: 'model "lama3-8b"' } });
});

test("a subcommand's options are its own", async () => {
  const { code, stderr } = await plan("time", "--json");
  expect(code).toBe(2);
  expect(stderr).toContain("--cluster");
});
