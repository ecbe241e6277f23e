/** @file Counts words in a stream of text, in bounded memory. */

import { wordEnd } from "./pretokenizer.ts";
import { WordTable } from "./word-table.ts";

/** Runs without a blank (base64, some scripts) are counted in parts: a token this long would never pay. */
const MAXIMUM_WORD_BYTES = 128;
/** Bounds the memory to some 200 MB while merges are learned. The default corpora have 79 thousand words. */
const DEFAULT_MAXIMUM_WORDS = 1_000_000;

/** A count is a float64: exact up to 2^53. */
export class WordCounts {
  words = new WordTable();
  counts = new Float64Array(1 << 12);
  /** Occurrences forgotten when the rarest words were dropped to stay within the memory. */
  numDropped = 0;
  readonly #maximumWords: number;

  constructor(maximumWords = DEFAULT_MAXIMUM_WORDS) {
    this.#maximumWords = maximumWords;
  }

  /** Counts the words of one passage, which is valid UTF-8. */
  add(passage: Uint8Array): void {
    for (let start = 0; start < passage.length; ) {
      const end = Math.min(wordEnd(passage, start, passage.length), start + MAXIMUM_WORD_BYTES);
      const word = this.words.indexOf(passage, start, end);
      if (word >= this.counts.length) this.#growCounts();
      this.counts[word]! += 1;
      if (this.words.size > this.#maximumWords) this.#dropRarest();
      start = end;
    }
  }

  #growCounts(): void {
    const counts = new Float64Array(this.counts.length * 2);
    counts.set(this.counts);
    this.counts = counts;
  }

  /**
   * Keeps the more frequent half, the earlier of equals. A word that was dropped starts again from nothing,
   * so its count may fall short by at most the threshold of each drop: small against any count that earns a
   * merge.
   */
  #dropRarest(): void {
    const { words, counts } = this;
    const order = Uint32Array.from({ length: words.size }, (_, i) => i);
    order.sort((a, b) => counts[b]! - counts[a]! || a - b);
    const kept = order.subarray(0, Math.floor(this.#maximumWords / 2)).sort();
    for (const word of order.subarray(kept.length)) this.numDropped += counts[word]!;
    this.words = new WordTable();
    this.counts = new Float64Array(counts.length);
    for (const word of kept) {
      const from = words.starts[word]!;
      this.counts[this.words.indexOf(words.bytes, from, words.starts[word + 1]!)] = counts[word]!;
    }
  }
}
