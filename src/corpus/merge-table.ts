/** @file Applies merges to one word: the earliest merge first, at the leftmost place, as all encoders do. */

import { Heap } from "./heap.ts";
import { PairTable } from "./pair-table.ts";
import type { Merge } from "./vocabulary.ts";

/** From a pair of ids to its merge: the rank, and the id it makes. */
export class MergeTable {
  readonly mergedIds: Uint16Array;
  readonly #ranks = new PairTable();

  constructor(merges: readonly Merge[]) {
    this.mergedIds = new Uint16Array(merges.length);
    for (const { left, right, id } of merges) this.mergedIds[this.#ranks.indexOf(left, right)] = id;
  }

  /** -1 where the pair is not merged. */
  rank(left: number, right: number): number {
    return this.#ranks.find(left, right);
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
