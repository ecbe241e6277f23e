/** @file Byte-level byte-pair encoding: text to token ids and back. Learning one is bpe-training.ts. */

import { UserError } from "../errors.ts";
import { readText } from "../input-file.ts";
import { sha256 } from "../record/files.ts";
import { encodeWord, MergeTable } from "./merge-table.ts";
import { wordEnd } from "./pretokenizer.ts";
import { parseTokenizer, tokenizerJson } from "./tokenizer-json.ts";
import { END_OF_TEXT, END_OF_TEXT_ID, type Merge, spellTokens } from "./vocabulary.ts";
import { WordTable } from "./word-table.ts";

/** Words longer than this are rarely seen twice: they are encoded afresh each time. */
const MAXIMUM_CACHED_WORD_BYTES = 64;
const MAXIMUM_CACHED_WORDS = 500_000;

/** Byte-level BPE: text to tokens and back, without loss. */
export class Tokenizer {
  readonly vocabularySize: number;
  /** Bytes of text that each token stands for; 0 for the end-of-text token. */
  readonly tokenBytes: Uint16Array;
  /** The content of tokenizer.json. */
  readonly json: string;
  /** SHA-256 of `json`: what shards carry to say which tokenizer made them. */
  readonly hash: string;
  readonly merges: readonly Merge[];

  readonly #table: MergeTable;
  readonly #spellings: readonly Buffer[];
  readonly #cache = new WordTable();
  #cachedEnds = new Uint32Array(1 << 12);
  #cachedIds = new Uint16Array(1 << 14);
  #output = new Uint16Array(1 << 12);

  constructor(merges: readonly Merge[]) {
    this.merges = merges;
    this.#table = new MergeTable(merges);
    this.#spellings = spellTokens(merges);
    this.vocabularySize = this.#spellings.length;
    this.tokenBytes = Uint16Array.from(this.#spellings, (spelling) => spelling.length);
    this.json = tokenizerJson(this.#spellings, merges);
    this.hash = sha256(this.json);
  }

  /** The ids of a text. `<|endoftext|>` in it is text like any other, never the special token. */
  encode(text: string): Uint16Array {
    return this.encodeBytes(Buffer.from(text));
  }

  /** The same for text that is valid UTF-8 already. */
  encodeBytes(text: Uint8Array): Uint16Array {
    if (this.#output.length < text.length) this.#output = new Uint16Array(text.length);
    const output = this.#output;
    let length = 0;
    for (let start = 0; start < text.length; ) {
      const end = wordEnd(text, start, text.length);
      if (end - start === 1) output[length++] = text[start]!;
      else if (end - start > MAXIMUM_CACHED_WORD_BYTES) {
        const ids = encodeWord(text.subarray(start, end), this.#table);
        output.set(ids, length);
        length += ids.length;
      } else {
        const word = this.#cachedWord(text, start, end);
        const to = this.#cachedEnds[word]!;
        for (let i = word === 0 ? 0 : this.#cachedEnds[word - 1]!; i < to; i++)
          output[length++] = this.#cachedIds[i]!;
      }
      start = end;
    }
    return output.slice(0, length);
  }

  /** The text of ids. Bytes that are not UTF-8, as a model may write them, become U+FFFD. */
  decode(ids: Iterable<number>): string {
    const parts: Buffer[] = [];
    for (const id of ids) {
      const spelling = this.#spellings[id];
      if (spelling === undefined)
        throw new RangeError(`token id ${id} is outside the vocabulary of ${this.vocabularySize}`);
      parts.push(id === END_OF_TEXT_ID ? Buffer.from(END_OF_TEXT) : spelling);
    }
    return Buffer.concat(parts).toString("utf8");
  }

  #cachedWord(text: Uint8Array, start: number, end: number): number {
    const size = this.#cache.size;
    const word = this.#cache.indexOf(text, start, end);
    if (word < size) return word;
    if (size >= MAXIMUM_CACHED_WORDS) {
      this.#cache.clear();
      return this.#cachedWord(text, start, end);
    }
    const from = word === 0 ? 0 : this.#cachedEnds[word - 1]!;
    const ids = encodeWord(text.subarray(start, end), this.#table);
    const to = from + ids.length;
    if (to > this.#cachedIds.length) this.#cachedIds = grown(this.#cachedIds, new Uint16Array(2 * to));
    if (word >= this.#cachedEnds.length)
      this.#cachedEnds = grown(this.#cachedEnds, new Uint32Array(2 * word));
    this.#cachedIds.set(ids, from);
    this.#cachedEnds[word] = to;
    return word;
  }
}

function grown<T extends Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Reads a tokenizer.json that means one of longrun's, whoever saved it; another would encode otherwise. */
export function readTokenizer(path: string): Tokenizer {
  const parsed = parseTokenizer(readText(path, "the tokenizer.json of a corpus or a model of longrun's"));
  if ("merges" in parsed) return new Tokenizer(parsed.merges);
  throw new UserError(
    `${path} is damaged, or not a tokenizer of longrun's: ${parsed.problem}`,
    "the tokenizer.json that prepare wrote, or what another program saved of it",
    "delete it and prepare the corpus again; beside a model, export that again",
  );
}
