/** @file Text from a trained decoder: temperature over the most likely tokens, drawn from a seed. */

import type { Tokenizer } from "../corpus/tokenizer.ts";
import { END_OF_TEXT_ID } from "../corpus/vocabulary.ts";
import { compile } from "../engine/compile.ts";
import { matmul } from "../engine/operations/matmul.ts";
import { Session } from "../engine/session.ts";
import { leaf } from "../engine/tensor.ts";
import { Random } from "../math/random.ts";
import { decoder } from "../model/decoder.ts";
import type { FinishedModel } from "./hugging-face.ts";

/** What is continued, by how much, and how freely. */
export type SampleOptions = {
  readonly prompt: string;
  readonly numTokens: number;
  /** 0 takes the most likely token every time. */
  readonly temperature: number;
  /** Only so many of the most likely tokens are drawn from. */
  readonly topTokens: number;
  readonly seed: number;
  readonly numThreads: number;
};

/** Continues a prompt, to the end of a text at most. Computes the whole window anew for every token. */
export async function sampleText(
  model: FinishedModel,
  tokenizer: Tokenizer,
  options: SampleOptions,
): Promise<string> {
  const { sequenceLength, shape } = model;
  const tokens = leaf("tokens", [sequenceLength], "i32");
  const { hidden, head } = decoder(shape, { batch: 1, sequenceLength }, tokens);
  const executable = compile({ predict: { logits: matmul(hidden, head, { transposeB: true }) } });
  const session = new Session(executable, options);
  for (const [name, values] of model.parameters) session.floats(name).set(values);
  const random = new Random(options.seed, "sample");
  const prompt = [END_OF_TEXT_ID, ...tokenizer.encode(options.prompt)];
  const sampled: number[] = [];
  while (sampled.length < options.numTokens) {
    const window = windowOf([...prompt, ...sampled], sequenceLength);
    session.integers("tokens").fill(END_OF_TEXT_ID).set(window);
    await session.run("predict");
    const row = (window.length - 1) * shape.vocabularySize;
    const token = draw(
      session.output("predict", "logits").subarray(row, row + shape.vocabularySize),
      options,
      random,
    );
    if (token === END_OF_TEXT_ID) break;
    sampled.push(token);
  }
  return tokenizer.decode(Uint16Array.from(sampled));
}

/** What the model sees: everything, or the latest part once that no longer fits. */
function windowOf(tokens: readonly number[], sequenceLength: number): readonly number[] {
  return tokens.length <= sequenceLength ? tokens : tokens.slice(-sequenceLength);
}

/** Draws a token from softmax(logits / temperature) over the most likely ones. */
export function draw(
  logits: Float32Array,
  { temperature, topTokens }: Pick<SampleOptions, "temperature" | "topTokens">,
  random: Random,
): number {
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  if (temperature === 0) return order[0]!;
  const candidates = order.slice(0, topTokens);
  const weights = candidates.map((token) => Math.exp((logits[token]! - logits[order[0]!]!) / temperature));
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return candidates[i]!;
  }
  return candidates.at(-1)!;
}
