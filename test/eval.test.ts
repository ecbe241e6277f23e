/** @file `longrun eval` as a user meets it: a model's folder and items in, scores with intervals out. */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Tokenizer } from "../src/corpus/tokenizer.ts";
import { alphabetModel } from "../src/tasks/fixture.ts";
import { writeHuggingFace } from "../src/train/hugging-face.ts";
import { expectRefusal, longrun } from "./support/processes.ts";

const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");
const folder = mkdtempSync(join(tmpdir(), "longrun-eval-"));
const model = join(folder, "model");
const items = join(folder, "letters.jsonl");

type Outcome = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

async function evaluate(...args: readonly string[]): Promise<Outcome> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [MAIN, "eval", ...args])) };
  } catch (error) {
    return error as Outcome;
  }
}

beforeAll(() => {
  const tokenizerPath = join(folder, "tokenizer.json");
  writeFileSync(tokenizerPath, new Tokenizer([]).json);
  writeHuggingFace(model, alphabetModel(32), tokenizerPath, "");
  const lines = [
    { context: "abc", choices: ["def", "pbk"], answer: "def" },
    { query: "mn", choices: ["zq", "op"], gold: 1 },
  ];
  writeFileSync(items, lines.map((line) => JSON.stringify(line)).join("\n"));
});

afterAll(() => rmSync(folder, { recursive: true }));

test("prints scores as JSON, and what it is doing on standard error", async () => {
  const { code, stdout, stderr } = await evaluate(model, "--tasks", items, "--json");
  expect(code).toBe(0);
  const { tasks, rows } = JSON.parse(stdout);
  expect(tasks).toMatchObject([{ name: "letters", chance: 0.5, numItems: 2 }]);
  expect(rows[0].scores[0].accuracy).toMatchObject({ median: 1, hi: 1 });
  expect(stderr).toContain(model);
});

test("writes the table of a model apart from its campaign, and refuses the figure, which has no compute to stand on", async () => {
  const [csv, svg] = [join(folder, "tasks.csv"), join(folder, "tasks.svg")];
  const { code, stderr } = await evaluate(model, "--tasks", items, "--csv", csv, "--svg", svg);
  expect(code).toBe(2);
  expect(stderr).toContain("found: --svg, and no model whose training compute is known");
  expect(stderr).not.toMatch(/^ +at /m);
  expect(readFileSync(csv, "utf8")).toMatch(/^run,seed,n,d,c,loss,letters,letters_sd,letters_chance,/);
});

test("names the line of a file that is wrong, and exits 2", async () => {
  const broken = join(folder, "broken.jsonl");
  writeFileSync(broken, '{"text": "a", "answer": "b"}\n{"text": "a"}\n');
  const { code, stderr } = await evaluate(model, "--tasks", broken);
  expect(code).toBe(2);
  expect(stderr).toMatch(/found: line 2 of .*broken\.jsonl: answer/);
});

test("a model beside a record that has lost its events is refused, by sample too; without a record it is used", async () => {
  writeFileSync(join(folder, "record.jsonl"), "");
  for (const args of [
    ["eval", model, "--tasks", items],
    ["sample", folder, "--tokens", "2"],
  ])
    expectRefusal(await longrun(...args), /model, of which none of the 0 events speaks/, /cut short/);
  rmSync(join(folder, "record.jsonl"));
  expect((await longrun("sample", folder, "--tokens", "2")).stderr).toBe("");
});
