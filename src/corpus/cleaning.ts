/** @file Turns the files of one source into pieces of clean, distinct passages on two sides of the split. */

import { UserError } from "../errors.ts";
import { sum } from "../math/statistics.ts";
import { cleanDocument, noRepairs } from "./clean.ts";
import { type RawDocument, readDocuments } from "./documents.ts";
import type { Cleaning } from "./manifest.ts";
import { cutPassages, hashPassage } from "./passages.ts";
import { type Piece, PieceWriter, type Split } from "./pieces.ts";
import type { SourceFiles } from "./sources.ts";
import type { SourceSpec } from "./spec.ts";
import { totalTextBytes } from "./steps.ts";

export type CleaningRules = {
  readonly passageBytes: number;
  readonly seed: number;
  readonly heldOutFraction: number;
  /** Documents with a matching name are held out whole. */
  readonly heldOutDocuments: RegExp | undefined;
};

export type CleanedSource = {
  readonly cleaning: Cleaning;
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
  seen: Set<string>,
  afterDocument: AfterDocument,
): Promise<CleanedSource> {
  const cleaner = new SourceCleaner(source.name, rules, folder, seen);
  for (const file of found.files) {
    for await (const document of readDocuments(file, source.textKey)) {
      cleaner.add(document);
      await afterDocument(document.bytes.length);
    }
  }
  return cleaner.finish(found);
}

class SourceCleaner {
  readonly #name: string;
  readonly #rules: CleaningRules;
  readonly #seen: Set<string>;
  readonly #writers: Readonly<Record<Split, PieceWriter>>;
  readonly #repairs = noRepairs();
  readonly #dropped = {
    binaryDocuments: 0,
    emptyDocuments: 0,
    duplicateDocuments: 0,
    duplicateDocumentBytes: 0,
    duplicatePassages: 0,
    duplicatePassageBytes: 0,
  };
  #documents = 0;
  #bytesRead = 0;
  #matchingDocuments = 0;

  constructor(name: string, rules: CleaningRules, folder: string, seen: Set<string>) {
    this.#name = name;
    this.#rules = rules;
    this.#seen = seen;
    this.#writers = {
      train: new PieceWriter(folder, name, "train"),
      heldOut: new PieceWriter(folder, name, "heldOut"),
    };
  }

  add({ name, bytes }: RawDocument): void {
    this.#documents += 1;
    this.#bytesRead += bytes.length;
    const text = cleanDocument(bytes, this.#repairs);
    if (text === null) {
      this.#dropped.binaryDocuments += 1;
      return;
    }
    if (text.length === 0) {
      this.#dropped.emptyDocuments += 1;
      return;
    }
    if (this.#isRepeated(`d${hashPassage(text, this.#rules.seed).key}`)) {
      this.#dropped.duplicateDocuments += 1;
      this.#dropped.duplicateDocumentBytes += text.length;
      return;
    }
    const isHeldOut = this.#rules.heldOutDocuments?.test(name) ?? false;
    this.#matchingDocuments += Number(isHeldOut);
    for (const passage of cutPassages(text, this.#rules.passageBytes)) {
      this.#addPassage(passage, isHeldOut);
    }
  }

  #addPassage(passage: Buffer, isHeldOut: boolean): void {
    const { key, uniform } = hashPassage(passage, this.#rules.seed);
    if (this.#isRepeated(`p${key}`)) {
      this.#dropped.duplicatePassages += 1;
      this.#dropped.duplicatePassageBytes += passage.length;
      return;
    }
    const split = isHeldOut || uniform < this.#rules.heldOutFraction ? "heldOut" : "train";
    this.#writers[split].add(passage);
  }

  #isRepeated(key: string): boolean {
    const before = this.#seen.size;
    this.#seen.add(key);
    return this.#seen.size === before;
  }

  finish(found: SourceFiles): CleanedSource {
    if (this.#rules.heldOutDocuments && this.#matchingDocuments === 0) throw this.#noMatch(found);
    this.#ensureHeldOut();
    for (const writer of Object.values(this.#writers)) writer.flush();
    const pieces = { train: this.#writers.train.pieces, heldOut: this.#writers.heldOut.pieces };
    const cleaning = {
      files: found.files.length,
      documents: this.#documents,
      bytesRead: this.#bytesRead,
      repairs: this.#repairs,
      dropped: { symbolicLinks: found.symbolicLinksSkipped, ...this.#dropped },
      train: totals(pieces.train),
      heldOut: totals(pieces.heldOut),
    };
    if (cleaning.train.passages === 0 || cleaning.heldOut.passages === 0) throw this.#tooLittle(cleaning);
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

  #tooLittle({ bytesRead, train, heldOut }: Cleaning): UserError {
    return new UserError(
      `source "${this.#name}" has ${train.passages} passages to train on and ${heldOut.passages} held out, from ${bytesRead} bytes read`,
      "at least one of each",
      "add text, make passageBytes smaller, or change holdOut",
    );
  }
}

function totals(pieces: readonly Piece[]) {
  return { passages: sum(pieces.map((piece) => piece.passages)), bytes: totalTextBytes(pieces) };
}
