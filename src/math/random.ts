/** @file Random numbers, a function of seed, stream and position (Philox 4x32-10): any part alone. */

import { assert } from "../errors.ts";
import { normalQuantile } from "./normal.ts";

// Philox 4x32-10: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3". Key = seed
// (64 bits), counter = (block, block high, stream, stream high). Tests compare with the authors' known
// answers.
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const KEY_STEP_0 = 0x9e3779b9;
const KEY_STEP_1 = 0xbb67ae85;
const NUM_ROUNDS = 10;
const TWO_TO_32 = 4294967296;

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers, from 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = Math.imul(aHigh, bLow) >>> 0;
  const carry = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff) + (Math.imul(aLow, bLow) >>> 16);
  // carry stays below 2^53 and may pass 2^32, so it is divided, not shifted.
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + Math.floor(carry / 65536)) >>> 0;
}

/** One Philox block: encrypts the four counter words in place under the two key words. */
export function philoxBlock(counter: Uint32Array, keyLow: number, keyHigh: number): void {
  let c0 = counter[0]!;
  let c1 = counter[1]!;
  let c2 = counter[2]!;
  let c3 = counter[3]!;
  let k0 = keyLow | 0;
  let k1 = keyHigh | 0;
  for (let round = 0; round < NUM_ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + KEY_STEP_0) | 0;
    k1 = (k1 + KEY_STEP_1) | 0;
  }
  counter[0] = c0;
  counter[1] = c1;
  counter[2] = c2;
  counter[3] = c3;
}

/**
 * 64 bits for a stream's name: FNV-1a over UTF-16 code units, once forward and once from another offset.
 * Names are ours and few; the two halves only have to keep them apart.
 */
function streamWords(stream: string | number): readonly [number, number] {
  if (typeof stream === "number") return splitInteger(stream, "stream");
  let low = 0x811c9dc5;
  let high = 0x050c5d1f;
  for (let i = 0; i < stream.length; i++) {
    const unit = stream.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
    high ^= high >>> 13;
  }
  // The top bit marks a name, so that no name shares the words of a number below 2^53.
  return [low >>> 0, (high | 0x80000000) >>> 0];
}

function splitInteger(value: number, what: string): readonly [number, number] {
  assert(Number.isSafeInteger(value) && value >= 0, `${what} is a non-negative safe integer, got ${value}`);
  return [value % TWO_TO_32, Math.floor(value / TWO_TO_32)];
}

/**
 * A position in one stream of random numbers. The same seed, stream and number of draws give the same value
 * on every machine; different streams of one seed are independent. Word `i` of a stream is word `i mod 4` of
 * Philox block `floor(i / 4)`.
 */
export class Random {
  readonly #keyLow: number;
  readonly #keyHigh: number;
  readonly #streamLow: number;
  readonly #streamHigh: number;
  readonly #block = new Uint32Array(4);
  #position = 0;

  /** @param seed safe integer, 0 or more; @param stream a name ("layer.0.query") or such an integer */
  constructor(seed: number, stream: string | number = 0) {
    [this.#keyLow, this.#keyHigh] = splitInteger(seed, "seed");
    [this.#streamLow, this.#streamHigh] = streamWords(stream);
  }

  /** The next 32 random bits as an unsigned integer. */
  uint32(): number {
    const word = this.#position & 3;
    if (word === 0) {
      const index = this.#position / 4;
      this.#block[0] = index >>> 0;
      this.#block[1] = Math.floor(index / TWO_TO_32);
      this.#block[2] = this.#streamLow;
      this.#block[3] = this.#streamHigh;
      philoxBlock(this.#block, this.#keyLow, this.#keyHigh);
    }
    this.#position++;
    return this.#block[word]!;
  }

  /** Uniform in [0, 1) with all 53 bits: the high 27 of one word and the high 26 of the next. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Standard normal by inversion of one word: Phi^-1((word + 1/2) / 2^32), so |value| < 6.4. */
  normal(): number {
    return normalQuantile((this.uint32() + 0.5) / TWO_TO_32);
  }

  /** Uniform integer in [0, bound), without bias: words of the incomplete last span are drawn again. */
  integer(bound: number): number {
    assert(Number.isInteger(bound) && bound > 0 && bound <= TWO_TO_32, `bound is in 1..2^32, got ${bound}`);
    const limit = TWO_TO_32 - (TWO_TO_32 % bound);
    for (;;) {
      const word = this.uint32();
      if (word < limit) return word % bound;
    }
  }

  /** One of the items, each equally likely. */
  pick<T>(items: ArrayLike<T>): T {
    return items[this.integer(items.length)]!;
  }

  /** Shuffles in place (Fisher-Yates from the end), every order equally likely. */
  shuffle<T extends { length: number; [index: number]: unknown }>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = values[i];
      (values as Record<number, unknown>)[i] = values[j];
      (values as Record<number, unknown>)[j] = kept;
    }
    return values;
  }
}

/** `count` standard normals of one stream: value `i` comes from word `i` alone. */
export function normals(seed: number, stream: string | number, count: number): Float32Array {
  const random = new Random(seed, stream);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = random.normal();
  return values;
}
