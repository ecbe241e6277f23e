/** @file What prepare did, in numbers: the manifest that stands in the corpus folder and is written last. */

import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { isThere, parseJsonAs, readText } from "../input-file.ts";
import { noteSchema } from "./notes.ts";

const count = z.int().min(0);

const textTotals = z.strictObject({ passages: count, bytes: count });

/** What cleaning one source came to. */
export const cleaningReportSchema = z.strictObject({
  files: count,
  documents: count,
  /** Of the documents as they were found. */
  bytesRead: count,
  /** What was repaired, dropped and passed over. */
  notes: z.array(noteSchema),
  train: textTotals,
  heldOut: textTotals,
});
export type CleaningReport = z.infer<typeof cleaningReportSchema>;

const splitTotals = textTotals.extend({ tokens: count, shards: z.array(z.string()) });

export const manifestSchema = z.strictObject({
  version: z.literal(1),
  /** The identity of the corpus: of its passages, their split, the weights and the tokenizer. */
  hash: z.string(),
  /** The identity of the work: spec, files and program version. Prepare is skipped while it is unchanged. */
  inputHash: z.string(),
  seed: count,
  passageBytes: count,
  heldOutFraction: z.number(),
  tokenizer: z.strictObject({
    hash: z.string(),
    vocabularySize: count,
    /** Distinct words of the training text that the merges were learned from. */
    distinctWords: count,
    /** Word occurrences forgotten to stay within the memory; 0 means that the counts are exact. */
    droppedWords: count,
    /** Of the mixture, the end-of-text token apart. */
    trainBytesPerToken: z.number(),
    heldOutBytesPerToken: z.number(),
  }),
  sources: z.array(
    cleaningReportSchema.extend({
      /** Of the clean training text, encoded or not. */
      cleanBytes: count,
      name: z.string(),
      weight: z.number(),
      /** Share of the training sequences that come from this source. */
      share: z.number(),
      licence: z.string().nullable(),
      package: z.string().nullable(),
      train: splitTotals,
      heldOut: splitTotals,
    }),
  ),
});

/** What a prepared corpus says of itself: sources, cleaning, split, tokenizer, shards. */
export type Manifest = z.infer<typeof manifestSchema>;

/** Tokens in the training split, each counted once. */
export function uniqueTokensOf({ sources }: Manifest): number {
  return sources.reduce((sum, { train }) => sum + train.tokens, 0);
}

export const MANIFEST_FILE = "manifest.json";

/** The manifest of a prepared corpus. */
export function readManifest(folder: string): Manifest {
  const path = join(folder, MANIFEST_FILE);
  const [what, remedy] = ["the manifest of a prepared corpus", "prepare the corpus (again)"];
  if (!isThere(path)) throw new UserError(`${path} does not exist`, what, remedy);
  return parseJsonAs(manifestSchema, readText(path, what), path, what, remedy);
}
