// What `longrun export --gguf` writes, loaded by llama.cpp itself: the same tokens, the same probabilities.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { trainMerges } from "../src/corpus/bpe-training.ts";
import { Tokenizer } from "../src/corpus/tokenizer.ts";
import { END_OF_TEXT_ID } from "../src/corpus/vocabulary.ts";
import { WordCounts } from "../src/corpus/word-counts.ts";
import { Session } from "../src/engine/session.ts";
import { initialValues } from "../src/model/initialise.ts";
import { type DecoderShape, parametersOf } from "../src/model/shape.ts";
import { type FinishedModel, writeHuggingFace } from "../src/train/hugging-face.ts";
import { trainingPrograms } from "../src/train/programs.ts";

const SHAPE: DecoderShape = {
  vocabularySize: 330,
  width: 32,
  numLayers: 2,
  numHeads: 4,
  numKeyValueHeads: 2,
  headDim: 8,
  feedForwardWidth: 48,
  tiedEmbeddings: false,
  ropeBase: 10_000,
  normEpsilon: 1e-5,
};
const SEQUENCE = 32;

/** The little of node-llama-cpp that is used here: it is installed beside, not a dependency. */
type LlamaModel = {
  readonly tokenize: (text: string) => readonly number[];
  readonly createContext: (options: object) => Promise<{
    getSequence(): {
      controlledEvaluate(
        input: readonly (readonly [number, object])[],
      ): Promise<readonly { readonly next: { readonly probabilities: ReadonlyMap<number, number> } }[]>;
    };
  }>;
};

const folder = mkdtempSync(join(tmpdir(), "longrun-llama-"));
afterAll(() => rmSync(folder, { recursive: true }));

const counts = new WordCounts();
counts.add(
  Buffer.from(
    "The sea was calm, and they've said it's 1234. नमस्ते दुनिया 你好世界 {\r\n\treturn;\n}".repeat(30),
  ),
);
const tokenizer = new Tokenizer(trainMerges(counts, SHAPE.vocabularySize, 2));

function modelOf(shape: DecoderShape): FinishedModel {
  const parameters = new Map(
    parametersOf(shape).map((parameter) => {
      const values = initialValues(parameter, shape, 5);
      // Large enough to make some tokens likely; gains that can be told apart.
      return [
        parameter.name,
        values.map((v, i) => (parameter.role === "norm" ? 1 + (i % 7) / 8 : 3 * v)),
      ] as const;
    }),
  );
  return { shape, sequenceLength: SEQUENCE, parameters };
}

async function load(name: string, model: FinishedModel): Promise<LlamaModel> {
  const tokenizerPath = join(folder, "tokenizer.json");
  writeFileSync(tokenizerPath, tokenizer.json);
  writeHuggingFace(join(folder, name), model, tokenizerPath, "# A card\n");
  const modelPath = join(folder, `${name}.gguf`);
  execFileSync(process.execPath, ["bin/longrun.js", "export", join(folder, name), "--gguf", modelPath]);
  const entry = resolve("build/llama/node_modules/node-llama-cpp/dist/index.js");
  const { getLlama } = (await import(entry)) as {
    getLlama(options: object): Promise<{ loadModel(options: object): Promise<LlamaModel> }>;
  };
  return (await getLlama({ gpu: false, build: "never", logLevel: "error" })).loadModel({ modelPath });
}

/** Of each token but the first, -log of its probability after those before it. */
async function lossesOf({ shape, parameters }: FinishedModel, ids: readonly number[]): Promise<Float32Array> {
  const optimiser = {
    learningRate: 1,
    baseWidth: 64,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0,
    clip: 1,
  };
  const programs = trainingPrograms(shape, { batch: 1, sequenceLength: ids.length - 1 }, optimiser);
  const session = new Session(programs, { numThreads: 1 });
  for (const [name, values] of parameters) session.floats(name).set(values);
  session.integers("tokens").set(ids.slice(0, -1));
  session.integers("targets").set(ids.slice(1));
  await session.run("evaluate");
  return session.output("evaluate", "losses").slice();
}

let llama: LlamaModel;
beforeAll(async () => {
  llama = await load("plain", modelOf(SHAPE));
});

test("its tokenizer gives llama.cpp the ids that ours gives, on any text", () => {
  const fragment = fc.constantFrom(
    ..."the|return | 'LL|'s|, |Über|猫で|😀|\n\n|\r\n| |  |123|\t|é|====|ing|नम|(x|\u3000|/".split("|"),
  );
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (string) => {
      expect(llama.tokenize(string)).toEqual([...tokenizer.encode(string)]);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["the llama graph", {}],
  ["tied embeddings", { tiedEmbeddings: true }],
  ["normalised queries and keys", { queryKeyNorm: true }],
] as const)("its probabilities are ours: %s", async (name, changes) => {
  const model = modelOf({ ...SHAPE, ...changes });
  const loaded = await load(name.replaceAll(" ", "-"), model);
  const text = "The sea was calm, it's 1234 and they've said";
  const ids = [END_OF_TEXT_ID, ...tokenizer.encode(text)].slice(0, SEQUENCE);
  const context = await loaded.createContext({
    contextSize: SEQUENCE,
    batchSize: SEQUENCE,
    // It keeps keys and values in 16 bits unless told otherwise.
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
    flashAttention: false,
  });
  const evaluated = await context
    .getSequence()
    .controlledEvaluate(ids.map((id) => [id, { generateNext: { probabilities: true } }] as const));
  const losses = await lossesOf(model, ids);
  const theirs = losses.map((_, i) => -Math.log(evaluated[i]!.next.probabilities.get(ids[i + 1]!)!));
  expect(Math.max(...losses.map((loss, i) => Math.abs(loss - theirs[i]!)))).toBeLessThan(1e-4);
  expect(Math.max(...losses) - Math.min(...losses)).toBeGreaterThan(1);
});
