/** @file The log-probability of given tokens, many rows at a time, by programs for a few lengths of row. */

import { END_OF_TEXT_ID } from "../corpus/vocabulary.ts";
import { compile, type Graphs } from "../engine/compile.ts";
import { headLoss } from "../engine/operations/loss.ts";
import { matmul } from "../engine/operations/matmul.ts";
import { Session } from "../engine/session.ts";
import { leaf } from "../engine/tensor.ts";
import { sum } from "../math/statistics.ts";
import { decoder } from "../model/decoder.ts";
import type { FinishedModel } from "../train/hugging-face.ts";
import type { TokenRow } from "./encode.ts";

/** How likely a model finds the scored tokens of a row. */
export type RowScore = {
  /** Sum over the scored tokens of -log p, in nats. */
  readonly nats: number;
  /** Whether each scored token is the likeliest of the vocabulary; null where nobody asked. */
  readonly greedy: boolean | null;
};

/** Rows of at most `length` tokens read, so many a time. */
type Bucket = {
  readonly length: number;
  readonly batch: number;
};

const SHORTEST = 16;
/** Tokens in one run of a program: enough to keep the kernels busy. */
const TOKENS_PER_RUN = 1024;
/** 64 MiB of logits, where they are wanted. */
const MOST_LOGITS = 2 ** 24;
/** A target that is not scored. */
const NOT_SCORED = -1;

/** A model in memory, ready to score rows. */
export class Scorer {
  readonly #session: Session;
  readonly #buckets: readonly Bucket[];
  readonly #vocabularySize: number;

  constructor(model: FinishedModel, options: { readonly numThreads: number }) {
    const { shape, sequenceLength } = model;
    this.#vocabularySize = shape.vocabularySize;
    this.#buckets = bucketsFor(sequenceLength, shape.vocabularySize);
    const graphs = this.#buckets.flatMap(({ length, batch }): [string, Graphs[string]][] => {
      const tokens = leaf(`tokens.${length}`, [batch * length], "i32");
      const targets = leaf(`targets.${length}`, [batch * length], "i32");
      const { hidden, head } = decoder(shape, { batch, sequenceLength: length }, tokens);
      return [
        [`score.${length}`, { losses: headLoss(hidden, head, targets) }],
        [`predict.${length}`, { logits: matmul(hidden, head, { transposeB: true }) }],
      ];
    });
    this.#session = new Session(compile(Object.fromEntries(graphs)), options);
    for (const [name, values] of model.parameters) this.#session.floats(name).set(values);
  }

  /** Scores of the rows, in order. `greedy` looks at the whole vocabulary too: about twice the time. */
  async score(
    rows: readonly TokenRow[],
    { greedy }: { readonly greedy: boolean },
  ): Promise<readonly RowScore[]> {
    const scores = new Array<RowScore>(rows.length);
    for (const bucket of this.#buckets) {
      const indices = [...rows.keys()].filter((i) => this.#bucketOf(rows[i]!) === bucket);
      for (let first = 0; first < indices.length; first += bucket.batch) {
        const chunk = indices.slice(first, first + bucket.batch);
        const chunkScores = await this.#run(
          bucket,
          chunk.map((i) => rows[i]!),
          greedy,
        );
        for (const [k, i] of chunk.entries()) scores[i] = chunkScores[k]!;
      }
    }
    return scores;
  }

  #bucketOf({ tokens }: TokenRow): Bucket {
    return this.#buckets.find(({ length }) => tokens.length - 1 <= length)!;
  }

  async #run({ length }: Bucket, rows: readonly TokenRow[], greedy: boolean): Promise<readonly RowScore[]> {
    const tokens = this.#session.integers(`tokens.${length}`).fill(END_OF_TEXT_ID);
    const targets = this.#session.integers(`targets.${length}`).fill(NOT_SCORED);
    for (const [k, { tokens: row, from }] of rows.entries()) {
      tokens.set(row.slice(0, -1), k * length);
      targets.set(row.slice(from), k * length + from - 1);
    }
    await this.#session.run(`score.${length}`);
    const losses = this.#session.output(`score.${length}`, "losses");
    const nats = rows.map(({ tokens: { length: end }, from }, k) =>
      sum(losses.subarray(k * length + from - 1, k * length + end - 1)),
    );
    if (!greedy) return nats.map((sum) => ({ nats: sum, greedy: null }));
    await this.#session.run(`predict.${length}`);
    const logits = this.#session.output(`predict.${length}`, "logits");
    return rows.map(({ tokens: row, from }, k) => ({
      nats: nats[k]!,
      greedy: row
        .slice(from)
        .every((target, i) => this.#isLikeliest(logits, k * length + from - 1 + i, target)),
    }));
  }

  #isLikeliest(logits: Float32Array, row: number, target: number): boolean {
    const start = row * this.#vocabularySize;
    const own = logits[start + target]!;
    for (let token = 0; token < this.#vocabularySize; token++)
      if (token !== target && logits[start + token]! >= own) return false;
    return true;
  }
}

/** Powers of two up to the model's length, so that short items do not pay for long ones. */
function bucketsFor(sequenceLength: number, vocabularySize: number): readonly Bucket[] {
  const lengths: number[] = [];
  for (let length = SHORTEST; length < sequenceLength; length *= 2) lengths.push(length);
  return [...lengths, sequenceLength].map((length) => ({
    length,
    batch: Math.max(1, Math.floor(Math.min(TOKENS_PER_RUN, MOST_LOGITS / vocabularySize) / length)),
  }));
}
