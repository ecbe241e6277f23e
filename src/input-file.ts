/** @file What comes from outside, as text and JSON: read and checked, or refused with what to do. */

import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { z } from "zod";
import { pathError, UserError } from "./errors.ts";

/** A table of 16 MB has some 500,000 rows; read, it takes up to fifty times that. */
const MOST_BYTES = 16e6;
/** Written by hand or by a trainer, nothing is nested deeper; what reads it on is often recursive. */
const MOST_LEVELS = 256;

/**
 * The text of a file, without its byte order mark: UTF-8, or UTF-16 where a mark says so, as in Excel's
 * "Unicode text". Throws a `UserError` where there is none.
 */
export function readText(
  path: string,
  expected: string,
  remedy = "check the path",
  mostBytes = MOST_BYTES,
): string {
  try {
    return decoded(readAtMost(path, mostBytes, expected), path, expected);
  } catch (cause) {
    throw pathError(cause, path, expected, remedy);
  }
}

function decoded(bytes: Buffer, path: string, expected: string): string {
  const mark = bytes.subarray(0, 2).toString("hex");
  const encoding = mark === "fffe" ? "utf-16le" : mark === "feff" ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UserError(
      encoding === "utf-8"
        ? `${path} has bytes that are no UTF-8`
        : `${path} begins as UTF-16 and goes on otherwise`,
      expected,
      "save it again, as UTF-8",
      { cause },
    );
  }
}

/**
 * By what comes, not by what the size says: a pipe has none, and /dev/zero no end. Opened so that it does not
 * wait for someone who may write to a named pipe: nobody may ever.
 */
function readAtMost(path: string, mostBytes: number, expected: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const parts: Buffer[] = [];
    for (let total = 0; total <= mostBytes; ) {
      const part = Buffer.allocUnsafe(1 << 16);
      const numRead = readWhenThere(file, part);
      if (numRead === 0 && total === 0 && fstatSync(file).isFIFO())
        throw new UserError(`${path} is a pipe, and nobody writes to it`, expected, "put the file there");
      if (numRead === 0) return Buffer.concat(parts);
      parts.push(part.subarray(0, numRead));
      total += numRead;
    }
  } finally {
    closeSync(file);
  }
  const most = `${mostBytes / 1e6} MB`;
  throw new UserError(`${path} has more than ${most}`, `${expected}, of ${most} at most`, "make it smaller");
}

const WAIT_MS = 10;

/** Waits for a pipe's writer, as long as there is one. */
function readWhenThere(file: number, part: Buffer): number {
  for (const clock = new Int32Array(new SharedArrayBuffer(4)); ; Atomics.wait(clock, 0, 0, WAIT_MS)) {
    try {
      return readSync(file, part);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}

/** Whether something is there. What may not be looked at is not called missing: that throws a `UserError`. */
export function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return false;
    throw pathError(cause, path, "a path that can be read", "check the path");
  }
}

/** Whether the path is a folder's; not where it is nothing at all. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What a text holds as JSON. Throws a `UserError` where it is none; `source` is what the text is called. */
export function parseJson(text: string, source: string, expected: string, remedy: string): unknown {
  if (isTooDeep(text, MOST_LEVELS))
    throw new UserError(
      `${source} is nested more than ${MOST_LEVELS} levels deep`,
      `${expected}, of ${MOST_LEVELS} levels at most`,
      remedy,
    );
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new UserError(`${source} is not JSON: ${(cause as Error).message}`, expected, remedy, { cause });
  }
}

/** The same where there is a schema for it. */
export function parseJsonAs<T>(
  schema: z.ZodType<T>,
  text: string,
  source: string,
  expected: string,
  remedy: string,
): T {
  const parsed = schema.safeParse(parseJson(text, source, expected, remedy));
  if (parsed.success) return parsed.data;
  throw new UserError(`${source}: ${z.prettifyError(parsed.error)}`, expected, remedy, {
    cause: parsed.error,
  });
}

/** What a text holds as JSON; undefined where it is none, which a schema then refuses. */
export function jsonIn(text: string, mostLevels = MOST_LEVELS): unknown {
  try {
    return isTooDeep(text, mostLevels) ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function isTooDeep(text: string, mostLevels: number): boolean {
  let [levels, isInString] = [0, false];
  for (let at = 0; at < text.length && levels <= mostLevels; at++) {
    const char = text[at];
    if (char === '"') isInString = !isInString;
    else if (isInString) at += char === "\\" ? 1 : 0;
    else if (char === "[" || char === "{") levels += 1;
    else if (char === "]" || char === "}") levels -= 1;
  }
  return levels > mostLevels;
}
