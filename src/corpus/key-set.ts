/** @file A set of 64-bit hashes in bounded memory: the latest in a table, those before in runs on disk. */

import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { AppendFile } from "../record/files.ts";

/** 16 MB with their slots. */
const RUN_KEYS = 1 << 20;
/** 32 MB. With two bits of each of 20 million keys, one new key in fifty is looked for on disk in vain. */
const FILTER_BITS = 1 << 28;
/** A run is read by buckets, which the first bits of a key choose: of some 256 keys. */
const BUCKET_BITS = 12;
const NUM_BUCKETS = 1 << BUCKET_BITS;
const READ_KEYS = 1 << 17;

/** Sorted keys on disk. Bucket `i` is keys `bucketStarts[i] .. bucketStarts[i + 1]`. */
type Run = { readonly firstByte: number; readonly bucketStarts: Uint32Array };

/** Exact, and of any size: memory stays the same, and each million keys takes 8 MB of disk. */
export class KeySet implements Disposable {
  readonly #file: AppendFile;
  readonly #reader: number;
  readonly #keys: BigUint64Array;
  /** Open addressing, linear probing, at most half full: a key's number from 1, or 0. */
  readonly #slots: Int32Array;
  #size = 0;
  readonly #runs: Run[] = [];
  /** Of the keys on disk: where a bit of one's own is missing, the key is not among them. */
  readonly #filter = new Uint8Array(FILTER_BITS / 8);

  /** `path`: of the file for the runs. It loses its name at once, so that a kill leaves none behind. */
  constructor(path: string, runKeys = RUN_KEYS) {
    this.#file = new AppendFile(path);
    this.#reader = openSync(path, "r");
    rmSync(path);
    this.#keys = new BigUint64Array(runKeys);
    this.#slots = new Int32Array(runKeys * 2);
  }

  /** Whether the key was new. */
  add(key: bigint): boolean {
    const [low, high] = halves(key);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = low & mask;
    for (; slots[slot]! > 0; slot = (slot + 1) & mask) if (this.#keys[slots[slot]! - 1] === key) return false;
    if (this.#mayBeOnDisk(low, high) && this.#runs.some((run) => this.#isIn(run, key, high))) return false;
    this.#keys[this.#size++] = key;
    slots[slot] = this.#size;
    if (this.#size === this.#keys.length) this.#endRun();
    return true;
  }

  /** Adds the keys of a file that holds what `bytesFrom` gave. */
  addFile(path: string): void {
    const keys = new BigUint64Array(READ_KEYS);
    const file = openSync(path, "r");
    try {
      for (let n = readSync(file, keys); n > 0; n = readSync(file, keys))
        for (const key of keys.subarray(0, n / 8)) this.add(key);
    } finally {
      closeSync(file);
    }
  }

  /** A place between what has been added and what will be. */
  mark(): number {
    this.#endRun();
    return this.#runs.length;
  }

  /**
   * All keys added since a mark, as bytes: the same for the same keys added in the same order. Each part lies
   * in the table's memory and holds until the next.
   */
  *bytesFrom(mark: number): Generator<Uint8Array> {
    this.#endRun();
    for (const run of this.#runs.slice(mark)) yield this.#bytesOf(run, 0, NUM_BUCKETS, this.#keys.buffer);
  }

  [Symbol.dispose](): void {
    closeSync(this.#reader);
    this.#file[Symbol.dispose]();
  }

  #mayBeOnDisk(low: number, high: number): boolean {
    return this.#bit(low) && this.#bit(high);
  }

  #bit(half: number): boolean {
    const bit = half & (FILTER_BITS - 1);
    return (this.#filter[bit >>> 3]! & (1 << (bit & 7))) !== 0;
  }

  #setBit(half: number): void {
    const bit = half & (FILTER_BITS - 1);
    this.#filter[bit >>> 3]! |= 1 << (bit & 7);
  }

  #isIn(run: Run, key: bigint, high: number): boolean {
    const bucket = bucketOf(high);
    const bytes = this.#bytesOf(run, bucket, bucket + 1);
    return new BigUint64Array(bytes.buffer).includes(key);
  }

  #bytesOf({ firstByte, bucketStarts }: Run, from: number, to: number, memory?: ArrayBufferLike): Uint8Array {
    const [first, end] = [bucketStarts[from]!, bucketStarts[to]!];
    const numBytes = (end - first) * 8;
    const bytes = memory ? new Uint8Array(memory, 0, numBytes) : new Uint8Array(numBytes);
    readSync(this.#reader, bytes, 0, bytes.length, firstByte + first * 8);
    return bytes;
  }

  /** Writes the keys in memory behind those on disk. */
  #endRun(): void {
    if (this.#size === 0) return;
    const keys = this.#keys.subarray(0, this.#size).sort();
    const bucketStarts = new Uint32Array(NUM_BUCKETS + 1);
    for (const key of keys) {
      const [low, high] = halves(key);
      this.#setBit(low);
      this.#setBit(high);
      bucketStarts[bucketOf(high) + 1]! += 1;
    }
    for (let i = 0; i < NUM_BUCKETS; i++) bucketStarts[i + 1]! += bucketStarts[i]!;
    this.#runs.push({ firstByte: this.#file.numBytes, bucketStarts });
    this.#file.append(new Uint8Array(keys.buffer, 0, keys.byteLength));
    this.#size = 0;
    this.#slots.fill(0);
  }
}

function halves(key: bigint): readonly [number, number] {
  return [Number(key & 0xffff_ffffn), Number(key >> 32n)];
}

const bucketOf = (high: number) => high >>> (32 - BUCKET_BITS);
