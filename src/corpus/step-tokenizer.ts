/** @file Third step of prepare: the tokenizer, learned from the training text or found learned. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { sha256, writeFileAtomic } from "../record/files.ts";
import { trainMerges } from "./bpe-training.ts";
import type { CleanedSource } from "./clean-source.ts";
import { PieceReader } from "./pieces.ts";
import { wordPattern } from "./pretokenizer.ts";
import { partToLearnFrom, readPart } from "./selection.ts";
import type { CorpusSpec } from "./spec.ts";
import {
  type Breath,
  keyOf,
  readStep,
  stepsFolder,
  textFolder,
  tokenizerPath,
  totalTextBytes,
} from "./steps.ts";
import { readTokenizer, Tokenizer } from "./tokenizer.ts";
import { WordCounts } from "./word-counts.ts";

const tokenizerStepSchema = z.strictObject({
  key: z.string(),
  tokenizerHash: z.string(),
  words: z.strictObject({ distinct: z.int(), dropped: z.number() }),
});
export type WordTotals = z.infer<typeof tokenizerStepSchema>["words"];

/** Learns from the training text alone: the held-out text is new to the tokenizer too. */
export async function learnTokenizer(
  { vocabularySize, seed }: Pick<CorpusSpec, "vocabularySize" | "seed">,
  cleaned: readonly CleanedSource[],
  folder: string,
  breath: Breath,
): Promise<{ tokenizer: Tokenizer; words: WordTotals }> {
  const pieces = cleaned.flatMap((source) => source.pieces.train);
  const part = partToLearnFrom(cleaned);
  const key = keyOf({ vocabularySize, wordPattern, part, texts: pieces.map((piece) => piece.sha256) });
  const stepPath = join(stepsFolder(folder), "tokenizer.json");
  const path = tokenizerPath(folder);
  const step = readStep(stepPath, tokenizerStepSchema);
  if (step?.key === key && fileHash(path) === step.tokenizerHash) {
    return { tokenizer: readTokenizer(path), words: step.words };
  }

  const reader = new PieceReader(textFolder(folder));
  const counts = new WordCounts();
  const totalBytes = totalTextBytes(pieces);
  let doneBytes = 0;
  for (const piece of pieces) {
    const startBytes = doneBytes;
    for (const passage of readPart(reader, piece, part, seed)) {
      counts.add(passage);
      doneBytes += passage.length;
      await breath({ step: "learn tokenizer", doneBytes, totalBytes });
    }
    doneBytes = startBytes + piece.textBytes;
    await breath({ step: "learn tokenizer", doneBytes, totalBytes });
  }
  const tokenizer = new Tokenizer(trainMerges(counts, vocabularySize));
  const words = { distinct: counts.words.size, dropped: counts.numDropped };
  writeFileAtomic(path, tokenizer.json);
  writeFileAtomic(stepPath, JSON.stringify({ key, tokenizerHash: tokenizer.hash, words }));
  return { tokenizer, words };
}

/** A tokenizer's hash is that of its file. */
export function fileHash(path: string): string | undefined {
  return existsSync(path) ? sha256(readFileSync(path)) : undefined;
}
