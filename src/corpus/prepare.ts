/** @file Stage "prepare": documents in, shards and a manifest out. Steps with unchanged input are skipped. */

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sum } from "../math/statistics.ts";
import { writeFileAtomic } from "../record/files.ts";
import type { CleanedSource } from "./clean-source.ts";
import { type CleaningReport, MANIFEST_FILE, type Manifest, manifestSchema } from "./manifest.ts";
import type { Note } from "./notes.ts";
import type { Split } from "./pieces.ts";
import { wordPattern } from "./pretokenizer.ts";
import { partsToEncode } from "./selection.ts";
import { findShard, type ShardHeader } from "./shards.ts";
import { findSourceFiles } from "./sources.ts";
import type { CorpusSpec } from "./spec.ts";
import { cleanSources, type FoundSource } from "./step-clean.ts";
import { encodeAll, type Shards, shardName } from "./step-encode.ts";
import { checkLeaks } from "./step-leaks.ts";
import { fileHash, learnTokenizer, type WordTotals } from "./step-tokenizer.ts";
import {
  breathing,
  keyOf,
  type PrepareOptions,
  readStep,
  stepsFolder,
  textFolder,
  tokenizerPath,
  tokensFolder,
} from "./steps.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * Prepares a corpus in `outFolder`. Can be killed at any moment and called again: it goes on with the first
 * source, tokenizer or shard that is not finished. The manifest is written last; without it the folder is not
 * a corpus.
 */
