/** @file Clean text on disk between the steps: passages, each ended by a byte that UTF-8 never has. */

import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { sha256, writeFileInParts } from "../record/files.ts";
import { collapseSpace } from "./passages.ts";

export type Split = "train" | "heldOut";
export const SPLITS: readonly Split[] = ["train", "heldOut"];

/** Bounds the memory of every step after this one. */
const PIECE_BYTES = 32 << 20;
/** Room for a piece and the ends of its passages: it takes memory only as it fills. */
const ROOM_BYTES = PIECE_BYTES + PIECE_BYTES / 8;
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
      const grown = Buffer.allocUnsafe(Math.max(end, ROOM_BYTES, this.#content.length * 2));
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

/** Reads pieces one after the other into the same memory. */
export class PieceReader {
  readonly #folder: string;
  #memory = Buffer.alloc(0);

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The passages of a piece, as views that hold until another one is read. */
  passages(piece: Piece): Buffer[] {
    const content = this.#read(piece);
    const passages: Buffer[] = [];
    for (let start = 0; start < content.length; ) {
      const end = content.indexOf(END_OF_PASSAGE, start);
      passages.push(content.subarray(start, end));
      start = end + 1;
    }
    return passages;
  }

  /** The passages joined as they were in their documents, each run of white space one blank. */
  collapsed(piece: Piece): Buffer {
    let length = 0;
    for (const passage of this.passages(piece)) length += passage.copy(this.#memory, length);
    const joined = this.#memory.subarray(0, length);
    return collapseSpace(joined, joined);
  }

  #read(piece: Piece): Buffer {
    const path = join(this.#folder, piece.file);
    const numBytes = piece.textBytes + piece.passages;
    if (numBytes > this.#memory.length) this.#memory = Buffer.allocUnsafe(Math.max(numBytes, ROOM_BYTES));
    const content = this.#memory.subarray(0, numBytes);
    if (readFully(path, content) && sha256(content) === piece.sha256) return content;
    throw new UserError(
      `${path} is not what was written: its checksum differs`,
      "clean text as prepare left it",
      `delete ${this.#folder} and give the same command again`,
    );
  }
}

/** Whether the file is as long as that. */
function readFully(path: string, into: Buffer): boolean {
  const file = openSync(path, "r");
  try {
    return fstatSync(file).size === into.length && readSync(file, into) === into.length;
  } finally {
    closeSync(file);
  }
}

export function pieceExists(folder: string, piece: Piece): boolean {
  return (
    statSync(join(folder, piece.file), { throwIfNoEntry: false })?.size === piece.textBytes + piece.passages
  );
}
