/** @file Documents out of files, as UTF-8: a text file is one; so is each line, value or row of data. */

import { isUtf8 } from "node:buffer";
import { statSync } from "node:fs";
import { pathError, UserError } from "../errors.ts";
import { type DataLine, decodedChunks, decodedLines, textOfHead } from "./data-encoding.ts";
import { decompress, readRaw } from "./decompress.ts";
import { decodeDocument, type WideEncoding, wideDecoder, wideEncodingOf } from "./encoding.ts";
import type { FoundFile } from "./find-files.ts";
import { type FileLayout, formatOf } from "./format.ts";
import { jsonValuesOf, linesOf } from "./json-values.ts";
import type { Tally } from "./notes.ts";
import { parquetRows } from "./parquet.ts";
import { MARK } from "./repair-document.ts";
import type { TextFields } from "./text-fields.ts";

export type RawDocument = {
  readonly name: string;
  /** Null where it is no text, or none that can be told. */
  readonly utf8: Buffer | null;
  /** As it was found. */
  readonly numBytes: number;
};

/** What reading a source needs to know and to count. */
export type Reading = {
  readonly textKey: string;
  readonly fields: TextFields;
  readonly tally: Tally;
};

type Chunks = AsyncIterable<Buffer>;
type Found = { readonly name: string; readonly bytes: Buffer };

/** A longer text file is read as several documents, cut at line ends, so that memory stays bounded. */
const MAXIMUM_DOCUMENT_BYTES = 64 << 20;
const NEWLINE = 10;

