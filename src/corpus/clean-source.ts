/** @file Turns the files of one source into pieces of clean, distinct passages on two sides of the split. */

import { UserError } from "../errors.ts";
import { sum } from "../math/statistics.ts";
import { type RawDocument, readDocuments } from "./documents.ts";
import type { KeySet } from "./key-set.ts";
import type { CleaningReport } from "./manifest.ts";
import { noteLines, Tally } from "./notes.ts";
import { cutPassages, hashPassage, type PassageHash } from "./passages.ts";
import { type Piece, PieceWriter, type Split } from "./pieces.ts";
import { repairDocument } from "./repair-document.ts";
import type { SourceFiles } from "./sources.ts";
import { LEAST_PASSAGE_BYTES, type SourceSpec } from "./spec.ts";
import { totalTextBytes } from "./steps.ts";
import { TextFields } from "./text-fields.ts";

export const LEAKED_BY_PATTERN = "to be held out by holdOut.pattern, but equal to training text";

/** A document of one passage is not a copy of it. */
const OF_DOCUMENT = 0x9e37_79b9_7f4a_7c15n;

export type CleaningRules = {
  readonly passageBytes: number;
  readonly seed: number;
  readonly heldOutFraction: number;
  /** Documents with a matching name are held out whole. */
  readonly heldOutDocuments: RegExp | undefined;
};

export type CleanedSource = {
  readonly cleaning: CleaningReport;
  readonly pieces: Readonly<Record<Split, readonly Piece[]>>;
};

/** Called after each document. */
export type AfterDocument = (bytesRead: number) => Promise<void>;

/** Cleans one source. `seen`: keys of all documents and passages so far, added to. */
export async function cleanSource(
  source: SourceSpec,
  found: SourceFiles,
  rules: CleaningRules,
  folder: string,
  seen: KeySet,
  afterDocument: AfterDocument,
): Promise<CleanedSource> {
  const tally = new Tally();
  const { name, textKey, badLines } = source;
  const fields = new TextFields({ source: name, textKey, badLines }, tally);
  const cleaner = new SourceCleaner(name, rules, folder, seen, tally);
  for (const file of found.files) {
    for await (const document of readDocuments(file, { textKey, fields, tally })) {
      cleaner.add(document);
      await afterDocument(document.numBytes);
    }
  }
  fields.refuseTooMany();
  return cleaner.finish(found, fields.keyRemedy);
}

class SourceCleaner {
  readonly #name: string;
  readonly #rules: CleaningRules;
  readonly #seen: KeySet;
  readonly #writers: Readonly<Record<Split, PieceWriter>>;
  readonly #tally: Tally;
  #bytesRead = 0;
  #matchingDocuments = 0;
  /** Keys of passages on that side for their document's name. */
  readonly #heldOutByPattern = new Set<bigint>();

