/** @file Documents out of files: a text file is one, a jsonl file has one per line, all unchanged. */

import { UserError } from "../errors.ts";
import { readChunks } from "./decompress.ts";
import type { SourceFile } from "./sources.ts";

export type RawDocument = {
  readonly name: string;
  readonly bytes: Buffer;
};

/** A longer text file is read as several documents, cut at line ends, so that memory stays bounded. */
const MAXIMUM_DOCUMENT_BYTES = 64 << 20;
const NEWLINE = 10;

/** The documents of one file, in order. */
export async function* readDocuments(file: SourceFile, textKey: string): AsyncGenerator<RawDocument> {
  try {
    if (/\.(jsonl|ndjson)(\.gz|\.zst)?$/i.test(file.name)) yield* readJsonLines(file, textKey);
    else yield* readText(file);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${file.path} cannot be read: ${(error as Error).message}`,
      "a readable, whole file",
      "get the file again, or leave it out of the source",
      { cause: error },
    );
  }
}

async function* readText(file: SourceFile): AsyncGenerator<RawDocument> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let part = 0;
  for await (const chunk of readChunks(file.path)) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < MAXIMUM_DOCUMENT_BYTES) continue;
    const bytes = Buffer.concat(held);
    const end = bytes.lastIndexOf(NEWLINE) + 1 || bytes.length;
    part += 1;
    yield { name: `${file.name}#${part}`, bytes: bytes.subarray(0, end) };
    held = [bytes.subarray(end)];
    heldBytes = bytes.length - end;
  }
  yield { name: part === 0 ? file.name : `${file.name}#${part + 1}`, bytes: Buffer.concat(held) };
}

async function* readJsonLines(file: SourceFile, textKey: string): AsyncGenerator<RawDocument> {
  let held: Buffer[] = [];
  let line = 0;
  for await (const chunk of readChunks(file.path)) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      line += 1;
      held.push(chunk.subarray(start, end));
      yield* parseLine(Buffer.concat(held), file, line, textKey);
      held = [];
      start = end + 1;
    }
    held.push(chunk.subarray(start));
  }
  yield* parseLine(Buffer.concat(held), file, line + 1, textKey);
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

function* parseLine(bytes: Buffer, file: SourceFile, line: number, textKey: string): Generator<RawDocument> {
  const place = `line ${line} of ${file.path}`;
  let value: unknown;
  try {
    const json = strictUtf8.decode(bytes);
    if (json.trim() === "") return;
    value = JSON.parse(json);
  } catch (error) {
    throw new UserError(
      `${place} is not JSON in UTF-8: ${(error as Error).message}`,
      "one JSON object a line",
      "mend or remove that line",
      { cause: error },
    );
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const text = isObject ? (value as Record<string, unknown>)[textKey] : undefined;
  if (typeof text !== "string") {
    const found = isObject ? `the keys ${Object.keys(value as object).join(", ") || "(none)"}` : "no object";
    throw new UserError(
      `${place} has no text under the key "${textKey}": ${found}`,
      `an object with a string under "${textKey}"`,
      "set textKey of the source to the key that holds the text",
    );
  }
  yield { name: `${file.name}:${line}`, bytes: Buffer.from(text) };
}