/** The documents of one file, in order. */
export async function* readDocuments(file: FoundFile, reading: Reading): AsyncGenerator<RawDocument> {
  try {
    for await (const { name, bytes } of documentsOf(file, reading)) {
      reading.tally.totals.documents += 1;
      const decoded = await decodeDocument(bytes);
      if (decoded.utf8 === null) reading.tally.add("passed over", "documents", decoded.why, name);
      else if (decoded.encoding !== null)
        reading.tally.add("repaired", "documents", `read as ${decoded.encoding}`, name);
      if (decoded.utf8 !== null && decoded.replacedBytes > 0)
        reading.tally.add(
          "repaired",
          "documents",
          isUtf8(bytes) ? "zero bytes replaced" : `bytes that are no ${decoded.encoding ?? "UTF-8"} replaced`,
          name,
          decoded.replacedBytes,
        );
      yield { name, utf8: decoded.utf8, numBytes: bytes.length };
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    const expected = "a readable, whole file";
    const refused = pathError(
      error,
      file.path,
      expected,
      "get the file again, or leave it out of the source",
    );
    throw refused instanceof UserError ? refused : unreadable(file.path, error as Error);
  }
}

function unreadable(path: string, error: Error): UserError {
  const isWindow = /too much memory|ZSTD_error_frameParameter_windowTooLarge/.test(
    `${error.message} ${(error as NodeJS.ErrnoException).code}`,
  );
  return new UserError(
    `${path} cannot be read: ${error.message}`,
    isWindow
      ? "a Zstandard window of at most 2 GiB (--long=31), and the memory for it"
      : "a readable, whole file",
    isWindow
      ? "compress it again without --ultra and --long: zstd -d --memory=4096MB, then zstd"
      : "get the file again, or leave it out of the source",
    { cause: error },
  );
}

async function* documentsOf(file: FoundFile, reading: Reading): AsyncGenerator<Found> {
  const stream = readRaw(file.path);
  const raw = await peek(stream);
  const outer = formatOf(raw.head, file.path, file.name);
  if (outer.layout === "parquet") {
    stream.destroy();
    yield* parquetDocuments(file, reading);
    return;
  }
  const isPacked = outer.layout !== null && outer.compression !== null;
  if (outer.layout !== null && !isPacked && /\.(gz|zst)$/i.test(file.name))
    await refuseDamagedHeader(raw.head);
  const content = isPacked ? await peek(decompress(raw.chunks, outer.compression)) : raw;
  const format = isPacked ? formatOf(content.head, file.path, file.name) : outer;
  if (format.layout !== null && format.layout !== "parquet" && !(isPacked && format.compression !== null)) {
    yield* dataOrText(format.layout, content, file, reading);
    return;
  }
  stream.destroy();
  const what =
    format.layout === null
      ? format.what
      : format.layout === "parquet"
        ? "parquet, compressed once more: unpack it once"
        : "compressed twice: unpack it once";
  reading.tally.add("passed over", "files", `set aside: ${what}`, file.name);
}

/** The documents of a file that is not packed (any more). */
async function* dataOrText(
  named: FileLayout,
  content: Content,
  file: FoundFile,
  reading: Reading,
): AsyncGenerator<Found> {
  const { head, chunks } = await inUtf8(content, file.name, reading.tally);
  const layout = await layoutOf((await textOfHead(head)).trimStart(), named, reading.fields);
  if (layout !== named && named !== "json")
    reading.tally.add("repaired", "files", `read as ${LAYOUTS[layout]}, which it is`, file.name);
  if (layout === "text") yield* textDocuments(chunks, file.name);
  else {
    const hasMark = head.subarray(0, MARK.length).equals(MARK);
    if (hasMark) reading.tally.add("repaired", "files", "byte order mark removed", file.name);
    const json = hasMark ? withoutMark(chunks) : chunks;
    const pieces =
      layout === "lines" ? linesOf(json) : jsonValuesOf(decodedChunks(json, file.name, reading.tally));
    yield* jsonDocuments(decodedLines(pieces), file, reading);
  }
}

const LAYOUTS = {
  text: "text",
  lines: "JSON lines",
  json: "JSON values, of an array or one after the other",
};
/** So many lines that are objects are no accident. */
const SURE_LINES = 3;

/** How the documents lie, by the name and by what is there. */
async function layoutOf(head: string, named: FileLayout, fields: TextFields): Promise<FileLayout> {
  const lines = head.split("\n", 100).filter((line) => line.trim() !== "");
  if (named === "json" && isObjectLine(lines[0])) return "lines";
  if (named === "json") return "json";
  const isByReturns = lines.length < 2 && /\}\r\s*\{/.test(head);
  if (named === "lines") return isByReturns || head.startsWith("[") ? "json" : "lines";
  if (lines.length >= SURE_LINES && lines.slice(0, SURE_LINES).every(isObjectLine)) return "lines";
  if (!/^\s*[[{]/.test(head)) return "text";
  for await (const { bytes } of jsonValuesOf([Buffer.from(head)]))
    return fields.hasText(bytes) ? "json" : "text";
  return "text";
}

/** An object that holds a string. */
function isObjectLine(line = ""): boolean {
  if (!/^\s*\{.*[:[,]\s*"/.test(line)) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

async function* parquetDocuments(file: FoundFile, { textKey, fields }: Reading): AsyncGenerator<Found> {
  let row = 0;
  for await (const { text } of parquetRows(file.path, textKey, statSync(file.path).size)) {
    const name = `${file.name}:${++row}`;
    const bytes = fields.of(text, "rows", name);
    if (bytes) yield { name, bytes };
  }
}

/** A lone value without text is no data: folders of data have such files beside them, which describe it. */
async function* jsonDocuments(
  pieces: AsyncIterable<DataLine>,
  file: FoundFile,
  { fields, tally }: Reading,
): AsyncGenerator<Found> {
  const read = ({ number, json }: DataLine) => fields.ofJson(json, `${file.name}:${number}`);
  let [first, isLone]: [DataLine | null, boolean] = [null, /\.json(\.|$)/i.test(file.name)];
  for await (const piece of pieces) {
    if (piece.json.utf8 !== null && isBlank(piece.json.utf8)) continue;
    if (isLone && first === null && !fields.hasText(piece.json.utf8)) {
      first = piece;
      continue;
    }
    if (first !== null) read(first);
    [first, isLone] = [null, false];
    const bytes = read(piece);
    if (bytes) yield { name: `${file.name}:${piece.number}`, bytes };
  }
  if (first === null) return;
  fields.learnKeys(first.json.utf8);
  tally.add("passed over", "files", "one JSON value without text", file.name);
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 32 || (byte >= 9 && byte <= 13));
}

async function* textDocuments(chunks: Chunks, fileName: string): AsyncGenerator<Found> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let part = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < MAXIMUM_DOCUMENT_BYTES) continue;
    const bytes = Buffer.concat(held);
    const end = bytes.lastIndexOf(NEWLINE) + 1 || characterEnd(bytes);
    part += 1;
    yield { name: `${fileName}#${part}`, bytes: bytes.subarray(0, end) };
    held = [bytes.subarray(end)];
    heldBytes = bytes.length - end;
  }
  yield { name: part === 0 ? fileName : `${fileName}#${part + 1}`, bytes: Buffer.concat(held) };
}

/** Where the last whole UTF-8 character ends, at the latest. */
function characterEnd(bytes: Buffer): number {
  let end = bytes.length;
  while (end > bytes.length - 4 && (bytes[end - 1]! & 0xc0) === 0x80) end--;
  return bytes[end - 1]! >= 0xc0 ? end - 1 : bytes.length;
}

/** Enough for the first lines of nearly all data. */
const HEAD_BYTES = 1 << 20;

/** A stream, and how it begins. */
type Content = { readonly head: Buffer; readonly chunks: Chunks };

async function peek(stream: Chunks): Promise<Content> {
  const source = stream[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  for (let numBytes = 0; numBytes < HEAD_BYTES; ) {
    const next = await source.next();
    if (next.done) break;
    first.push(next.value);
    numBytes += next.value.length;
  }
  const head = Buffer.concat(first);
  return { head, chunks: chain(head, { [Symbol.asyncIterator]: () => source }) };
}

async function* chain(head: Buffer, rest: Chunks): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}

/** Content in UTF-16 or UTF-32 is converted. */
async function inUtf8({ head, chunks }: Content, name: string, tally: Tally): Promise<Content> {
  const wide = await wideEncodingOf(head);
  if (!wide) return { head, chunks };
  tally.add("repaired", "files", `read as ${wide}`, name);
  return await peek(converted(chunks, wide));
}

async function* converted(chunks: Chunks, encoding: WideEncoding): AsyncGenerator<Buffer> {
  const decode = wideDecoder(encoding);
  for await (const chunk of chunks) yield Buffer.from(decode(chunk, true));
  yield Buffer.from(decode(Buffer.alloc(0), false));
}

/** JSON has no mark at its start; that of a text is removed as the document is cleaned. */
async function* withoutMark(chunks: Chunks): AsyncGenerator<Buffer> {
  let toSkip = MARK.length;
  for await (const chunk of chunks) {
    yield chunk.subarray(toSkip);
    toSkip = 0;
  }
}

/** What its name alone calls compressed may be text; anything else has been compressed and damaged. */
async function refuseDamagedHeader(head: Buffer): Promise<void> {
  if (head.length === 0) throw new Error("it is empty, and its name says that it is compressed");
  const { utf8 } = await decodeDocument(head.subarray(0, 4096));
  if (utf8 === null) throw new Error("its name says that it is compressed, and its first bytes do not");
}