  constructor(name: string, rules: CleaningRules, folder: string, seen: KeySet, tally: Tally) {
    this.#tally = tally;
    this.#name = name;
    this.#rules = rules;
    this.#seen = seen;
    this.#writers = {
      train: new PieceWriter(folder, name, "train"),
      heldOut: new PieceWriter(folder, name, "heldOut"),
    };
  }

  add({ name, utf8, numBytes }: RawDocument): void {
    this.#bytesRead += numBytes;
    if (utf8 === null) return;
    const text = repairDocument(utf8, name, this.#tally);
    if (text.length === 0) {
      this.#tally.add("dropped", "documents", "empty", name);
      return;
    }
    const isHeldOut = this.#rules.heldOutDocuments?.test(name) ?? false;
    this.#matchingDocuments += Number(isHeldOut);
    const { passageBytes, seed } = this.#rules;
    const whole = hashPassage(text, seed);
    // What is to be held out is looked at passage by passage: a copy of it may have been trained on.
    if (this.#isRepeated(whole.key ^ OF_DOCUMENT) && !isHeldOut) {
      this.#tally.add("dropped", "documents", "equal to an earlier one", name, text.length);
      return;
    }
    const passages = cutPassages(text, passageBytes);
    for (const passage of passages)
      this.#addPassage(passage, passages.length === 1 ? whole : hashPassage(passage, seed), isHeldOut, name);
  }

  #addPassage(passage: Buffer, { key, uniform }: PassageHash, isHeldOut: boolean, document: string): void {
    this.#tally.totals.passages += 1;
    const isBelowFraction = uniform < this.#rules.heldOutFraction;
    if (this.#isRepeated(key)) {
      const isTrainedOn = isHeldOut && !isBelowFraction && !this.#heldOutByPattern.has(key);
      const what = isTrainedOn ? LEAKED_BY_PATTERN : "equal to an earlier one";
      this.#tally.add("dropped", "passages", what, document, passage.length);
      return;
    }
    if (isHeldOut) this.#heldOutByPattern.add(key);
    const split = isHeldOut || isBelowFraction ? "heldOut" : "train";
    this.#writers[split].add(passage);
  }

  #isRepeated(key: bigint): boolean {
    return !this.#seen.add(key);
  }

  finish(found: SourceFiles, keyRemedy: string | undefined): CleanedSource {
    if (this.#rules.heldOutDocuments && this.#matchingDocuments === 0) throw this.#noMatch(found);
    this.#ensureHeldOut();
    for (const writer of Object.values(this.#writers)) writer.flush();
    const pieces = { train: this.#writers.train.pieces, heldOut: this.#writers.heldOut.pieces };
    const cleaning = {
      files: found.files.length,
      documents: this.#tally.totals.documents,
      bytesRead: this.#bytesRead,
      notes: [...found.notes, ...this.#tally.notes],
      train: totals(pieces.train),
      heldOut: totals(pieces.heldOut),
    };
    if (cleaning.train.passages === 0 || cleaning.heldOut.passages === 0)
      throw this.#tooLittle(cleaning, keyRemedy);
    return { cleaning, pieces };
  }

  /** A small source may have no passage below the fraction: the one that came nearest is held out. */
  #ensureHeldOut(): void {
    const { train, heldOut } = this.#writers;
    if (heldOut.pieces.length > 0 || heldOut.held.length > 0 || train.pieces.length > 0) return;
    if (train.held.length < 2) return;
    const uniforms = train.held.map((passage) => hashPassage(passage, this.#rules.seed).uniform);
    heldOut.add(train.takeHeld(uniforms.indexOf(Math.min(...uniforms))));
  }

  #noMatch(found: SourceFiles): UserError {
    return new UserError(
      `no document of source "${this.#name}" matches holdOut.pattern ${this.#rules.heldOutDocuments}; its first document is ${found.files[0]?.name}`,
      "a pattern that holds out at least one document",
      "correct the pattern, or leave it out",
    );
  }

  #tooLittle({ notes, bytesRead, train, heldOut }: CleaningReport, keyRemedy: string | undefined): UserError {
    const lines = noteLines([{ name: this.#name, notes }]).join("; ");
    return new UserError(
      `source "${this.#name}" has ${train.passages} passages to train on and ${heldOut.passages} held out, from ${bytesRead} bytes read${lines && ` (${lines})`}`,
      "at least one of each",
      this.#remedy(train, heldOut, keyRemedy),
    );
  }

  #remedy(
    train: CleaningReport["train"],
    heldOut: CleaningReport["heldOut"],
    keyRemedy: string | undefined,
  ): string {
    const bytes = train.bytes + heldOut.bytes;
    const { passageBytes, heldOutDocuments } = this.#rules;
    if (bytes === 0)
      return keyRemedy ?? "give the source files that hold text, and text that no earlier source has";
    if (train.passages === 0 && heldOutDocuments)
      return "make holdOut.pattern match fewer documents, or add documents that it does not match";
    if (bytes < 2 * LEAST_PASSAGE_BYTES)
      return `add text: these ${bytes} bytes are less than two passages, of ${LEAST_PASSAGE_BYTES} bytes at least`;
    const half = Math.max(LEAST_PASSAGE_BYTES, Math.floor(bytes / 4));
    return half < passageBytes
      ? `set passageBytes to ${half}, which makes four passages or more of these ${bytes} bytes, or add text`
      : "add text";
  }
}

function totals(pieces: readonly Piece[]) {
  return { passages: sum(pieces.map((piece) => piece.passages)), bytes: totalTextBytes(pieces) };
}
