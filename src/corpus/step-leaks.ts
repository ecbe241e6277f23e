/** @file Second step of prepare: held-out text is looked for in the training text, at any offset. */

import { join } from "node:path";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { sum } from "../math/statistics.ts";
import { writeFileAtomic } from "../record/files.ts";
import { formatPercent } from "../units/print.ts";
import { type CleanedSource, LEAKED_BY_PATTERN } from "./clean-source.ts";
import { type Note, noteSchema } from "./notes.ts";
import { collapseSpace } from "./passages.ts";
import { PieceReader } from "./pieces.ts";
import { placesOf } from "./places.ts";
import { type Parts, readPart } from "./selection.ts";
import type { CorpusSpec } from "./spec.ts";
import type { FoundSource } from "./step-clean.ts";
import { type Breath, keyOf, readStep, stepsFolder, textFolder, totalTextBytes } from "./steps.ts";

/** By so many bytes from its middle is a passage recognised, before it is compared; shorter ones are not. */
const ANCHOR_BYTES = 64;
const FIRST_CHARACTERS = 60;
/** Passages that are told by their beginnings. */
const MOST_NAMED = 3;
/** A passage that occurs more often is no copy: the text itself repeats without end, as made-up text does. */
const MOST_COPIES = 8;
const COPIED = "held out, but also word for word in the training text";
const REPEATED = `held out, but more than ${MOST_COPIES} times in the training text`;

const leaksStepSchema = z.strictObject({ key: z.string(), notes: z.array(z.array(noteSchema)) });

/**
 * The sources with a note on their held-out passages that stand word for word, up to white space, in the
 * training text of any. Equal passages are dropped while cleaning; these begin elsewhere. Throws a UserError
 * where they are too many.
 */
export async function checkLeaks(
  { holdOut: { mayRepeat }, seed }: CorpusSpec,
  sources: readonly FoundSource[],
  cleaned: readonly CleanedSource[],
  parts: Parts,
  folder: string,
  breath: Breath,
): Promise<readonly CleanedSource[]> {
  const texts = cleaned.map(({ pieces }) => [...pieces.train, ...pieces.heldOut].map(({ sha256 }) => sha256));
  const key = keyOf({ leaks: texts, parts });
  const path = join(stepsFolder(folder), "leaks.json");
  const step = readStep(path, leaksStepSchema);
  const kept = step?.key === key && shareLeaked(cleaned, step.notes) <= mayRepeat ? step.notes : undefined;
  // A refusal names the documents, and for that it needs the passages themselves.
  const names = sources.map(({ spec }) => spec.name);
  const { notes, copied } =
    kept === undefined
      ? await findLeaks(cleaned, names, parts, seed, textFolder(folder), breath)
      : { notes: kept, copied: [] };
  if (shareLeaked(cleaned, notes) > mayRepeat) {
    const places = await placesOf(
      copied.map(({ text }) => text),
      sources,
      breath,
    );
    throw tooManyLeaks(
      cleaned,
      names,
      notes,
      copied.map(({ text }, i) => inPlaces(text, places[i]!)),
      mayRepeat,
    );
  }
  writeFileAtomic(path, JSON.stringify({ key, notes }));
  return cleaned.map((source, index) => {
    const { cleaning } = source;
    return { ...source, cleaning: { ...cleaning, notes: [...cleaning.notes, ...notes[index]!] } };
  });
}

async function findLeaks(
  cleaned: readonly CleanedSource[],
  names: readonly string[],
  parts: Parts,
  seed: number,
  folder: string,
  breath: Breath,
) {
  const reader = new PieceReader(folder);
  const sought = new SoughtPassages();
  for (const [source, { pieces }] of cleaned.entries())
    for (const piece of pieces.heldOut)
      for (const passage of readPart(reader, piece, parts[source]!.heldOut, seed))
        sought.add(passage, source);
  const train = cleaned.flatMap(({ pieces }, source) => pieces.train.map((piece) => ({ piece, source })));
  const totalBytes = totalTextBytes(train.map(({ piece }) => piece));
  let doneBytes = 0;
  for (const { piece, source } of train) {
    sought.lookIn(reader.collapsed(piece), source);
    doneBytes += piece.textBytes;
    await breath({ step: "look for held-out text", doneBytes, totalBytes });
  }
  const notes = cleaned.map(({ cleaning }, source) => {
    const { passages } = cleaning.heldOut;
    return [
      ...notesOf(COPIED, sought.foundOf(source, 1, MOST_COPIES), passages, names),
      ...notesOf(
        REPEATED,
        sought.foundOf(source, MOST_COPIES + 1, Number.POSITIVE_INFINITY),
        passages,
        names,
      ),
    ];
  });
  const copied = cleaned.flatMap((_, source) => sought.foundOf(source, 1, MOST_COPIES));
  return { notes, copied: copied.slice(0, MOST_NAMED) };
}

function notesOf(what: string, found: readonly Sought[], of: number, names: readonly string[]): Note[] {
  if (found.length === 0) return [];
  const first = found
    .slice(0, MOST_NAMED)
    .map(({ text, foundIn }) => `"${beginning(text)}" in ${names[foundIn!]}`);
  const bytes = sum(found.map(({ text }) => text.length));
  return [{ kind: "passed over", what, unit: "passages", items: found.length, of, bytes, first }];
}

const beginning = (passage: Buffer) => [...passage.toString("utf8")].slice(0, FIRST_CHARACTERS).join("");

