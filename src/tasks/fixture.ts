/** @file Models whose scores can be worked out by hand, and English text with agreement and sentence ends. */

import { Random } from "../math/random.ts";
import { type DecoderShape, lengthOf, parametersOf } from "../model/shape.ts";
import type { FinishedModel } from "../train/hugging-face.ts";
import type { TaskGround } from "./task.ts";

const SHAPE: DecoderShape = {
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

/** Every token equally likely, always: its head is nothing but zeros. */
export function uniformModel(sequenceLength: number): FinishedModel {
  const parameters = new Map(
    parametersOf(SHAPE).map((parameter) => [
      parameter.name,
      new Float32Array(lengthOf(parameter)).fill(parameter.role === "norm" ? 1 : 0),
    ]),
  );
  return { shape: SHAPE, sequenceLength, parameters };
}

/** Knows the alphabet by heart: after each byte the next one is the likeliest. */
export function alphabetModel(sequenceLength: number): FinishedModel {
  const model = uniformModel(sequenceLength);
  const random = new Random(3, "embedding");
  const embedding = model.parameters.get("embedding")!;
  for (let i = 0; i < embedding.length; i++) embedding[i] = random.uniform() < 0.5 ? -1 : 1;
  const head = model.parameters.get("head")!;
  for (let token = 1; token < 256; token++)
    head.set(embedding.subarray((token - 1) * SHAPE.width, token * SHAPE.width), token * SHAPE.width);
  return model;
}

/** Weights drawn at random: nothing to know, but every token depends on all before it. */
export function randomModel(sequenceLength: number, seed: number): FinishedModel {
  const random = new Random(seed, "random model");
  const model = uniformModel(sequenceLength);
  for (const values of model.parameters.values())
    for (let i = 0; i < values.length; i++) values[i]! += 0.3 * random.normal();
  return model;
}

const NOUNS = ["king", "ship", "house", "river", "letter", "garden", "soldier", "window", "bridge", "star"];

/** Passages of simple sentences; each says how `passage` numbers it. */
export function englishPassages(numPassages: number): readonly string[] {
  return Array.from({ length: numPassages }, (_, i) => {
    const [one, two, three] = [0, 1, 2].map((k) => NOUNS[(i + 3 * k) % NOUNS.length]!);
    return [
      `In the long summer of year ${i} this ${one} stood alone, and many ${two}s went away over the old ` +
        `${three}.`,
      `Every ${two} was far from home, but the ${three}s were near, and those ${one}s had come to see the ` +
        `${two}.`,
      `The ${one} is old. The ${three}s are young and they all looked for a ${three} beside the small ` +
        `${one}.`,
      `An old man spoke of these ${three}s to each ${two} that came, and a ${one} is what he wanted from ` +
        `the ${three}.`,
    ].join(" ");
  });
}

/** A tokenizer of whole words: as many tokens as there are words. */
export function wordGround(options: Partial<TaskGround> = {}): TaskGround {
  return {
    passages: englishPassages(40),
    lengthOf: (text) => text.split(/\s+/).filter((word) => word !== "").length,
    sequenceLength: 64,
    seed: 1,
    numItems: 60,
    ...options,
  };
}
