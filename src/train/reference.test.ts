/**
 * Our programs against Hugging Face transformers and torch.optim.AdamW, whose numbers lie in
 * test/fixtures/llama-transformers.json. Weights go in and out through the model folder, so that its names
 * and rows are under test as well.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compile } from "../engine/compile.ts";
import { native } from "../engine/native.ts";
import { matmul } from "../engine/operations/matmul.ts";
import { Session } from "../engine/session.ts";
import { leaf } from "../engine/tensor.ts";
import { decoder } from "../model/decoder.ts";
import { lengthOf, parametersOf } from "../model/shape.ts";
import { type FinishedModel, readHuggingFace, writeHuggingFace } from "./hugging-face.ts";
import { hyperAt, momentNames } from "./optimiser.ts";
import { trainingPrograms } from "./programs.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

type Described = Readonly<
  Record<string, { readonly sum: number; readonly norm: number; readonly entries: readonly number[] }>
>;

const fixtures = join(import.meta.dirname, "../../test/fixtures");
const theirs = JSON.parse(readFileSync(join(fixtures, "llama-transformers.json"), "utf8")) as {
  readonly config: Readonly<Record<string, unknown>>;
  readonly batch: number;
  readonly optimiser: {
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly weightDecay: number;
    readonly clip: number;
    readonly baseWidth: number;
    readonly learningRates: readonly number[];
  };
  readonly stride: number;
  readonly names: readonly string[];
  readonly steps: readonly {
    readonly inputs: readonly number[];
    readonly targets: readonly number[];
    readonly loss: number;
    readonly gradientNorm: number;
  }[];
  readonly logits: readonly number[];
  readonly gradients: Described;
  readonly parametersAfter: Described;
};

const folder = mkdtempSync(join(tmpdir(), "longrun-reference-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The generator of make-llama-transformers.py. */
function words(seed: number, count: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state >>> 16;
  });
}

/** The model of the fixture, read from a folder as transformers would write it. */
function theirModel(): FinishedModel {
  const path = join(folder, "theirs");
  mkdirSync(path, { recursive: true });
  const { hidden_size: C, intermediate_size: F, vocab_size: V } = theirs.config as Record<string, number>;
  const shapes: readonly (readonly [RegExp, readonly number[]])[] = [
    [/norm/, [C!]],
    [/embed_tokens|lm_head/, [V!, C!]],
    [/q_proj/, [32, C!]],
    [/[kv]_proj/, [16, C!]],
    [/o_proj/, [C!, 32]],
    [/gate_proj|up_proj/, [F!, C!]],
    [/down_proj/, [C!, F!]],
  ];
  const tensors = theirs.names.map((name, index) => {
    const shape = shapes.find(([pattern]) => pattern.test(name))![1];
    const uniform = words(
      index + 1,
      shape.reduce((a, b) => a * b),
    ).map((word) => word / 65_536 - 0.5);
    const scale = name === "model.embed_tokens.weight" ? 2 : 0.5;
    const data = Float32Array.from(uniform, (u) => (name.includes("norm") ? 1 + u / 2 : u * scale));
    return { name, shape, dtype: "F32" as const, data };
  });
  writeSafetensors(join(path, "model.safetensors"), tensors);
  writeFileSync(join(path, "config.json"), JSON.stringify(theirs.config));
  return readHuggingFace(path);
}

const model = theirModel();
const { shape, sequenceLength } = model;
const batchShape = { batch: theirs.batch, sequenceLength };

/** Some numbers for each of our parameters, by the names and in the rows of transformers. */
function byTheirNames(parameters: ReadonlyMap<string, Float32Array>): ReadonlyMap<string, Float32Array> {
  const path = join(folder, "ours");
  const tokenizer = join(folder, "tokenizer.json");
  writeFileSync(tokenizer, "{}");
  writeHuggingFace(path, { shape, sequenceLength, parameters }, tokenizer, "");
  const { tensors } = readSafetensors(join(path, "model.safetensors"));
  return new Map(tensors.map(({ name, data }) => [name, data as Float32Array]));
}

