import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Random } from "../math/random.ts";
import { openCorpus } from "./corpus.ts";
import { noteLines } from "./notes.ts";
import { prepareCorpus } from "./prepare.ts";
import { corpusSpec, readsOf } from "./spec.ts";

const root = mkdtempSync(join(tmpdir(), "longrun-selection-"));
const random = new Random(5, "text");
const syllables = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi"];
const words = Array.from(
  { length: 512 },
  (_, i) => `${[i >> 6, i >> 3, i].map((n) => syllables[n & 7]).join("")} `,
);
/** About 16 kB that are in no other. */
const passages = Array.from({ length: 700 }, (_, i) =>
  `${i}: ${Array.from({ length: 2200 }, () => words[random.integer(512)]).join("")}`.slice(0, 15_000).trim(),
);

function source(name: string, documents: readonly string[]) {
  mkdirSync(join(root, name));
  const half = Math.ceil(documents.length / 2);
  for (const [i, part] of [documents.slice(0, half), documents.slice(half)].entries())
    writeFileSync(join(root, name, `${i}.jsonl`), part.map((text) => JSON.stringify({ text })).join("\n"));
  return { name, path: name };
}

async function encoded(folder: string, sources: object[], reads?: object) {
  const holdOut = { fraction: 0.05 };
  const spec = corpusSpec.parse({ sources, holdOut, vocabularySize: 300, seed: 3, reads });
  const manifest = await prepareCorpus(spec, root, join(root, folder));
  const { tokenizer, sources: opened } = openCorpus(join(root, folder));
  const text = opened.map(({ train }) =>
    tokenizer.decode(train.subarray(0, train.length)).split("<|endoftext|>").slice(1).sort(),
  );
  return { manifest, text };
}

test("far more text than the plan reads: a part by hash, the same in any order, its shares those of all", async () => {
  const sources = [source("large", passages.slice(0, 620)), source("small", passages.slice(620))];
  const all = await encoded("all", sources);
  const part = await encoded("part", sources, readsOf(20_000, 1000));
  const reversed = source("reversed", passages.slice(0, 620).reverse());
  const turned = await encoded("turned", [reversed, sources[1]!], readsOf(20_000, 1000));

  // Where the plan may read half of it, all is encoded.
  expect((await encoded("asked", sources, readsOf(400_000, 1000))).manifest.hash).toBe(all.manifest.hash);
  const [large, small] = part.manifest.sources;
  // 64 passages of 16 kB are less than 4 MB, so it is 4 MB.
  expect(large!.train.bytes).toBeGreaterThan(3.4e6);
  expect(large!.train.bytes).toBeLessThan(4.6e6);
  expect(small!.train).toEqual(all.manifest.sources[1]!.train);
  const left = all.manifest.sources[0]!.train.passages - large!.train.passages;
  expect(noteLines(part.manifest.sources)).toEqual([
    expect.stringMatching(
      `^large: ${left} of 620 passages: not encoded: the plan reads less, by a margin \\(`,
    ),
  ]);
  expect(noteLines(all.manifest.sources)).toEqual([]);
  expect(large!.share).toBeCloseTo(all.manifest.sources[0]!.share, 3);
  expect(part.manifest.tokenizer.hash).toBe(all.manifest.tokenizer.hash);
  expect(new Set(all.text[0])).toEqual(new Set([...all.text[0]!, ...part.text[0]!]));
  expect(turned.text[0]).toEqual(part.text[0]);
  expect(openCorpus(join(root, "part")).sources[0]!.heldOut.length).toBe(
    all.manifest.sources[0]!.heldOut.tokens,
  );
});

test("what runs read is told up to a power of two, so that small changes of a budget change no corpus", () => {
  expect([4096, 4097, 8192].map((tokens) => readsOf(tokens, 9)!.trainTokens)).toEqual([4096, 8192, 8192]);
});
