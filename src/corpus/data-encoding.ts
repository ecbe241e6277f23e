/** @file The encoding of a file of data: told once, by what is beyond ASCII, and held against each line. */

import { isAscii, isUtf8 } from "node:buffer";
import {
  countSequences,
  type Decoded,
  decodeAs,
  decodeDocument,
  decodeLineAs,
  isFew,
  isUtf8InPart,
  replaceBadBytes,
} from "./encoding.ts";
import type { Numbered } from "./json-values.ts";
import type { Tally } from "./notes.ts";

/** What a file is in: UTF-8 with what damage there may be, another encoding, or none that can be told. */
type Told =
  | { readonly kind: "UTF-8" }
  | { readonly kind: "another"; readonly decoder: TextDecoder }
  | { readonly kind: "uncertain"; readonly why: string };

/** A line or value of a file, with its number from 1. */
export type DataLine = { readonly number: number; readonly json: Decoded };

/** Of lines beyond ASCII: the detector reads half as much. */
const SAMPLE_BYTES = 256 << 10;
/** Where such lines are rare, no more than this is held back for their sake. */
const MOST_HELD_BYTES = 16 << 20;
/** So many sequences of UTF-8 one after the other are no accident: .3 of them are, of text in EUC-JP. */
const SURE_SEQUENCES = 8;

const UTF_8: Told = { kind: "UTF-8" };
const asIs = (utf8: Buffer): Decoded => ({ utf8, encoding: null, replacedBytes: 0 });

/** The lines or values of a file in UTF-8, as far as it can be told what they are in. */
export async function* decodedLines(lines: AsyncIterable<Numbered>): AsyncGenerator<DataLine> {
  for await (const { piece, told } of withEncoding(lines, ({ bytes }) => bytes)) {
    const { number, bytes } = piece;
    const json = bytes === null ? { utf8: null, why: "longer than 256 MiB" } : await decodeLine(bytes, told);
    yield { number, json };
  }
}

async function decodeLine(bytes: Buffer, told: Told): Promise<Decoded> {
  if (isPlain(bytes) || (told.kind === "UTF-8" && isUtf8(bytes))) return asIs(bytes);
  const { good, bad } = countSequences(bytes);
  if (told.kind === "UTF-8") return isFew(bad, bytes) ? replaceBadBytes(bytes) : await decodeDocument(bytes);
  if (bad === 0 && good >= SURE_SEQUENCES) return asIs(bytes);
  if (told.kind === "uncertain") return { utf8: null, why: told.why };
  return decodeLineAs(bytes, told.decoder);
}

/**
 * A file whose values go over lines, in UTF-8: in other encodings a quotation mark or a backslash may be half
 * a character, so it is decoded before it is taken apart.
 */
export async function* decodedChunks(
  chunks: AsyncIterable<Buffer>,
  name: string,
  tally: Tally,
): AsyncGenerator<Buffer> {
  let decoder: TextDecoder | null = null;
  let replacedBytes = 0;
  const decoded = (bytes: Buffer, by: TextDecoder, stream: boolean) => {
    const { text, replaced } = decodeAs(bytes, by, stream);
    replacedBytes += replaced;
    return Buffer.from(text);
  };
  for await (const { piece, told } of withEncoding(chunks, (chunk) => chunk)) {
    if (told.kind === "another") decoder = told.decoder;
    yield decoder === null ? piece : decoded(piece, decoder, true);
  }
  if (decoder === null) return;
  yield decoded(Buffer.alloc(0), decoder, false);
  tally.add("repaired", "files", `read as ${decoder.encoding}`, name);
  if (replacedBytes > 0)
    tally.add("repaired", "files", `bytes that are no ${decoder.encoding} replaced`, name, replacedBytes);
}

/** How a file begins, as text. */
export async function textOfHead(head: Buffer): Promise<string> {
  const text = head.toString("utf8");
  // What can be no data is decoded as the documents that it is.
  if (isPlain(head) || !/^\s*[[{]/.test(text)) return text;
  const told = await encodingOf(head);
  return told.kind === "another" ? decodeAs(head, told.decoder).text : text;
}

/** Each piece with what the file is in; ASCII before the first that says so is UTF-8 too. */
async function* withEncoding<T>(
  pieces: AsyncIterable<T>,
  bytesOf: (piece: T) => Buffer | null,
): AsyncGenerator<{ readonly piece: T; readonly told: Told }> {
  let told: Told | null = null;
  let [held, sample]: [T[], Buffer[]] = [[], []];
  let [heldBytes, sampleBytes] = [0, 0];
  for await (const piece of pieces) {
    const bytes = bytesOf(piece);
    const isTelling = told === null && bytes !== null && !isPlain(bytes);
    if (told !== null || (held.length === 0 && !isTelling)) {
      yield { piece, told: told ?? UTF_8 };
      continue;
    }
    held.push(piece);
    heldBytes += bytes?.length ?? 0;
    if (isTelling) {
      sample.push(bytes!);
      sampleBytes += bytes!.length;
    }
    if (sampleBytes < SAMPLE_BYTES && heldBytes < MOST_HELD_BYTES) continue;
    told = await encodingOf(Buffer.concat(sample));
    for (const each of held) yield { piece: each, told };
    [held, sample] = [[], []];
  }
  if (held.length === 0) return;
  told = await encodingOf(Buffer.concat(sample));
  for (const piece of held) yield { piece, told };
}

/** ASCII, and not ISO-2022-JP or its kin, which write everything in seven bits. */
const isPlain = (bytes: Buffer) => isAscii(bytes) && !bytes.includes("\x1b$", 0, "latin1");

async function encodingOf(sample: Buffer): Promise<Told> {
  if (isUtf8InPart(sample)) return UTF_8;
  const decoded = await decodeDocument(stringsOf(sample));
  if (decoded.utf8 === null) return { kind: "uncertain", why: decoded.why };
  return decoded.encoding === null ? UTF_8 : { kind: "another", decoder: new TextDecoder(decoded.encoding) };
}

/** The strings beyond ASCII: keys, names and addresses around them halve the detector's confidence. */
function stringsOf(json: Buffer): Buffer {
  const strings = json.toString("latin1").match(/"(?:[^"\\]|\\.)*"/gs) ?? [];
  const foreign = Buffer.from(
    strings.filter((string) => !isPlain(Buffer.from(string, "latin1"))).join("\n"),
    "latin1",
  );
  // What begins inside a string is taken apart the wrong way round.
  return 2 * numBeyondAscii(foreign) < numBeyondAscii(json) ? json : foreign;
}

const numBeyondAscii = (bytes: Buffer) => bytes.reduce((sum, byte) => sum + (byte >> 7), 0);
