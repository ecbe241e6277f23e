/** @file Held-out text in batches of B sequences of T tokens, with what bits per byte need. */

import { UserError } from "../errors.ts";
import type { TokenBatch } from "./batches.ts";
import type { TokenSource } from "./corpus.ts";
import { END_OF_TEXT_ID } from "./vocabulary.ts";

/** A target that is not counted: padding, or the end-of-text token, which stands for no bytes. */
const NOT_COUNTED = -1;

/** Held-out windows of one source. */
export type HeldOutBatch = TokenBatch & {
  readonly sourceIndex: number;
  /** Targets that count. */
  readonly numTokens: number;
  /** Bytes of text that the counted targets stand for. */
  readonly numBytes: number;
};

/** How the held-out text is cut into batches. */
export type HeldOutRequest = {
  readonly sequenceLength: number;
  readonly batchSequences: number;
  /** Bytes of each token. */
  readonly tokenBytes: Uint16Array;
  /** Reads evenly spread windows instead of all, for a quick look: always the same ones. */
  readonly maximumTokensPerSource?: number;
};

/**
 * Yields each source's held-out tokens in windows of T, source by source. Read in full, every byte of every
 * held-out passage is counted once: bits per byte is the sum of the counted targets' nats / ln 2 / the sum of
 * `numBytes`.
 */
export function* heldOutBatches(
  sources: readonly Pick<TokenSource, "name" | "heldOut">[],
  request: HeldOutRequest,
): Generator<HeldOutBatch> {
  for (const [sourceIndex, source] of sources.entries()) {
    const starts = windowStarts(source, request);
    for (let first = 0; first < starts.length; first += request.batchSequences) {
      const rows = starts.slice(first, first + request.batchSequences);
      yield { sourceIndex, ...cutBatch(source.heldOut, rows, request) };
    }
  }
}

function windowStarts(
  { name, heldOut }: Pick<TokenSource, "name" | "heldOut">,
  request: HeldOutRequest,
): number[] {
  const { sequenceLength, maximumTokensPerSource = Number.POSITIVE_INFINITY } = request;
  const all = Math.ceil((heldOut.length - 1) / sequenceLength);
  if (all < 1) {
    throw new UserError(
      `source "${name}" has no held-out text`,
      "at least one held-out passage",
      "add text, or raise holdOut",
    );
  }
  const count = Math.min(all, Math.max(1, Math.floor(maximumTokensPerSource / sequenceLength)));
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * all) / count) * sequenceLength);
}

function cutBatch(tokens: Uint16Array, starts: readonly number[], request: HeldOutRequest) {
  const { sequenceLength, batchSequences, tokenBytes } = request;
  const inputs = new Int32Array(batchSequences * sequenceLength).fill(END_OF_TEXT_ID);
  const targets = new Int32Array(batchSequences * sequenceLength).fill(NOT_COUNTED);
  let numTokens = 0;
  let numBytes = 0;
  for (const [row, start] of starts.entries()) {
    const length = Math.min(sequenceLength, tokens.length - 1 - start);
    for (let i = 0; i < length; i++) {
      const target = tokens[start + i + 1]!;
      inputs[row * sequenceLength + i] = tokens[start + i]!;
      if (target === END_OF_TEXT_ID) continue;
      targets[row * sequenceLength + i] = target;
      numTokens += 1;
      numBytes += tokenBytes[target]!;
    }
  }
  return { inputs, targets, numTokens, numBytes };
}
