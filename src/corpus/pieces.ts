/** @file Clean text on disk between the steps: passages, each ended by a byte that UTF-8 never has. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { sha256, writeFileInParts } from "../record/files.ts";

export type Split = "train" | "heldOut";
export const SPLITS: readonly Split[] = ["train", "heldOut"];

/** Bounds the memory of every step after this one. */
const PIECE_BYTES = 32 << 20;
const END_OF_PASSAGE = 0xff;

export const pieceSchema = z.strictObject({
  file: z.string(),
  passages: z.int(),
  /** Of text, without the byte that ends each passage. */
  textBytes: z.int(),
  sha256: z.string(),
});
export type Piece = z.infer<typeof pieceSchema>;

/** Collects the passages of one source and split, and writes them out in pieces. */
export class PieceWriter {
  readonly pieces: Piece[] = [];
  readonly #folder: string;
  readonly #name: string;
  /** The passages held, as they will lie in the file; where each ends, with the byte that says so. */
  #content = Buffer.alloc(0);
  #ends: number[] = [];

  constructor(folder: string, source: string, split: Split) {
    this.#folder = folder;
    this.#name = `${source}.${split}`;
  }

  add(passage: Buffer): void {
    const start = this.#ends.at(-1) ?? 0;
    const end = start + passage.length + 1;
    if (end > this.#content.length) {
      const grown = Buffer.allocUnsafe(Math.max(end, this.#content.length * 2));
      this.#content.copy(grown, 0, 0, start);
      this.#content = grown;
    }
    passage.copy(this.#content, start);
    this.#content[end - 1] = END_OF_PASSAGE;
    this.#ends.push(end);
    if (end - this.#ends.length >= PIECE_BYTES) this.flush();
  }

  /** Passages that are still in memory, for the one rule that has to see all of a small source. */
  get held(): readonly Buffer[] {
    return this.#ends.map((end, i) => this.#content.subarray(this.#ends[i - 1] ?? 0, end - 1));
  }

  takeHeld(index: number): Buffer {
    const passages = this.held.map((passage) => Buffer.from(passage));
    const [taken] = passages.splice(index, 1);
    if (taken === undefined) throw new RangeError(`no held passage ${index}`);
    this.#ends = [];
    for (const passage of passages) this.add(passage);
    return taken;
  }

  flush(): void {
    const passages = this.#ends.length;
    if (passages === 0) return;
    const content = this.#content.subarray(0, this.#ends.at(-1));
    const file = `${this.#name}.${String(this.pieces.length).padStart(5, "0")}.txt`;
    writeFileInParts(join(this.#folder, file), [content]);
    this.pieces.push({ file, passages, textBytes: content.length - passages, sha256: sha256(content) });
    this.#ends = [];
  }
}

/** The passages of a piece, as views into one buffer. */
export function readPiece(folder: string, piece: Piece): Buffer[] {
  const path = join(folder, piece.file);
  const content = readFileSync(path);
  if (sha256(content) !== piece.sha256) {
    throw new UserError(
      `${path} is not what was written: its checksum differs`,
      "clean text as prepare left it",
      `delete ${folder} and give the same command again`,
    );
  }
  const passages: Buffer[] = [];
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf(END_OF_PASSAGE, start);
    passages.push(content.subarray(start, end));
    start = end + 1;
  }
  return passages;
}

export function pieceExists(folder: string, piece: Piece): boolean {
  return (
    statSync(join(folder, piece.file), { throwIfNoEntry: false })?.size === piece.textBytes + piece.passages
  );
}
