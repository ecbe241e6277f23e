/** @file tokenizer.json as the Hugging Face libraries read it: our merges written and read back. */

import * as z from "zod";
import { jsonIn } from "../input-file.ts";
import { wordPattern } from "./pretokenizer.ts";
import { END_OF_TEXT, END_OF_TEXT_ID, type Merge, spellTokens } from "./vocabulary.ts";

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

const START = { SpecialToken: { id: END_OF_TEXT, type_id: 0 } };

/** How the file writes each token, by id. */
export function tokenNames(spellings: readonly Uint8Array[]): readonly string[] {
  return spellings.map((bytes, id) => (id === END_OF_TEXT_ID ? END_OF_TEXT : spell(bytes)));
}

/** The file's text. Equal merges give equal text: its hash is the tokenizer's identity. */
export function tokenizerJson(spellings: readonly Uint8Array[], merges: readonly Merge[]): string {
  const names = tokenNames(spellings);
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
    // A text begins with the end of the one before it: so the model was trained, and so others should ask it.
    post_processor: {
      type: "TemplateProcessing",
      single: [START, { Sequence: { id: "A", type_id: 0 } }],
      pair: [START, { Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 0 } }],
      special_tokens: {
        [END_OF_TEXT]: { id: END_OF_TEXT, ids: [END_OF_TEXT_ID], tokens: [END_OF_TEXT] },
      },
    },
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

/** What of the file decides which ids a text gets. Other programs save the rest in their own way. */
const fileSchema = z.object({
  normalizer: z.null().optional(),
  added_tokens: z.tuple([z.object({ id: z.literal(END_OF_TEXT_ID), content: z.literal(END_OF_TEXT) })]),
  pre_tokenizer: z.object({
    type: z.literal("Sequence"),
    pretokenizers: z.tuple([
      z.object({
        type: z.literal("Split"),
        pattern: z.object({ Regex: z.literal(wordPattern) }),
        behavior: z.literal("Isolated"),
        invert: z.literal(false),
      }),
      z.object({
        type: z.literal("ByteLevel"),
        add_prefix_space: z.literal(false),
        use_regex: z.literal(false),
      }),
    ]),
  }),
  model: z.object({
    type: z.literal("BPE"),
    byte_fallback: z.literal(false).optional(),
    ignore_merges: z.literal(false).optional(),
    vocab: z.record(z.string(), z.int().nonnegative()),
    /** As pairs, or as text with a blank between, which a token never holds. */
    merges: z.array(
      z.union([
        z.tuple([z.string(), z.string()]),
        z.templateLiteral([z.string(), " ", z.string()]).transform((text) => text.split(" ")),
      ]),
    ),
  }),
});

/** Longest token: the lengths of tokens are kept in 16 bits. */
const MAXIMUM_TOKEN_BYTES = 0xffff;

/** The merges of a tokenizer.json that means one of ours, whoever saved it; or why it does not. */
export function parseTokenizer(text: string): { readonly merges: Merge[] } | { readonly problem: string } {
  const file = fileSchema.safeParse(jsonIn(text));
  if (!file.success) return { problem: z.prettifyError(file.error) };
  const { vocab, merges: pairs } = file.data.model;
  const merges: Merge[] = [];
  // Lengths before any memory is taken: 40 merges of a token with itself would spell a terabyte.
  const lengths = [...new Array<number>(256).fill(1), 0];
  for (const [i, [first = "", second = ""]] of pairs.entries()) {
    const merge = { left: vocab[first] ?? -1, right: vocab[second] ?? -1, id: vocab[first + second] ?? -1 };
    const { left, right, id } = merge;
    const isKnown = (token: number) => token >= 0 && token < lengths.length;
    if (!isKnown(left) || !isKnown(right) || !(isKnown(id) || id === lengths.length))
      return { problem: `merge ${i} is of tokens that no merge before it has made` };
    const length = lengths[left]! + lengths[right]!;
    if (length > MAXIMUM_TOKEN_BYTES) return { problem: `merge ${i} makes a token of ${length} bytes` };
    if (id === lengths.length) lengths.push(length);
    merges.push(merge);
  }
  const names = tokenNames(spellTokens(merges));
  if (names.length === Object.keys(vocab).length && names.every((name, id) => vocab[name] === id))
    return { merges };
  return { problem: "its vocabulary is not 256 bytes, the end of text and what the merges make" };
}

/** tokenizer_config.json beside it; without it some readers drop blanks before punctuation in decoding. */
export const tokenizerConfig = {
  tokenizer_class: "PreTrainedTokenizerFast",
  bos_token: END_OF_TEXT,
  eos_token: END_OF_TEXT,
  add_bos_token: true,
  clean_up_tokenization_spaces: false,
};
