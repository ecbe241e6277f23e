import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Tokenizer } from "../corpus/tokenizer.ts";
import { UserError } from "../errors.ts";
import { singleRun } from "../fleet/single-run.ts";
import { writeHuggingFace } from "../train/hugging-face.ts";
import { type EvaluateOptions, evaluateFolder } from "./evaluate.ts";
import { alphabetModel, englishPassages } from "./fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-evaluate-"));
const run = join(folder, "run");
const model = join(folder, "elsewhere");
const items = join(folder, "alphabet.jsonl");

const options = (tasks: readonly string[], more: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
  tasks,
  seed: 1,
  numItems: 24,
  onlyFinished: false,
  tell: () => {},
  ...more,
});

beforeAll(async () => {
  writeFileSync(join(folder, "text.txt"), englishPassages(300).join("\n\n"));
  const yaml = `name: tiny
corpus: { sources: [{ name: tales, path: text.txt }], passageBytes: 1000, holdOut: { fraction: 0.2 } }
vocabularySize: 400
run: { shape: { width: 16 }, sequenceLength: 48, batchSequences: 4, numSteps: 60, heldOutTokens: 4000 }
`;
  writeFileSync(join(folder, "tiny.yaml"), yaml);
  const { signal } = new AbortController();
  await singleRun({ path: join(folder, "tiny.yaml"), folder: run, signal, tell: () => {} });
  const tokenizerPath = join(folder, "tokenizer.json");
  writeFileSync(tokenizerPath, new Tokenizer([]).json);
  writeHuggingFace(model, alphabetModel(32), tokenizerPath, "");
  const item = { context: "abc", choices: ["def", "pbk"], answer: 0 };
  writeFileSync(items, [item, { ...item, context: "bc" }].map((line) => JSON.stringify(line)).join("\n"));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("a folder with a record", () => {
  test("is scored at its checkpoints, with the loss and the compute of its run", async () => {
    const { tasks, rows } = await evaluateFolder(run, options(["cloze", "agreement", "copy", "recall"]));
    expect(tasks.map(({ name }) => name)).toEqual(["cloze", "cloze-choice", "agreement", "copy", "recall"]);
    expect(rows).toHaveLength(1);
    const [row] = rows;
    expect(row).toMatchObject({ role: "single", step: 60, isFinished: true, d: 60 * 4 * 48, seed: 1 });
    expect(row!.c! / (6 * row!.n * row!.d!)).toBeGreaterThan(0.9);
    for (const { accuracy, bitsPerByte, numItems } of row!.scores) {
      expect(accuracy.lo).toBeLessThanOrEqual(accuracy.median);
      expect(accuracy.hi).toBeGreaterThanOrEqual(accuracy.median);
      expect(bitsPerByte.median).toBeGreaterThan(0);
      expect(numItems).toBeGreaterThan(10);
    }
  });

  test("gives the same scores each time, and the same as its exported model", async () => {
    const inRun = await evaluateFolder(run, options(["agreement"]));
    expect((await evaluateFolder(run, options(["agreement"]))).rows).toEqual(inRun.rows);
    const exported = await evaluateFolder(join(run, "model"), options(["agreement"]));
    const [own, other] = [inRun, exported].map(({ rows }) => rows[0]!);
    expect(other!.scores[0]!.bitsPerByte.median).toBeCloseTo(own!.scores[0]!.bitsPerByte.median, 4);
    // The model's folder does not tell its run's loss: it is scored anew, on the same held-out text.
    expect(other!.heldOutBitsPerByte! / own!.heldOutBitsPerByte!).toBeCloseTo(1, 1);
    expect(other!.c).toBeNull();
  });
});

test("is refused where its text gives no items, with the reason of each task", async () => {
  const notes = "copy: no items: 8 tokens of context";
  writeFileSync(join(folder, "few.txt"), englishPassages(300).join("\n\n"));
  const yaml = `name: few
corpus: { sources: [{ name: tales, path: few.txt }], passageBytes: 1000, holdOut: { fraction: 0.2 } }
vocabularySize: 400
run: { shape: { width: 16 }, sequenceLength: 8, batchSequences: 4, numSteps: 2, heldOutTokens: 400 }
`;
  writeFileSync(join(folder, "few.yaml"), yaml);
  const { signal } = new AbortController();
  await singleRun({
    path: join(folder, "few.yaml"),
    folder: join(folder, "few"),
    signal,
    tell: () => {},
  });
  await expect(evaluateFolder(join(folder, "few"), options(["copy"]))).rejects.toThrow(notes);
});

describe("a model that lies apart", () => {
  test("is scored on a user's items without a corpus", async () => {
    const { rows, tasks } = await evaluateFolder(model, options([items]));
    expect(tasks[0]).toMatchObject({ name: "alphabet", chance: 0.5, numItems: 2 });
    expect(rows[0]!.scores[0]!.accuracy.median).toBe(1);
  });

  test("needs a corpus for what is made from held-out text, its own and no other", async () => {
    await expect(evaluateFolder(model, options(["cloze"]))).rejects.toThrow("--corpus FOLDER");
    const corpus = join(run, "corpus");
    await expect(evaluateFolder(model, options(["cloze"], { corpus }))).rejects.toThrow("another tokenizer");
  });

  test("is refused with the reason", async () => {
    await expect(evaluateFolder(folder, options(["cloze"]))).rejects.toThrow(UserError);
    await expect(evaluateFolder(model, options([items, items]))).rejects.toThrow(
      "two tasks of the name alphabet",
    );
    await expect(evaluateFolder(model, options([join(folder, "no.jsonl")]))).rejects.toThrow("no file");
    mkdirSync(join(folder, "empty"));
    await expect(evaluateFolder(join(folder, "empty"), options([items]))).rejects.toThrow("no trained model");
  });
});
