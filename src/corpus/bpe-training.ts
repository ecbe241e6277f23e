/** @file Learns a byte-level BPE from word counts: the most frequent pair of neighbours becomes a token. */

import { UserError } from "../errors.ts";
import { Heap } from "./heap.ts";
import { PairTable } from "./pair-table.ts";
import { END_OF_TEXT_ID, FIRST_MERGED_ID, type Merge } from "./vocabulary.ts";
import type { WordCounts } from "./word-counts.ts";

/** A token seen fewer times than this in all the training text cannot be learned. */
const MINIMUM_COUNT = 10;

/**
 * Ties go to the pair with the lower ids, so that the result depends on the counts alone.
 *
 * Pairs are counted once; a merge touches only the places of its pair. The heap holds upper bounds: an entry
 * whose pair has become rarer goes back with its present count.
 */
export function trainMerges(
  counts: WordCounts,
  vocabularySize: number,
  minimumCount = MINIMUM_COUNT,
): Merge[] {
  const pairs = new PairIndex(counts, minimumCount);
  const ids = new Map<string, number>();
  const texts: string[] = [];
  for (let byte = 0; byte < 256; byte++) texts.push(String.fromCharCode(byte));
  texts.push("");
  const merges: Merge[] = [];
  while (texts.length < vocabularySize) {
    const best = pairs.takeMostFrequent();
    if (best === undefined) throw tooLarge(texts.length, vocabularySize, minimumCount);
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

/** `key`: orders pairs. `pair`: their number in the table. */
type CountedPair = Readonly<Record<"key" | "pair" | "count", number>>;

/** Before, between and after words, and inside tokens: what is no token of any pair. */
const NO_TOKEN = END_OF_TEXT_ID;

/**
 * The words as tokens, with the count and the places of every pair of neighbours.
 *
 * A token lies where its bytes lay and is written at both their ends: so its neighbours are found without
 * links, and a merge costs no more than the places where it happens. Places that another merge has taken are
 * passed over.
 */
class PairIndex {
  readonly #minimumCount: number;
  readonly #tokens: Uint16Array;
  readonly #wordCounts: Float64Array;
  /** By place: which word lies there. */
  readonly #words: Uint32Array;
  /** Bytes of each token. */
  readonly #lengths: number[] = new Array<number>(FIRST_MERGED_ID).fill(1);
  readonly #pairs = new PairTable();
  readonly #counts: number[] = [];
  readonly #places = new Places();
  readonly #keys: number[] = [];
  /** Most frequent first, then the lower pair. */
  readonly #heap = new Heap<CountedPair>(
    (a, b) => a.count > b.count || (a.count === b.count && a.key < b.key),
  );

  constructor({ words, counts }: WordCounts, minimumCount: number) {
    this.#minimumCount = minimumCount;
    this.#wordCounts = counts;
    this.#tokens = new Uint16Array(words.numBytes + words.size + 1).fill(NO_TOKEN);
    this.#words = new Uint32Array(this.#tokens.length);
    for (let word = 0, place = 1; word < words.size; word++, place++) {
      for (const byte of words.word(word)) {
        this.#words[place] = word;
        this.#tokens[place++] = byte;
      }
    }
    for (let place = 1; place < this.#tokens.length; place++) {
      const [left, right] = [this.#tokens[place - 1]!, this.#tokens[place]!];
      if (left !== NO_TOKEN && right !== NO_TOKEN) this.#add(left, right, place - 1, this.#weight(place));
    }
    for (let pair = 0; pair < this.#counts.length; pair++) this.#offer(pair);
  }

  takeMostFrequent(): { left: number; right: number; count: number } | undefined {
    for (let top = this.#heap.pop(); top !== undefined; top = this.#heap.pop()) {
      const { key, pair, count } = top;
      if (count === this.#counts[pair]) return { left: Math.floor(key / 65536), right: key % 65536, count };
      if (count > this.#counts[pair]!) this.#offer(pair);
    }
    return undefined;
  }

  merge(left: number, right: number, id: number): void {
    const tokens = this.#tokens;
    const pair = this.#pairs.find(left, right);
    // In the order of the text: of three equal tokens the first two become one.
    const places = this.#places.take(pair).sort();
    this.#lengths[id] = this.#lengths[left]! + this.#lengths[right]!;
    const changed = new Set<number>();
    for (const place of places) {
      const middle = place + this.#lengths[left]!;
      if (tokens[place] !== left || tokens[middle] !== right) continue;
      const end = middle + this.#lengths[right]!;
      const weight = this.#weight(place);
      const [before, after] = [tokens[place - 1]!, tokens[end]!];
      if (before !== NO_TOKEN) {
        this.#remove(before, left, weight);
        changed.add(this.#add(before, id, place - this.#lengths[before]!, weight));
      }
      if (after !== NO_TOKEN) {
        this.#remove(right, after, weight);
        changed.add(this.#add(id, after, place, weight));
      }
      tokens[middle - 1] = NO_TOKEN;
      tokens[middle] = NO_TOKEN;
      tokens[place] = id;
      tokens[end - 1] = id;
    }
    this.#counts[pair] = 0;
    for (const other of changed) this.#offer(other);
  }

  #weight(place: number): number {
    return this.#wordCounts[this.#words[place]!]!;
  }

  #add(left: number, right: number, place: number, weight: number): number {
    const pair = this.#pairs.indexOf(left, right);
    if (pair === this.#counts.length) {
      this.#counts.push(0);
      this.#keys.push(left * 65536 + right);
    }
    this.#counts[pair]! += weight;
    this.#places.add(pair, place);
    return pair;
  }

  #remove(left: number, right: number, weight: number): void {
    this.#counts[this.#pairs.find(left, right)]! -= weight;
  }

  /** Pairs that are too rare to be learned wait outside the heap until they are changed. */
  #offer(pair: number): void {
    const count = this.#counts[pair]!;
    if (count >= this.#minimumCount) this.#heap.push({ key: this.#keys[pair]!, pair, count });
  }
}

const NONE = -1;

/** Lists of places, linked through one pair of arrays: millions of lists, most of them of one place. */
class Places {
  readonly #heads: number[] = [];
  #places: Int32Array = new Int32Array(1 << 12);
  #next: Int32Array = new Int32Array(1 << 12);
  #size = 0;
  #firstFree = NONE;

  add(list: number, place: number): void {
    let link = this.#firstFree;
    if (link === NONE) link = this.#size++;
    else this.#firstFree = this.#next[link]!;
    if (link === this.#places.length) {
      this.#places = grown(this.#places);
      this.#next = grown(this.#next);
    }
    this.#places[link] = place;
    this.#next[link] = this.#heads[list] ?? NONE;
    this.#heads[list] = link;
  }

  /** Empties a list. */
  take(list: number): Int32Array {
    const places: number[] = [];
    const head = this.#heads[list] ?? NONE;
    for (let link = head; link !== NONE; link = this.#next[link]!) {
      places.push(this.#places[link]!);
      if (this.#next[link] !== NONE) continue;
      this.#next[link] = this.#firstFree;
      this.#firstFree = head;
      break;
    }
    this.#heads[list] = NONE;
    return Int32Array.from(places);
  }
}

function grown(from: Int32Array): Int32Array {
  const to = new Int32Array(Math.ceil(from.length * 1.5));
  to.set(from);
  return to;
}
