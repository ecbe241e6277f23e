/** @file Last step of prepare: text pieces into token shards, one for one. */

import { sha256File } from "../record/files.ts";
import type { CleanedSource } from "./clean-source.ts";
import { type Piece, PieceReader, SPLITS, type Split } from "./pieces.ts";
import { type Parts, readPart } from "./selection.ts";
import { concatenate, findShard, type ShardHeader, shardPath, writeShard } from "./shards.ts";
import type { FoundSource } from "./step-clean.ts";
import { type Breath, textFolder, tokensFolder, totalTextBytes } from "./steps.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { END_OF_TEXT_ID } from "./vocabulary.ts";

/** Shard headers by source and split. */
export type Shards = readonly Readonly<Record<Split, readonly ShardHeader[]>>[];

export async function encodeAll(
  seed: number,
  cleaned: readonly CleanedSource[],
  parts: Parts,
  sources: readonly FoundSource[],
  tokenizer: Tokenizer,
  folder: string,
  breath: Breath,
): Promise<Shards> {
  const totalBytes = totalTextBytes(cleaned.flatMap(({ pieces }) => [...pieces.train, ...pieces.heldOut]));
  const reader = new PieceReader(textFolder(folder));
  const shards: Record<Split, ShardHeader[]>[] = [];
  let doneBytes = 0;
  for (const [index, { pieces }] of cleaned.entries()) {
    const headers: Record<Split, ShardHeader[]> = { train: [], heldOut: [] };
    for (const split of SPLITS) {
      for (const piece of pieces[split]) {
        const startBytes = doneBytes;
        const about = { source: sources[index]!.spec.name, split, part: parts[index]![split], seed };
        headers[split].push(
          await encodePiece(folder, reader, piece, about, tokenizer, (bytes) =>
            breath({ step: "encode", doneBytes: startBytes + bytes, totalBytes }),
          ),
        );
        doneBytes += piece.textBytes;
      }
    }
    shards.push(headers);
  }
  return shards;
}

export const shardName = (piece: Pick<Piece, "file">) => piece.file.replace(/\.txt$/, "");

async function encodePiece(
  folder: string,
  reader: PieceReader,
  piece: Piece,
  { seed, ...about }: { source: string; split: Split; part: number; seed: number },
  tokenizer: Tokenizer,
  afterPassage: (bytes: number) => Promise<void>,
): Promise<ShardHeader> {
  const name = shardName(piece);
  const existing = findShard(tokensFolder(folder), name);
  const isOfText =
    existing?.tokenizerHash === tokenizer.hash &&
    existing.textSha256 === piece.sha256 &&
    existing.part === about.part;
  if (isOfText && sha256File(shardPath(tokensFolder(folder), name)) === existing.sha256) return existing;
  const encoded: Uint16Array[] = [];
  const passages = readPart(reader, piece, about.part, seed);
  let bytes = 0;
  for (const passage of passages) {
    encoded.push(Uint16Array.of(END_OF_TEXT_ID), tokenizer.encodeBytes(passage));
    bytes += passage.length;
    await afterPassage(bytes);
  }
  return writeShard(tokensFolder(folder), name, concatenate(encoded), {
    ...about,
    passages: passages.length,
    textBytes: bytes,
    vocabularySize: tokenizer.vocabularySize,
    tokenizerHash: tokenizer.hash,
    textSha256: piece.sha256,
  });
}
