/** @file Token shards: flat little-endian uint16 files, each with a JSON header that names its tokenizer. */

import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { sum } from "../math/statistics.ts";
import { nativeAddon } from "../native-addon.ts";
import { sha256, sha256File, writeFileAtomic } from "../record/files.ts";
import { readStep } from "./steps.ts";

const shardHeaderSchema = z.strictObject({
  format: z.literal("longrun-tokens-1"),
  dtype: z.literal("uint16"),
  byteOrder: z.literal("little"),
  source: z.string(),
  split: z.enum(["train", "heldOut"]),
  passages: z.int(),
  /** Of the passages of its text, those whose place by hash lies below it; 1: all. */
  part: z.number(),
  tokens: z.int(),
  /** Of the text behind the tokens. */
  textBytes: z.int(),
  vocabularySize: z.int(),
  tokenizerHash: z.string(),
  /** Of the text that was encoded. */
  textSha256: z.string(),
  /** Of the .bin file. */
  sha256: z.string(),
});
export type ShardHeader = z.infer<typeof shardHeaderSchema>;

/** The tokens of a shard. */
export const shardPath = (folder: string, name: string) => join(folder, `${name}.bin`);

/** Writes the tokens, then the header: a shard without a header was never finished. */
export function writeShard(
  folder: string,
  name: string,
  tokens: Uint16Array,
  about: Omit<ShardHeader, "format" | "dtype" | "byteOrder" | "tokens" | "sha256">,
): ShardHeader {
  const bytes = new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
  const header: ShardHeader = {
    format: "longrun-tokens-1",
    dtype: "uint16",
    byteOrder: "little",
    ...about,
    tokens: tokens.length,
    sha256: sha256(bytes),
  };
  writeFileAtomic(shardPath(folder, name), bytes);
  writeFileAtomic(join(folder, `${name}.json`), `${JSON.stringify(header, null, 1)}\n`);
  return header;
}

/** The header of a finished shard, or undefined. Says nothing about the tokens but their number. */
export function findShard(folder: string, name: string): ShardHeader | undefined {
  const header = readStep(join(folder, `${name}.json`), shardHeaderSchema);
  const size = statSync(shardPath(folder, name), { throwIfNoEntry: false })?.size;
  return header && size === header.tokens * 2 ? header : undefined;
}

/** The tokens of a shard, refused where they are damaged or were made with another tokenizer. */
export function readShard(folder: string, name: string, tokenizerHash: string): Uint16Array {
  const header = findShard(folder, name);
  const path = shardPath(folder, name);
  if (header === undefined) {
    throw new UserError(
      `the shard ${path} is missing, cut short or without a header`,
      "the shards that the manifest names, whole",
      "prepare the corpus again",
    );
  }
  if (header.tokenizerHash !== tokenizerHash) {
    throw new UserError(
      `the shard ${path} was made with the tokenizer ${header.tokenizerHash.slice(0, 12)}`,
      `the tokenizer ${tokenizerHash.slice(0, 12)}: the same ids mean other text`,
      "prepare the corpus again, or put the shard's own tokenizer.json back",
    );
  }
  if (sha256File(path) !== header.sha256) {
    throw new UserError(
      `the shard ${path} is damaged: its checksum differs from its header's`,
      `sha256 ${header.sha256}`,
      `delete ${path} and prepare the corpus again`,
    );
  }
  return mapTokens(path, header.tokens);
}

/** What is read of it lies in memory once for all runs; a file of this name written later changes nothing. */
function mapTokens(path: string, numTokens: number): Uint16Array {
  if (numTokens === 0) return new Uint16Array();
  const { mapFile } = nativeAddon() as { mapFile?(file: number, numBytes: number): ArrayBuffer };
  // An addon built before this function was: the tokens are read instead.
  if (mapFile === undefined) return new Uint16Array(new Uint8Array(readFileSync(path)).buffer);
  const file = openSync(path, "r");
  try {
    return new Uint16Array(mapFile(file, numTokens * 2));
  } finally {
    closeSync(file);
  }
}

/** The tokens of several shards, one after the other. */
export class ShardedTokens {
  readonly length: number;
  readonly #shards: readonly Uint16Array[];

  constructor(shards: readonly Uint16Array[]) {
    this.#shards = shards;
    this.length = sum(shards.map((shard) => shard.length));
  }

  /** A view where they lie in one shard, else a copy. */
  subarray(start: number, end: number): Uint16Array {
    const parts: Uint16Array[] = [];
    let offset = 0;
    for (const shard of this.#shards) {
      const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, shard.length)];
      if (from < to) parts.push(shard.subarray(from, to));
      offset += shard.length;
    }
    return concatenate(parts);
  }
}

/** One array out of several. */
export function concatenate(parts: readonly Uint16Array[]): Uint16Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint16Array(sum(parts.map((part) => part.length)));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
