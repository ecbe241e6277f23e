import { describe, expect, test } from "vitest";
import { Tokenizer } from "../corpus/tokenizer.ts";
import { Random } from "../math/random.ts";
import { type DecoderShape, lengthOf, parametersOf } from "../model/shape.ts";
import type { FinishedModel } from "./hugging-face.ts";
import { draw, sampleText } from "./sample.ts";

describe("drawing a token", () => {
  const logits = Float32Array.of(1, 3, 0, 3, 2, -1);
  const many = (temperature: number, topTokens: number, count: number, seed = 1) => {
    const random = new Random(seed, "test");
    return Array.from({ length: count }, () => draw(logits, { temperature, topTokens }, random));
  };

  test("at temperature 0 takes the most likely, the first of equals", () => {
    expect(new Set(many(0, 6, 20))).toEqual(new Set([1]));
  });

  test("from one candidate takes it at any temperature", () => {
    expect(new Set(many(5, 1, 50))).toEqual(new Set([1]));
  });

  test("never leaves the most likely ones that it is given", () => {
    expect([...new Set(many(10, 3, 500))].sort()).toEqual([1, 3, 4]);
  });

  test.each([0.5, 1, 3])("at temperature %f follows softmax(logits / temperature)", (temperature) => {
    const numDraws = 20_000;
    const counts = new Float64Array(logits.length);
    for (const token of many(temperature, 6, numDraws)) counts[token]! += 1;
    const weights = logits.map((logit) => Math.exp(logit / temperature));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const statistic = weights.reduce((sum, weight, token) => {
      const expected = (numDraws * weight) / total;
      return sum + (counts[token]! - expected) ** 2 / expected;
    }, 0);
    // Chi-square with five degrees of freedom passes 20.5 once in a thousand times.
    expect(statistic).toBeLessThan(20.5);
  });

  test("is the same for the same seed and another for another", () => {
    expect(many(1, 6, 40, 9)).toEqual(many(1, 6, 40, 9));
    expect(many(1, 6, 40, 9)).not.toEqual(many(1, 6, 40, 10));
  });
});

/** A decoder that knows the alphabet: its layers add nothing, its head turns each byte into the next. */
function alphabetModel(sequenceLength: number, last: string): FinishedModel {
  const shape: DecoderShape = {
    vocabularySize: 257,
    width: 32,
    numLayers: 1,
    numHeads: 2,
    numKeyValueHeads: 2,
    headDim: 16,
    feedForwardWidth: 8,
    tiedEmbeddings: false,
    ropeBase: 10_000,
    normEpsilon: 1e-5,
  };
  const parameters = new Map(
    parametersOf(shape).map((parameter) => [
      parameter.name,
      new Float32Array(lengthOf(parameter)).fill(parameter.role === "norm" ? 1 : 0),
    ]),
  );
  const random = new Random(3, "embedding");
  const embedding = parameters.get("embedding")!.map(() => (random.uniform() < 0.5 ? -1 : 1));
  parameters.set("embedding", embedding);
  const row = (token: number) => embedding.subarray(token * 32, (token + 1) * 32);
  for (let token = 1; token < 257; token++) {
    const before = token === 256 ? last.charCodeAt(0) : token - 1;
    parameters.get("head")!.set(
      row(before).map((value) => (token === 256 ? 2 * value : value)),
      token * 32,
    );
  }
  return { shape, sequenceLength, parameters };
}

describe("sampling text", () => {
  const tokenizer = new Tokenizer([]);
  const options = { prompt: "a", numTokens: 12, temperature: 0, topTokens: 5, seed: 1, numThreads: 1 };

  test("continues the prompt, for as many tokens as asked, past the length of its window", async () => {
    expect(await sampleText(alphabetModel(8, "z"), tokenizer, options)).toBe("bcdefghijklm");
  });

  test("starts from the prompt's last token, however long the prompt", async () => {
    const prompt = "a long prompt, longer than its window: k";
    expect(await sampleText(alphabetModel(8, "z"), tokenizer, { ...options, prompt, numTokens: 3 })).toBe(
      "lmn",
    );
  });

  test("ends at the end of a text", async () => {
    expect(await sampleText(alphabetModel(8, "e"), tokenizer, options)).toBe("bcde");
  });

  test("depends on the seed alone once it is drawn", async () => {
    const drawn = { ...options, temperature: 20, topTokens: 50 };
    const text = (seed: number, numThreads: number) =>
      sampleText(alphabetModel(8, "z"), tokenizer, { ...drawn, seed, numThreads });
    expect(await text(4, 2)).toBe(await text(4, 1));
    expect(await text(5, 1)).not.toBe(await text(4, 1));
  });
});
