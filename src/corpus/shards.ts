/** @file Token shards: flat little-endian uint16 files, each with a JSON header that names its tokenizer. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { sha256, writeFileAtomic } from "../record/files.ts";
import { readStep } from "./steps.ts";

const shardHeaderSchema = z.strictObject({
  format: z.literal("longrun-tokens-1"),
  dtype: z.literal("uint16"),
  byteOrder: z.literal("little"),
  source: z.string(),
  split: z.enum(["train", "heldOut"]),
  passages: z.int(),
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
  const bytes = readFileSync(path);
  if (sha256(bytes) !== header.sha256) {
    throw new UserError(
      `the shard ${path} is damaged: its checksum differs from its header's`,
      `sha256 ${header.sha256}`,
      `delete ${path} and prepare the corpus again`,
    );
  }
  // A view where the buffer's place allows one: copies would be garbage as large as the corpus, every run.
  if (bytes.byteOffset % 2 === 0)
    return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  return new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