/** The worst difference of entries, sum and norm, relative to the tensor's norm, over all tensors. */
function worstDifference(ours: ReadonlyMap<string, Float32Array>, expected: Described): number {
  expect([...ours.keys()].sort()).toEqual(Object.keys(expected).sort());
  const differences = [...ours].flatMap(([name, data]) => {
    const { sum, norm, entries } = expected[name]!;
    const sampled = data.filter((_, i) => i % theirs.stride === 0);
    expect(sampled).toHaveLength(entries.length);
    const own = {
      sum: data.reduce((total, value) => total + value, 0),
      norm: Math.sqrt(data.reduce((total, value) => total + value * value, 0)),
    };
    return [own.sum - sum, own.norm - norm, ...entries.map((entry, i) => sampled[i]! - entry)].map(
      (difference) => Math.abs(difference) / norm,
    );
  });
  return Math.max(...differences);
}

test("the fixture covers heads whose widths together are not the model's, and grouped queries", () => {
  expect(shape).toMatchObject({ width: 24, numHeads: 2, headDim: 16, numKeyValueHeads: 1, numLayers: 2 });
  expect(theirs.names).toHaveLength(21);
});

describe.each(native.instructionSets())("on %s", (instructionSet) => {
  const options = { numThreads: 2, instructionSet };

  test("the logits are theirs", async () => {
    const { inputs } = theirs.steps[0]!;
    const { hidden, head } = decoder(shape, batchShape, leaf("tokens", [inputs.length], "i32"));
    const executable = compile({ predict: { logits: matmul(hidden, head, { transposeB: true }) } });
    const session = new Session(executable, options);
    for (const [name, values] of model.parameters) session.floats(name).set(values);
    session.integers("tokens").set(inputs);
    await session.run("predict");
    const logits = session.output("predict", "logits");
    expect(logits).toHaveLength(theirs.logits.length);
    const largest = Math.max(...theirs.logits.map(Math.abs));
    const worst = Math.max(...logits.map((logit, i) => Math.abs(logit - theirs.logits[i]!))) / largest;
    expect(worst).toBeLessThan(1e-5);
  });

  test("losses, gradients and three steps of AdamW are theirs", async () => {
    const { learningRates, ...rest } = theirs.optimiser;
    const settings = { ...rest, learningRate: 1 };
    const session = new Session(trainingPrograms(shape, batchShape, settings), options);
    for (const [name, values] of model.parameters) session.floats(name).set(values);
    for (const [i, { inputs, targets, loss, gradientNorm }] of theirs.steps.entries()) {
      session.integers("tokens").set(inputs);
      session.integers("targets").set(targets);
      await session.run("evaluate");
      const losses = session.output("evaluate", "losses");
      const evaluated = losses.reduce((sum, value) => sum + value, 0) / losses.length;
      expect(Math.abs(evaluated / loss - 1)).toBeLessThan(1e-5);
      session.floats("hyper").set(hyperAt(i + 1, learningRates[i]!, settings));
      await session.run("train");
      expect(Math.abs(session.output("train", "loss")[0]! / loss - 1)).toBeLessThan(1e-5);
      const norm = Math.sqrt(session.output("train", "squaredNorm")[0]!);
      expect(norm).toBeGreaterThan(settings.clip);
      expect(Math.abs(norm / gradientNorm - 1)).toBeLessThan(1e-5);
      if (i > 0) continue;
      // From moments of zero, the first step leaves (1 - beta1) times the clipped gradient in the first one.
      const unclipped = norm / settings.clip / (1 - settings.beta1);
      const gradients = parametersOf(shape).map(({ name }) => {
        const first = session.floats(momentNames(name).first);
        return [name, first.map((value) => value * unclipped)] as const;
      });
      expect(worstDifference(byTheirNames(new Map(gradients)), theirs.gradients)).toBeLessThan(1e-4);
    }
    const after = new Map(parametersOf(shape).map(({ name }) => [name, session.floats(name)]));
    expect(worstDifference(byTheirNames(after), theirs.parametersAfter)).toBeLessThan(1e-4);
    const moved = parametersOf(shape).map((parameter) => {
      const before = model.parameters.get(parameter.name)!;
      const values = after.get(parameter.name)!;
      return values.filter((value, i) => Math.abs(value - before[i]!) > 0.01).length / lengthOf(parameter);
    });
    expect(Math.min(...moved)).toBeGreaterThan(0.3);
  });
});
