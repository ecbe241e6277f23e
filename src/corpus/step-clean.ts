/** @file First step of prepare: each source cleaned, or found clean. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { writeFileAtomic, writeFileInParts } from "../record/files.ts";
import { type CleanedSource, type CleaningRules, cleanSource } from "./clean-source.ts";
import { KeySet } from "./key-set.ts";
import { cleaningReportSchema } from "./manifest.ts";
import { pieceExists, pieceSchema } from "./pieces.ts";
import type { SourceFiles } from "./sources.ts";
import type { CorpusSpec, SourceSpec } from "./spec.ts";
import { type Breath, keyOf, readStep, stepsFolder, textFolder } from "./steps.ts";

export type FoundSource = {
  readonly spec: SourceSpec;
  readonly found: SourceFiles;
};

const cleanStepSchema = z.strictObject({
  key: z.string(),
  cleaning: cleaningReportSchema,
  pieces: z.strictObject({ train: z.array(pieceSchema), heldOut: z.array(pieceSchema) }),
});

/** Cleans the sources in order: what is a duplicate depends on those before, and so does each step's key. */
export async function cleanSources(
  spec: CorpusSpec,
  sources: readonly FoundSource[],
  folder: string,
  breath: Breath,
): Promise<CleanedSource[]> {
  using seen = new KeySet(join(stepsFolder(folder), "keys.tmp"));
  const cleaned: CleanedSource[] = [];
  const totalBytes = totalBytesOf(sources);
  let key = "";
  let doneBytes = 0;
  for (const { spec: source, found } of sources) {
    const rules = cleaningRules(spec, source.name);
    const { weight: _, licence: __, ...identity } = source;
    const pattern = rules.heldOutDocuments?.source;
    key = keyOf({ key, identity, rules, pattern, fingerprint: found.fingerprint });
    let result = finishedCleaning(folder, source.name, key, seen);
    if (result === undefined) {
      const mark = seen.mark();
      result = await cleanSource(source, found, rules, textFolder(folder), seen, async (bytes) => {
        doneBytes += bytes;
        await breath({ step: "read", doneBytes, totalBytes });
      });
      writeFileInParts(keysPath(folder, source.name), seen.bytesFrom(mark));
      writeFileAtomic(cleanStepPath(folder, source.name), JSON.stringify({ key, ...result }));
    } else {
      doneBytes += result.cleaning.bytesRead;
    }
    cleaned.push(result);
  }
  return cleaned;
}

/** Undefined where some files are compressed. */
export function totalBytesOf(sources: readonly FoundSource[]): number | undefined {
  const sizes = sources.map(({ found }) => found.totalBytes);
  return sizes.reduce((sum, size) => (size === undefined || sum === undefined ? undefined : sum + size), 0);
}

function cleaningRules({ passageBytes, seed, holdOut }: CorpusSpec, source: string): CleaningRules {
  const pattern = holdOut.pattern?.source === source ? holdOut.pattern.documents : undefined;
  return {
    passageBytes,
    seed,
    heldOutFraction: holdOut.fraction,
    heldOutDocuments: pattern === undefined ? undefined : new RegExp(pattern, "u"),
  };
}

const cleanStepPath = (folder: string, source: string) => join(stepsFolder(folder), `clean.${source}.json`);
const keysPath = (folder: string, source: string) => join(stepsFolder(folder), `clean.${source}.keys`);

function finishedCleaning(
  folder: string,
  source: string,
  key: string,
  seen: KeySet,
): CleanedSource | undefined {
  const step = readStep(cleanStepPath(folder, source), cleanStepSchema);
  if (step?.key !== key) return undefined;
  const pieces = [...step.pieces.train, ...step.pieces.heldOut];
  if (!pieces.every((piece) => pieceExists(textFolder(folder), piece))) return undefined;
  if (!existsSync(keysPath(folder, source))) return undefined;
  seen.addFile(keysPath(folder, source));
  return { cleaning: step.cleaning, pieces: step.pieces };
}
