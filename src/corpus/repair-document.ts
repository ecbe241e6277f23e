/** @file Repairs one document in UTF-8: mark, line ends, Project Gutenberg's frame. Rules: docs/corpus.md. */

import type { Tally } from "./notes.ts";

/** Counts a repair of the document that is being cleaned. */
type Count = (what: string, bytes?: number) => void;

/** The byte order mark, as UTF-8 has it. */
export const MARK = Buffer.from("\ufeff");

/** Text without byte order mark, carriage returns and outer white space. */
export function repairDocument(utf8: Buffer, name: string, tally: Tally): Buffer {
  const count: Count = (what, bytes = 0) => tally.add("repaired", "documents", what, name, bytes);
  const hasMark = utf8.subarray(0, MARK.length).equals(MARK);
  if (hasMark) count("byte order mark removed");
  return trim(stripGutenberg(normaliseLineEnds(hasMark ? utf8.subarray(MARK.length) : utf8, count), count));
}

const CARRIAGE_RETURN = 13;
const NEWLINE = 10;

/** CR LF and lone CR become LF. */
function normaliseLineEnds(bytes: Buffer, count: Count): Buffer {
  if (!bytes.includes(CARRIAGE_RETURN)) return bytes;
  const out = Buffer.allocUnsafe(bytes.length);
  let [length, returns] = [0, 0];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte !== CARRIAGE_RETURN) {
      out[length++] = byte;
      continue;
    }
    returns += 1;
    if (bytes[i + 1] !== NEWLINE) out[length++] = NEWLINE;
  }
  count("carriage returns made line ends", returns);
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
function stripGutenberg(bytes: Buffer, count: Count): Buffer {
  let body = bytes;
  const tailStart = Math.max(0, body.length - MARKER_SEARCH_BYTES);
  const footer = FOOTER.exec(body.toString("latin1", tailStart, body.length));
  if (footer) {
    count("Project Gutenberg's footer cut", body.length - tailStart - footer.index);
    body = body.subarray(0, tailStart + footer.index);
  }
  const header = HEADER.exec(body.toString("latin1", 0, Math.min(body.length, MARKER_SEARCH_BYTES)));
  if (header) {
    count("Project Gutenberg's header cut", header.index + header[0].length);
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
