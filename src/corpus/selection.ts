/** @file How much of each source is encoded: all, or a part by hash where the plan reads far less. */

import { sum } from "../math/statistics.ts";
import type { CleanedSource } from "./clean-source.ts";
import { hashPassage } from "./passages.ts";
import type { Piece, PieceReader, Split } from "./pieces.ts";
import type { CorpusSpec } from "./spec.ts";

/** More than tokens stand for in any script, four times what they do in most: the margin. */
const BYTES_PER_TOKEN = 16;
/** Of every source and split at least so much, and so many passages: tasks are made of held-out text. */
const LEAST_BYTES = 4e6;
const LEAST_PASSAGES = 64;
/** A merge that pays is seen in this much. */
const LEARNED_BYTES = 64e6;
/** Where nearly everything is wanted, everything is. */
const LARGEST_PART = 0.5;

/** Part of the passages, by source and split: those whose place by hash lies below it. */
export type Parts = readonly Readonly<Record<Split, number>>[];

/** What of each source is encoded. A source of a larger share needs more. */
export function partsToEncode(spec: CorpusSpec, cleaned: readonly CleanedSource[]): Parts {
  const { reads, sources, passageBytes } = spec;
  const least = Math.max(LEAST_BYTES, LEAST_PASSAGES * passageBytes);
  const weighted = cleaned.map(({ cleaning }, i) => sources[i]!.weight * cleaning.train.bytes);
  const part = (tokens: number, bytes: number) => partOf(Math.max(tokens * BYTES_PER_TOKEN, least), bytes);
  return cleaned.map(({ cleaning: { train, heldOut } }, i) => ({
    train: reads ? part((reads.trainTokens * weighted[i]!) / sum(weighted), train.bytes) : 1,
    heldOut: reads ? part(reads.heldOutTokens / cleaned.length, heldOut.bytes) : 1,
  }));
}

/** What the tokenizer is learned from: the same of all sources, whatever the plan reads. */
export function partToLearnFrom(cleaned: readonly CleanedSource[]): number {
  return partOf(LEARNED_BYTES, sum(cleaned.map(({ cleaning }) => cleaning.train.bytes)));
}

function partOf(wanted: number, bytes: number): number {
  return wanted < LARGEST_PART * bytes ? wanted / bytes : 1;
}

/** The passages of a piece that belong to a part: the same ones wherever they stand. */
export function readPart(reader: PieceReader, piece: Piece, part: number, seed: number): Buffer[] {
  const passages = reader.passages(piece);
  return part === 1 ? passages : passages.filter((passage) => hashPassage(passage, seed).order < part);
}
