/** @file A keyed shuffle, place by place: a Feistel network with cycle walking (docs/batch-order.md). */

import { assert } from "../errors.ts";

const ROUNDS = 6;
const GOLDEN = 0x9e3779b9;

/** A bijection of 32-bit numbers that spreads every bit (Chris Wellons's "lowbias32", public domain). */
export function mix32(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** One 32-bit number out of several. */
export function hash32(...words: readonly number[]): number {
  return words.reduce((hash, word) => mix32((hash ^ word) + GOLDEN), 0);
}

/**
 * The `index`-th element of the permutation of 0 .. size - 1 that `key` picks.
 *
 * The network permutes 2^(2h) >= size numbers, at most four times too many. A result outside the range is fed
 * back in until one falls inside: this walks a cycle of the larger permutation, and so is a permutation of
 * the smaller.
 */
export function permute(index: number, size: number, key: number): number {
  assert(index >= 0 && index < size && size <= 2 ** 32, `place ${index} of ${size}`);
  const halfBits = Math.max(1, Math.ceil(Math.ceil(Math.log2(size)) / 2));
  const halfSize = 2 ** halfBits;
  let value = index;
  do {
    let left = Math.floor(value / halfSize);
    let right = value % halfSize;
    for (let round = 0; round < ROUNDS; round++) {
      const mixed = mix32(right ^ hash32(key, round)) % halfSize;
      [left, right] = [right, (left ^ mixed) >>> 0];
    }
    value = left * halfSize + right;
  } while (value >= size);
  return value;
}
