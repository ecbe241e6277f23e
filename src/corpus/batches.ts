/**
 * @file Training batches as a pure function of seed and place: nothing to save, nothing to replay. Written
 * down, with test vectors, in docs/batch-order.md. T: tokens of a sequence, B: sequences of a batch.
 */

import { crc32 } from "node:zlib";
import { assert, UserError } from "../errors.ts";
import type { TokenSource } from "./corpus.ts";
import { hash32, permute } from "./permutation.ts";

/** One batch: B sequences of T tokens. */
export type TokenBatch = {
  /** B x T, row by row. */
  readonly inputs: Int32Array;
  /** B x T: the token after each input. */
  readonly targets: Int32Array;
};

/** Which batch: all that its order depends on. */
export type BatchRequest = {
  readonly seed: number;
  readonly sequenceLength: number;
  readonly batchSequences: number;
  readonly step: number;
  /** Sequences that earlier steps have used, where batches had other sizes; otherwise step x B. */
  readonly sequencesBefore?: number;
};

/** What a batch needs of a source. */
export type TrainSource = Pick<TokenSource, "name" | "share" | "train">;

/**
 * The batch of a step. The order belongs to sequences, not to steps: runs with the same seed and sequence
 * length read the same sequences whatever the size of their batches.
 */
export function batchAt(sources: readonly TrainSource[], request: BatchRequest): TokenBatch {
  const { seed, sequenceLength, batchSequences, step } = request;
  const first = request.sequencesBefore ?? step * batchSequences;
  const inputs = new Int32Array(batchSequences * sequenceLength);
  const targets = new Int32Array(batchSequences * sequenceLength);
  for (let row = 0; row < batchSequences; row++) {
    const { source, start } = sequenceAt(sources, seed, sequenceLength, first + row);
    const tokens = sources[source]!.train.subarray(start, start + sequenceLength + 1);
    inputs.set(tokens.subarray(0, sequenceLength), row * sequenceLength);
    targets.set(tokens.subarray(1), row * sequenceLength);
  }
  return { inputs, targets };
}

/** What tells one batch from another: CRC-32 of its inputs, then its targets, as little-endian int32. */
export function batchChecksum({ inputs, targets }: TokenBatch): number {
  return crc32(bytesOf(targets), crc32(bytesOf(inputs)));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

export type SequencePlace = {
  readonly source: number;
  readonly epoch: number;
  /** First input token in the source's training tokens. */
  readonly start: number;
};

/** Where the `sequence`-th training sequence lies. */
export function sequenceAt(
  sources: readonly TrainSource[],
  seed: number,
  sequenceLength: number,
  sequence: number,
): SequencePlace {
  const { source, ordinal } = interleave(sources, sequence);
  const windows = windowCount(sources[source]!, sequenceLength);
  const epoch = Math.floor(ordinal / windows);
  const window = permute(ordinal % windows, windows, hash32(seed, source, epoch));
  return { source, epoch, start: window * sequenceLength };
}

/** Sequences in one epoch of a source: windows of T tokens and the next one. A rest below T is not read. */
export function windowCount({ name, train }: TrainSource, sequenceLength: number): number {
  const windows = Math.floor((train.length - 1) / sequenceLength);
  if (windows >= 1) return windows;
  throw new UserError(
    `source "${name}" has ${train.length} training tokens`,
    `at least ${sequenceLength + 1}, for one sequence of ${sequenceLength}`,
    "add text to the source, or make the sequences shorter",
  );
}

/** How often each source's training tokens have been read once `sequences` sequences are done. */
export function epochsAfter(
  sources: readonly TrainSource[],
  sequenceLength: number,
  sequences: number,
): number[] {
  return sequencesBySource(sources, sequences).map(
    (count, source) => count / windowCount(sources[source]!, sequenceLength),
  );
}

/** How many of the first `sequences` sequences come from each source. */
export function sequencesBySource(sources: readonly TrainSource[], sequences: number): number[] {
  const counts: number[] = [];
  const divide = (low: number, high: number, count: number) => {
    if (high - low === 1) {
      counts[low] = count;
      return;
    }
    const { middle, leftShare } = branch(sources, low, high);
    const left = leftCount(count, leftShare);
    divide(low, middle, left);
    divide(middle, high, count - left);
  };
  divide(0, sources.length, sequences);
  return counts;
}

/** Shares are rounded to so many parts, so that the counts below are exact integers up to 2^32 sequences. */
const SHARE_PARTS = 2 ** 20;

/** Of the first `count` items at a branch, those that go left: their share, off by half at most. */
function leftCount(count: number, leftShare: number): number {
  return Math.floor((count * leftShare + SHARE_PARTS / 2) / SHARE_PARTS);
}

/** Sources low .. high - 1 are parted in the middle; the left part's share of the two, in parts. */
function branch(sources: readonly TrainSource[], low: number, high: number) {
  const middle = Math.floor((low + high) / 2);
  const sum = (from: number, to: number) =>
    sources.slice(from, to).reduce((total, { share }) => total + share, 0);
  const share = Math.round((sum(low, middle) / sum(low, high)) * SHARE_PARTS);
  return { middle, leftShare: Math.min(Math.max(share, 1), SHARE_PARTS - 1) };
}

/** The source of a sequence and how many of that source come before it: down a binary tree of sources. */
function interleave(sources: readonly TrainSource[], sequence: number) {
  assert(sequence >= 0 && sequence < 2 ** 32, `sequence ${sequence} is out of range`);
  let [low, high, ordinal] = [0, sources.length, sequence];
  while (high - low > 1) {
    const { middle, leftShare } = branch(sources, low, high);
    const left = leftCount(ordinal, leftShare);
    const goesLeft = leftCount(ordinal + 1, leftShare) > left;
    [low, high, ordinal] = goesLeft ? [low, middle, left] : [middle, high, ordinal - left];
  }
  return { source: low, ordinal };
}
