/** @file tokenizer.json as the Hugging Face libraries read it: our merges written and read back. */

import * as z from "zod";
import { wordPattern } from "./pretokenizer.ts";
import { END_OF_TEXT, END_OF_TEXT_ID, type Merge } from "./vocabulary.ts";

/**
 * Byte-level files spell bytes as printable characters: printable ones as themselves, the others as U+0100
 * and up in order (the mapping of GPT-2's vocab.json, which all readers share).
 */
const byteCharacters: readonly string[] = (() => {
  const isPrintable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(isPrintable(byte) ? byte : 256 + others++),
  );
})();

const spell = (bytes: Uint8Array) => Array.from(bytes, (byte) => byteCharacters[byte]).join("");

/** The file's text. Equal merges give equal text: its hash is the tokenizer's identity. */
export function tokenizerJson(spellings: readonly Uint8Array[], merges: readonly Merge[]): string {
  const names = spellings.map((bytes, id) => (id === END_OF_TEXT_ID ? END_OF_TEXT : spell(bytes)));
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const content = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [{ id: END_OF_TEXT_ID, content: END_OF_TEXT, ...special }],
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: wordPattern }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(names.map((name, id) => [name, id])),
      merges: merges.map(({ left, right }) => [names[left], names[right]]),
    },
  };
  return `${JSON.stringify(content, null, 1)}\n`;
}

const fileSchema = z.object({
  model: z.object({
    vocab: z.record(z.string(), z.int()),
    merges: z.array(z.tuple([z.string(), z.string()])),
  }),
});

/** The merges of a tokenizer.json, or undefined where it is not one. */
export function parseMerges(text: string): Merge[] | undefined {
  try {
    const { vocab, merges } = fileSchema.parse(JSON.parse(text)).model;
    const idOf = (name: string) => {
      const id = vocab[name];
      if (id === undefined) throw new RangeError(`no token ${name}`);
      return id;
    };
    return merges.map(([left, right]) => ({ left: idOf(left), right: idOf(right), id: idOf(left + right) }));
  } catch {
    return undefined;
  }
}

/** tokenizer_config.json beside it; without it some readers drop blanks before punctuation in decoding. */
export const tokenizerConfig = {
  tokenizer_class: "PreTrainedTokenizerFast",
  bos_token: END_OF_TEXT,
  eos_token: END_OF_TEXT,
  clean_up_tokenization_spaces: false,
};
