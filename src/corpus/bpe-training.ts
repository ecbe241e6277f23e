/** @file Learns a byte-level BPE from word counts: the most frequent pair of neighbours becomes a token. */

import { UserError } from "../errors.ts";
import { Heap } from "./heap.ts";
import { FIRST_MERGED_ID, type Merge } from "./vocabulary.ts";
import type { WordCounts } from "./word-counts.ts";

/** A token seen fewer times than this in all the training text cannot be learned. */
const MINIMUM_COUNT = 10;

/**
 * Ties go to the pair with the lower ids, so that the result depends on the counts alone.
 *
 * Pairs are counted once; a merge touches only the words that hold its pair. The heap holds upper bounds: an
 * entry whose pair has become rarer goes back with its present count.
 */
export function trainMerges(
  counts: WordCounts,
  vocabularySize: number,
  minimumCount = MINIMUM_COUNT,
): Merge[] {
  const pairs = new PairIndex(counts);
  const ids = new Map<string, number>();
  const texts: string[] = [];
  for (let byte = 0; byte < 256; byte++) texts.push(String.fromCharCode(byte));
  texts.push("");
  const merges: Merge[] = [];
  while (texts.length < vocabularySize) {
    const best = pairs.takeMostFrequent();
    if (best === undefined || best.count < minimumCount)
      throw tooLarge(texts.length, vocabularySize, minimumCount);
    const { left, right } = best;
    const text = texts[left]! + texts[right]!;
    // Two pairs can spell one token ("a" "bc" and "ab" "c"): it keeps its one id.
    const id = ids.get(text) ?? texts.length;
    if (id === texts.length) {
      texts.push(text);
      ids.set(text, id);
    }
    merges.push({ left, right, id });
    pairs.merge(left, right, id);
  }
  return merges;
}

function tooLarge(supported: number, vocabularySize: number, minimumCount: number): UserError {
  const enough = supported > FIRST_MERGED_ID;
  return new UserError(
    `the training text supports a vocabulary of ${supported}: no further pair of tokens occurs ${minimumCount} times`,
    `enough text for the vocabulary of ${vocabularySize} that was asked for`,
    enough ? `set vocabularySize to at most ${supported}, or add text` : "add text",
  );
}

const key = (left: number, right: number) => left * 65536 + right;

type CountedPair = { readonly pair: number; readonly count: number };

/** Words as sequences of token ids, with the count of every pair of neighbours and the words that hold it. */
class PairIndex {
  readonly #wordCounts: Float64Array;
  readonly #symbols: Uint16Array;
  readonly #starts: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #counts = new Map<number, number>();
  readonly #holders = new Map<number, number[]>();
  /** Most frequent first, then the lower pair. */
  readonly #heap = new Heap<CountedPair>(
    (a, b) => a.count > b.count || (a.count === b.count && a.pair < b.pair),
  );

  constructor({ words, counts }: WordCounts) {
    this.#wordCounts = counts;
    this.#symbols = Uint16Array.from(words.bytes.subarray(0, words.numBytes));
    this.#starts = words.starts.slice(0, words.size);
    this.#lengths = Uint32Array.from(this.#starts, (start, word) => words.starts[word + 1]! - start);
    for (let word = 0; word < words.size; word++) {
      this.#countPairs(word, 1);
      this.#forEachPair(word, (pair) => this.#hold(pair, word));
    }
    for (const [pair, count] of this.#counts) this.#heap.push({ pair, count });
  }

  takeMostFrequent(): { left: number; right: number; count: number } | undefined {
    for (let top = this.#heap.pop(); top !== undefined; top = this.#heap.pop()) {
      const count = this.#counts.get(top.pair) ?? 0;
      if (count === top.count && count > 0) {
        return { left: Math.floor(top.pair / 65536), right: top.pair % 65536, count };
      }
      if (count > 0 && count < top.count) this.#heap.push({ pair: top.pair, count });
    }
    return undefined;
  }

  merge(left: number, right: number, id: number): void {
    const holders = this.#holders.get(key(left, right)) ?? [];
    this.#holders.delete(key(left, right));
    const touched = new Set<number>();
    for (const word of holders) {
      if (!this.#contains(word, left, right)) continue;
      this.#countPairs(word, -1);
      this.#replace(word, left, right, id);
      this.#countPairs(word, 1);
      this.#forEachPair(word, (pair, first, second) => {
        if (first !== id && second !== id) return;
        this.#hold(pair, word);
        touched.add(pair);
      });
    }
    for (const pair of touched) this.#heap.push({ pair, count: this.#counts.get(pair) ?? 0 });
  }

  #hold(pair: number, word: number): void {
    const holders = this.#holders.get(pair);
    if (holders === undefined) this.#holders.set(pair, [word]);
    else if (holders.at(-1) !== word) holders.push(word);
  }

  #countPairs(word: number, sign: 1 | -1): void {
    const change = sign * this.#wordCounts[word]!;
    this.#forEachPair(word, (pair) => this.#counts.set(pair, (this.#counts.get(pair) ?? 0) + change));
  }

  #forEachPair(word: number, visit: (pair: number, left: number, right: number) => void): void {
    const start = this.#starts[word]!;
    const last = start + this.#lengths[word]! - 1;
    for (let i = start; i < last; i++) {
      const left = this.#symbols[i]!;
      const right = this.#symbols[i + 1]!;
      visit(key(left, right), left, right);
    }
  }

  #contains(word: number, left: number, right: number): boolean {
    const start = this.#starts[word]!;
    const last = start + this.#lengths[word]! - 1;
    for (let i = start; i < last; i++) {
      if (this.#symbols[i] === left && this.#symbols[i + 1] === right) return true;
    }
    return false;
  }

  #replace(word: number, left: number, right: number, id: number): void {
    const symbols = this.#symbols;
    const start = this.#starts[word]!;
    const end = start + this.#lengths[word]!;
    let length = 0;
    for (let i = start; i < end; i++) {
      const isPair = symbols[i] === left && i + 1 < end && symbols[i + 1] === right;
      symbols[start + length++] = isPair ? id : symbols[i]!;
      if (isPair) i += 1;
    }
    this.#lengths[word] = length;
  }
}
