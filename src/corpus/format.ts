/** @file What a file is, by its first bytes and its name: compressed or not; text, JSON, parquet, or none. */

import { closeSync, openSync, readSync } from "node:fs";
import { UserError } from "../errors.ts";

export type Compression = "gzip" | "zstd" | null;

/** How a file's documents lie in it; `unnamed` is text or JSON lines, as its first line says. */
export type Format =
  | { readonly layout: "text" | "lines" | "json" | "unnamed"; readonly compression: Compression }
  | { readonly layout: "parquet" };

/** Beginnings of files that hold no text, or none that is read here. */
const NO_TEXT: readonly (readonly [string, string])[] = [
  ["%PDF-", "PDF"],
  ["PK\x03\x04", "a ZIP archive (docx, xlsx, epub ...)"],
  ["{\\rtf", "RTF"],
  ["\xd0\xcf\x11\xe0", "an old Office file"],
  ["7z\xbc\xaf\x27\x1c", "a 7z archive"],
  ["ARROW1", "Arrow"],
];

/** Compressions that longrun does not undo, and what does. */
const REFUSED: readonly (readonly [string, string, string])[] = [
  ["BZh", "bzip2", "bunzip2"],
  ["\xfd7zXZ\0", "xz", "unxz"],
  ["\x04\x22\x4d\x18", "lz4", "unlz4"],
];
const BZIP2_BLOCKS = ["1AY&SY", "\x17rE8P\x90"];

const GZIP = "\x1f\x8b";
const ZSTD = "\x28\xb5\x2f\xfd";
/** After one byte of 0x50 to 0x5f. */
const ZSTD_SKIPPABLE = "\x2a\x4d\x18";

const LFS = "version https://git-lfs.github.com/spec/";
const HEAD_BYTES = 4096;

/** Throws a UserError for what holds text that cannot be reached; gives words for what holds none. */
export function formatOf(
  start: Buffer,
  path: string,
  name: string,
): Format | { readonly layout: null; readonly what: string } {
  const head = start.toString("latin1", 0, HEAD_BYTES);
  const refused = REFUSED.find(([magic]) => head.startsWith(magic));
  // "BZh" alone could begin a word.
  if (refused && (refused[0] !== "BZh" || BZIP2_BLOCKS.includes(head.slice(4, 10)))) {
    const [, what, tool] = refused;
    throw new UserError(
      `${path} is compressed by ${what}`,
      "text as it is, or compressed by gzip or Zstandard",
      `${tool} ${name}, or leave it out of the source`,
    );
  }
  if (head.startsWith(LFS)) {
    throw new UserError(
      `${path} is a pointer of Git LFS: the file itself has not been downloaded`,
      "the text",
      "git lfs pull in its repository",
    );
  }
  if (head.startsWith("PAR1")) return { layout: "parquet" };
  const noText = NO_TEXT.find(([magic]) => head.startsWith(magic));
  if (noText) return { layout: null, what: noText[1] };
  const bare = name.replace(/\.(gz|zst)$/i, "");
  const compression = compressionOf(head);
  return { layout: layoutOf(bare), compression };
}

function compressionOf(head: string): Compression {
  if (head.startsWith(GZIP)) return "gzip";
  return head.startsWith(ZSTD) || head.slice(1, 4) === ZSTD_SKIPPABLE ? "zstd" : null;
}

function layoutOf(name: string): "text" | "lines" | "json" | "unnamed" {
  if (/\.(jsonl|ndjson)$/i.test(name)) return "lines";
  if (/\.json$/i.test(name)) return "json";
  return /\.\w+$/.test(name) ? "text" : "unnamed";
}

/** Whether a JSON file begins as lines or an array of values do, and not as one that is spread over lines. */
export function holdsData(path: string): boolean {
  return /^\s*(\[|\{[ \t]*")/.test(headOf(path).toString("utf8"));
}

function headOf(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}
