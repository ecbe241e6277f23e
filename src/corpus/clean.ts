/** @file Repairs one document: encoding, line ends, Project Gutenberg's frame. Rules: docs/corpus.md. */

import { isUtf8 } from "node:buffer";
import type { Cleaning } from "./manifest.ts";

type Repairs = Cleaning["repairs"];

export function noRepairs(): Repairs {
  return {
    windows1252Documents: 0,
    utf16Documents: 0,
    byteOrderMarks: 0,
    carriageReturns: 0,
    gutenbergHeaders: 0,
    gutenbergFooters: 0,
  };
}

/** Clean UTF-8 without carriage returns and outer white space; null where it is no text. Counts `repairs`. */
export function cleanDocument(bytes: Buffer, repairs: Repairs): Buffer | null {
  const utf8 = toUtf8(bytes, repairs);
  if (utf8.includes(0)) return null;
  return trim(stripGutenberg(normaliseLineEnds(utf8, repairs), repairs));
}

function toUtf8(bytes: Buffer, repairs: Repairs): Buffer {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    repairs.byteOrderMarks += 1;
    return toUtf8(bytes.subarray(3), repairs);
  }
  const isLittleEndian = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isBigEndian = bytes[0] === 0xfe && bytes[1] === 0xff;
  if (isLittleEndian || isBigEndian) {
    repairs.utf16Documents += 1;
    repairs.byteOrderMarks += 1;
    return Buffer.from(new TextDecoder(isLittleEndian ? "utf-16le" : "utf-16be").decode(bytes));
  }
  if (isUtf8(bytes)) return bytes;
  // Windows-1252 contains all printable Latin-1, and gives every byte a meaning: this never fails.
  repairs.windows1252Documents += 1;
  return Buffer.from(new TextDecoder("windows-1252").decode(bytes));
}

const CARRIAGE_RETURN = 13;
const NEWLINE = 10;

/** CR LF and lone CR become LF. */
function normaliseLineEnds(bytes: Buffer, repairs: Repairs): Buffer {
  if (!bytes.includes(CARRIAGE_RETURN)) return bytes;
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte !== CARRIAGE_RETURN) {
      out[length++] = byte;
      continue;
    }
    repairs.carriageReturns += 1;
    if (bytes[i + 1] !== NEWLINE) out[length++] = NEWLINE;
  }
  return out.subarray(0, length);
}

/** Long enough for the licence (19 kB) and the small print; short enough to search in every document. */
const MARKER_SEARCH_BYTES = 65_536;
const FOOTER = /^(?:\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG|End of (?:the |this )?Project Gutenberg)/im;
const HEADER =
  /^(?:\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG|\*END[* ]*THE SMALL PRINT! FOR PUBLIC DOMAIN)[^\n]*\n/im;

/**
 * Footer first: in old books the small print, whose end marks a header, stands at the end. Latin-1 gives one
 * character per byte, so that places in the string are places in the bytes.
 */
function stripGutenberg(bytes: Buffer, repairs: Repairs): Buffer {
  let body = bytes;
  const tailStart = Math.max(0, body.length - MARKER_SEARCH_BYTES);
  const footer = FOOTER.exec(body.toString("latin1", tailStart, body.length));
  if (footer) {
    repairs.gutenbergFooters += 1;
    body = body.subarray(0, tailStart + footer.index);
  }
  const header = HEADER.exec(body.toString("latin1", 0, Math.min(body.length, MARKER_SEARCH_BYTES)));
  if (header) {
    repairs.gutenbergHeaders += 1;
    body = body.subarray(header.index + header[0].length);
  }
  return body;
}

function trim(bytes: Buffer): Buffer {
  let start = 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start]!)) start++;
  while (end > start && isSpace(bytes[end - 1]!)) end--;
  return bytes.subarray(start, end);
}

/** ASCII white space: enough where only line ends and blanks are at stake. */
export function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
