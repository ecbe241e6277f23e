import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { readYamlFile } from "../yaml-file.ts";
import { runSpecOf, singleRunSchema } from "./single-run.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-single-"));
const help = { what: "a test", example: "example.yaml", documentation: "the docs" };

afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  const path = join(folder, "run.yaml");
  writeFileSync(path, text);
  return readYamlFile(path, singleRunSchema, help);
}

function foundIn(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof UserError) return error.found;
  }
  throw new Error("expected a UserError");
}

const SOURCES = "corpus: { sources: [{ name: a, path: a.txt }] }";
const RUN = "run: { shape: { width: 64 }, batchSequences: 4, numSteps: 10 }";

describe("a run file", () => {
  test("needs no more than sources, a width, a batch and a number of steps", () => {
    const spec = runSpecOf(read(`name: one\n${SOURCES}\n${RUN}`));
    expect(spec).toMatchObject({
      role: "single",
      sequenceLength: 256,
      seed: 1,
      batchSequences: 4,
      numSteps: 10,
    });
    expect(spec.shape).toMatchObject({
      vocabularySize: 1024,
      width: 64,
      numLayers: 2,
      headDim: 16,
      numHeads: 4,
    });
    expect(spec.optimiser).toMatchObject({ learningRate: 0.01, baseWidth: 64, weightDecay: 0.1 });
  });

  test("can state every size by itself", () => {
    const run =
      "run: { shape: { width: 64, numLayers: 5, numKeyValueHeads: 2 }, optimiser: { clip: 2 }, " +
      "batchSequences: 4, numSteps: 10 }";
    const spec = runSpecOf(read(`name: one\nvocabularySize: 512\n${SOURCES}\n${run}`));
    expect(spec.shape).toMatchObject({ vocabularySize: 512, numLayers: 5, numHeads: 4, numKeyValueHeads: 2 });
    expect(spec.optimiser).toMatchObject({ clip: 2, learningRate: 0.01 });
  });

  test("can ask for a variant of the decoder: the width gives its sizes too", () => {
    const run = (shape: string) =>
      runSpecOf(read(`name: one\n${SOURCES}\n${RUN.replace("width: 64", shape)}`));
    const gated = run("width: 64").shape;
    expect(run("width: 64, feedForward: gelu").shape).toEqual({
      ...gated,
      feedForward: "gelu",
      feedForwardWidth: (3 / 2) * gated.feedForwardWidth,
    });
    expect(run("width: 64, queryKeyNorm: true").shape).toEqual({ ...gated, queryKeyNorm: true });
    expect(() => run("width: 64, feedForward: gelu, queryKeyNorm: true")).toThrow(
      "no class for the two together",
    );
  });

  test("is refused where its sizes do not fit together", () => {
    const odd = RUN.replace("width: 64", "width: 64, numKeyValueHeads: 3");
    expect(() => runSpecOf(read(`name: one\n${SOURCES}\n${odd}`))).toThrow(
      "4 query heads, 3 key/value heads",
    );
    expect(foundIn(`name: one\n${SOURCES}\n${RUN.replace("64", "65")}`)).toContain(
      "run.shape.width: a multiple of 4",
    );
  });

  test("is refused with the place of every mistake", () => {
    const found = foundIn(
      `name: One\n${SOURCES}\nrun: { shape: { width: wide }, batchSequences: 4, numStepz: 10 }`,
    );
    expect(found).toMatch(/^run.yaml: name: lower-case letters/);
    expect(found).toContain('run.shape.width: "wide" is not a whole number');
    expect(found).toContain("run.numSteps: missing: a whole number");
    expect(found).toContain('run: Unrecognized key: "numStepz"');
  });

  test("keeps the corpus's own rules", () => {
    const twice = "corpus: { sources: [{ name: a, path: a.txt }, { name: a, path: b.txt }] }";
    expect(foundIn(`name: one\n${twice}\n${RUN}`)).toBe(
      "run.yaml: corpus.sources: two sources have the same name",
    );
    expect(foundIn(`name: one\ncorpus: { sources: [] }\n${RUN}`)).toContain("corpus.sources: ");
  });

  test("that is not YAML is refused with its line", () => {
    expect(foundIn("name: [one")).toMatch(/^run.yaml is not YAML: .*line 1/);
  });
});
