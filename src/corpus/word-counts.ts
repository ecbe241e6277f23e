/** @file Counts words in a stream of text, in bounded memory. */

import { mix32 } from "./permutation.ts";
import { wordEnd } from "./pretokenizer.ts";
import { WordTable } from "./word-table.ts";

/** Runs without a blank (base64, some scripts) are counted in parts: a token this long would never pay. */
const MAXIMUM_WORD_BYTES = 128;
/**
 * Bytes of distinct words. It bounds memory (some 400 MB) and time (some 3 s) while merges are learned in any
 * script: where none has blanks between words, nearly every one is new. The default corpora have .7 MB.
 */
const DEFAULT_MAXIMUM_BYTES = 8e6;

/** A count is a float64: exact up to 2^53. */
export class WordCounts {
  words = new WordTable();
  counts = new Float64Array(1 << 12);
  /** Occurrences forgotten when the rarest words were dropped to stay within the bound. */
  numDropped = 0;
  readonly #maximumBytes: number;

  constructor(maximumBytes = DEFAULT_MAXIMUM_BYTES) {
    this.#maximumBytes = maximumBytes;
  }

  /** Counts the words of one passage, which is valid UTF-8. */
  add(passage: Uint8Array): void {
    for (let start = 0; start < passage.length; ) {
      const end = wordEnd(passage, start, passage.length);
      for (; end - start > MAXIMUM_WORD_BYTES; start = partEnd(passage, start))
        this.#count(passage, start, partEnd(passage, start));
      this.#count(passage, start, end);
      start = end;
    }
  }

  #count(passage: Uint8Array, start: number, end: number): void {
    const word = this.words.indexOf(passage, start, end);
    if (word >= this.counts.length) this.#growCounts();
    this.counts[word]! += 1;
    if (this.words.numBytes > this.#maximumBytes) this.#dropRarest();
  }

  #growCounts(): void {
    const counts = new Float64Array(this.counts.length * 2);
    counts.set(this.counts);
    this.counts = counts;
  }

  /**
   * Keeps the more frequent half of the bytes, of equals those with the lower hash: a fair sample. A word
   * that was dropped starts again from nothing, so its count may fall short by at most the threshold of each
   * drop: small against any count that earns a merge.
   */
  #dropRarest(): void {
    const { words, counts } = this;
    const order = Uint32Array.from({ length: words.size }, (_, i) => i);
    order.sort((a, b) => counts[b]! - counts[a]! || mix32(a) - mix32(b));
    let kept = 0;
    for (let bytes = 0; kept < order.length; kept++) {
      bytes += words.word(order[kept]!).length;
      if (bytes > this.#maximumBytes / 2) break;
    }
    for (const word of order.subarray(kept)) this.numDropped += counts[word]!;
    this.words = new WordTable();
    this.counts = new Float64Array(counts.length);
    for (const word of order.subarray(0, kept).sort()) {
      const from = words.starts[word]!;
      this.counts[this.words.indexOf(words.bytes, from, words.starts[word + 1]!)] = counts[word]!;
    }
  }
}

/** Where the first part of a long word ends: at a character. */
function partEnd(passage: Uint8Array, start: number): number {
  let end = start + MAXIMUM_WORD_BYTES;
  while ((passage[end]! & 0xc0) === 0x80) end -= 1;
  return end;
}
