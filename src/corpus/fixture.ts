/** @file The manifest of a made-up corpus for tests. */

import type { Manifest } from "./manifest.ts";

type Source = Manifest["sources"][number];

const part = { passages: 10, bytes: 30_000, tokens: 10_000, shards: [] };

/** A source of which nothing was dropped or repaired. */
export function sourceWith(changes: Partial<Source>): Source {
  return {
    cleanBytes: 30_000,
    name: "tales",
    weight: 1,
    share: 1,
    licence: null,
    package: null,
    files: 1,
    documents: 1,
    bytesRead: 60_000,
    notes: [],
    train: part,
    heldOut: part,
    ...changes,
  };
}

/** A corpus with a hash and a vocabulary; of one source when left out. */
export function manifestWith(hash: string, vocabularySize: number, sources = [sourceWith({})]): Manifest {
  return {
    version: 1,
    hash,
    inputHash: "input",
    seed: 1,
    passageBytes: 3000,
    heldOutFraction: 0.05,
    tokenizer: {
      hash: "tokenizer",
      vocabularySize,
      distinctWords: 100,
      droppedWords: 0,
      trainBytesPerToken: 3,
      heldOutBytesPerToken: 3,
    },
    sources,
  };
}