export async function prepareCorpus(
  spec: CorpusSpec,
  baseFolder: string,
  outFolder: string,
  options: PrepareOptions = {},
): Promise<Manifest> {
  const sources = spec.sources.map((source) => ({
    spec: source,
    found: findSourceFiles(source, baseFolder),
  }));
  const fingerprints = sources.map(({ found }) => found.fingerprint);
  const inputHash = keyOf({ spec, fingerprints, wordPattern });
  const finished = finishedManifest(outFolder, inputHash);
  if (finished) return finished;
  rmSync(join(outFolder, MANIFEST_FILE), { force: true });
  if (cutsWordsOtherwise(outFolder))
    options.onNote?.("this corpus was prepared with an older pattern for words: it is tokenized anew");

  const breath = breathing(options);
  const clean = await cleanSources(spec, sources, outFolder, breath);
  const parts = partsToEncode(spec, clean);
  const cleaned = await checkLeaks(spec, sources, clean, parts, outFolder, breath);
  const { tokenizer, words } = await learnTokenizer(spec, cleaned, outFolder, breath);
  const shards = await encodeAll(spec.seed, cleaned, parts, sources, tokenizer, outFolder, breath);
  const manifest = describe(spec, inputHash, sources, cleaned, tokenizer, words, shards);
  writeFileAtomic(join(outFolder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`);
  removeOthers(outFolder, cleaned, spec);
  return manifest;
}

/** A tokenizer.json says by its pattern for words which tokenizer it is. */
function cutsWordsOtherwise(folder: string): boolean {
  const path = tokenizerPath(folder);
  return existsSync(path) && !readFileSync(path, "utf8").includes(JSON.stringify(wordPattern));
}

function finishedManifest(folder: string, inputHash: string): Manifest | undefined {
  const manifest = readStep(join(folder, MANIFEST_FILE), manifestSchema);
  if (manifest?.inputHash !== inputHash) return undefined;
  const { hash } = manifest.tokenizer;
  const shards = manifest.sources.flatMap(({ train, heldOut }) => [...train.shards, ...heldOut.shards]);
  const isWhole =
    fileHash(tokenizerPath(folder)) === hash &&
    shards.every((name) => findShard(tokensFolder(folder), name)?.tokenizerHash === hash);
  return isWhole ? manifest : undefined;
}

function describe(
  spec: CorpusSpec,
  inputHash: string,
  sources: readonly FoundSource[],
  cleaned: readonly CleanedSource[],
  tokenizer: Tokenizer,
  words: WordTotals,
  shards: Shards,
): Manifest {
  const described = sources.map(({ spec: { name, weight }, found }, index) => {
    const { cleaning, pieces } = cleaned[index]!;
    const split = (which: Split) => {
      const total = (name: "passages" | "textBytes" | "tokens") =>
        sum(shards[index]![which].map((header) => header[name]));
      return {
        passages: total("passages"),
        bytes: total("textBytes"),
        tokens: total("tokens"),
        shards: pieces[which].map(shardName),
      };
    };
    const { licence } = found;
    return {
      ...cleaning,
      notes: [...cleaning.notes, ...notEncoded(cleaning, split)],
      cleanBytes: cleaning.train.bytes,
      name,
      weight,
      licence,
      package: found.package,
      train: split("train"),
      heldOut: split("heldOut"),
    };
  });
  const weighted = described.map(({ weight, train, cleanBytes }) =>
    // A source's share is of all its text, whatever part of it is encoded.
    train.bytes === cleanBytes ? weight * train.tokens : weight * train.tokens * (cleanBytes / train.bytes),
  );
  const shares = weighted.map((value) => value / sum(weighted));
  // Of the mixture: in training a source's tokens come up by its share.
  const bytesPerToken = (which: Split) =>
    sum(
      described.map(
        ({ [which]: { bytes, tokens, passages } }, index) => (shares[index]! * bytes) / (tokens - passages),
      ),
    );
  const sums = (headers: readonly ShardHeader[]) => headers.map(({ sha256 }) => sha256);
  const identity = described.map(({ name, weight }, index) => {
    const { train, heldOut } = shards[index]!;
    return { name, weight, train: sums(train), heldOut: sums(heldOut) };
  });
  // Parsed, so that keys stand in the schema's order whether a step was done now or found done.
  return manifestSchema.parse({
    version: 1,
    hash: keyOf({ identity, tokenizer: tokenizer.hash }),
    inputHash,
    seed: spec.seed,
    passageBytes: spec.passageBytes,
    heldOutFraction: spec.holdOut.fraction,
    tokenizer: {
      hash: tokenizer.hash,
      vocabularySize: tokenizer.vocabularySize,
      distinctWords: words.distinct,
      droppedWords: words.dropped,
      trainBytesPerToken: bytesPerToken("train"),
      heldOutBytesPerToken: bytesPerToken("heldOut"),
    },
    sources: described.map((source, index) => ({ ...source, share: shares[index]! })),
  });
}

/** What is left out because the plan reads far less: counted, and said. */
function notEncoded(
  { train, heldOut }: CleaningReport,
  split: (which: Split) => CleaningReport["train"],
): Note[] {
  const encoded = [split("train"), split("heldOut")];
  const of = train.passages + heldOut.passages;
  const items = of - sum(encoded.map(({ passages }) => passages));
  const bytes = train.bytes + heldOut.bytes - sum(encoded.map((part) => part.bytes));
  const what = "not encoded: the plan reads less, by a margin";
  return items === 0 ? [] : [{ kind: "passed over", what, unit: "passages", items, of, bytes, first: [] }];
}

/** What an earlier preparation left and this one does not name. */
function removeOthers(folder: string, cleaned: readonly CleanedSource[], spec: CorpusSpec): void {
  const pieces = cleaned.flatMap((source) => [...source.pieces.train, ...source.pieces.heldOut]);
  const names = new Set(pieces.map(shardName));
  for (const place of [textFolder(folder), tokensFolder(folder)]) {
    for (const file of existsSync(place) ? readdirSync(place) : []) {
      if (!names.has(file.replace(/\.(txt|bin|json)$/, ""))) rmSync(join(place, file));
    }
  }
  const steps = new Set(["leaks", "tokenizer", ...spec.sources.map(({ name }) => `clean.${name}`)]);
  for (const file of readdirSync(stepsFolder(folder))) {
    if (!steps.has(file.replace(/\.(json|keys)$/, ""))) rmSync(join(stepsFolder(folder), file));
  }
}