const inPlaces = (passage: Buffer, places: readonly string[]) =>
  `"${beginning(passage)}" in ${places.join(" and ")}`;

type Notes = readonly (readonly Note[])[];

/** Of each source's notes those that speak of text on both sides. */
function leaksIn(cleaned: readonly CleanedSource[], notes: Notes): Notes {
  return cleaned.map(({ cleaning }, index) => [
    ...cleaning.notes.filter(({ what }) => what === LEAKED_BY_PATTERN),
    ...notes[index]!.filter(({ what }) => what === COPIED),
  ]);
}

/** Of the held-out bytes. What the pattern names and an earlier text has is on the training side alone. */
function shareLeaked(cleaned: readonly CleanedSource[], notes: Notes): number {
  const all = leaksIn(cleaned, notes).flat();
  const onOneSide = all.filter(({ what }) => what === LEAKED_BY_PATTERN);
  const heldOut = cleaned.map(({ cleaning }) => cleaning.heldOut);
  const heldOutBytes = sum([...heldOut, ...onOneSide].map(({ bytes }) => bytes));
  return heldOutBytes === 0 ? 0 : sum(all.map(({ bytes }) => bytes)) / heldOutBytes;
}

function tooManyLeaks(
  cleaned: readonly CleanedSource[],
  names: readonly string[],
  notes: Notes,
  first: readonly string[],
  mayRepeat: number,
): UserError {
  const leaks = leaksIn(cleaned, notes);
  const all = leaks.flat();
  const byPattern = all.filter(({ what }) => what === LEAKED_BY_PATTERN);
  const passages = sum(all.map(({ items }) => items));
  const total =
    sum(cleaned.map(({ cleaning }) => cleaning.heldOut.passages)) + sum(byPattern.map(({ items }) => items));
  const where = names.filter((_, index) => leaks[index]!.length > 0);
  const named = [...byPattern.flatMap((note) => note.first), ...first].slice(0, MOST_NAMED);
  return new UserError(
    `${passages} of ${total} held-out passages stand word for word in the training text too (of ${where.join(", ")}; first ${named.join(", ")})`,
    `at most ${formatPercent(100 * mayRepeat)} of the held-out bytes (holdOut.mayRepeat): a loss on text that was trained on says nothing`,
    `take the second copy of these texts out of the sources, or set holdOut.mayRepeat to ${Math.ceil(100 * shareLeaked(cleaned, notes)) / 100} to go on all the same`,
  );
}

const BASE = 0x01000193;
/** BASE to the power of ANCHOR_BYTES, modulo 2^32. */
const LAST_FACTOR = Array.from({ length: ANCHOR_BYTES }).reduce<number>((power) => Math.imul(power, BASE), 1);
/** 256 kB, which stay in the cache. */
const FILTER_BYTES = 1 << 18;

type Sought = {
  readonly text: Buffer;
  readonly source: number;
  numFound: number;
  /** The source in whose training text the first copy stands. */
  foundIn: number | undefined;
};

/** Held-out passages, found by a rolling hash (Rabin and Karp) of the middle of each. */
class SoughtPassages {
  readonly #passages: Sought[] = [];
  readonly #byHash = new Map<number, number[]>();
  /** A bit for the upper 21 of each hash: nearly all places of a text are done with after one look. */
  readonly #filter = new Uint8Array(FILTER_BYTES);

  add(passage: Buffer, source: number): void {
    const text = collapseSpace(passage);
    if (text.length < ANCHOR_BYTES) return;
    let hash = 0;
    for (const byte of text.subarray(middleOf(text), middleOf(text) + ANCHOR_BYTES))
      hash = (Math.imul(hash, BASE) + byte) | 0;
    this.#filter[hash >>> 14]! |= 1 << ((hash >>> 11) & 7);
    const same = this.#byHash.get(hash);
    if (same) same.push(this.#passages.length);
    else this.#byHash.set(hash, [this.#passages.length]);
    this.#passages.push({ text, source, numFound: 0, foundIn: undefined });
  }

  lookIn(text: Buffer, source: number): void {
    const filter = this.#filter;
    let hash = 0;
    for (let end = 0; end < text.length; end++) {
      hash = (Math.imul(hash, BASE) + text[end]!) | 0;
      if (end >= ANCHOR_BYTES) hash = (hash - Math.imul(text[end - ANCHOR_BYTES]!, LAST_FACTOR)) | 0;
      if ((filter[hash >>> 14]! & (1 << ((hash >>> 11) & 7))) === 0) continue;
      for (const index of this.#byHash.get(hash) ?? [])
        this.#compare(index, text, end + 1 - ANCHOR_BYTES, source);
    }
  }

  #compare(index: number, text: Buffer, anchor: number, source: number): void {
    const passage = this.#passages[index]!;
    const start = anchor - middleOf(passage.text);
    if (passage.numFound > MOST_COPIES || start < 0) return;
    if (!text.subarray(start, start + passage.text.length).equals(passage.text)) return;
    passage.numFound += 1;
    passage.foundIn ??= source;
  }

  foundOf(source: number, least: number, most: number): readonly Sought[] {
    return this.#passages.filter(
      ({ numFound, source: own }) => own === source && numFound >= least && numFound <= most,
    );
  }
}

const middleOf = (text: Buffer) => (text.length - ANCHOR_BYTES) >> 1;
