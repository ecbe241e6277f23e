/** @file What a file is, by its first bytes and its name: compressed or not; text, JSON, parquet, or none. */

import { closeSync, openSync, readSync } from "node:fs";
import { UserError } from "../errors.ts";

export type Compression = "gzip" | "zstd" | null;

/** How a file's documents lie in it. */
export type FileLayout = "text" | "lines" | "json";

/** What a file is, as far as its first bytes and its name say. */
export type Format =
  | { readonly layout: FileLayout; readonly compression: Compression }
  | { readonly layout: "parquet" };

/** Beginnings of files that hold no text, or none that is read here, with what gets the text out. */
const NO_TEXT: readonly (readonly [string, string])[] = [
  ["%PDF-", "PDF"],
  ["PK\x03\x04", "a ZIP archive (docx, xlsx, epub ...): unzip it"],
  ["{\\rtf", "RTF"],
  ["\xd0\xcf\x11\xe0", "an old Office file"],
  ["7z\xbc\xaf\x27\x1c", "a 7z archive: 7z x gives its files"],
  ["Rar!\x1a\x07", "a RAR archive: unrar x gives its files"],
  ["07070100", "a cpio archive: cpio -i gives its files"],
  ["!<arch>\n", "an ar archive: ar x gives its files"],
  ["ARROW1", "Arrow"],
];
const TAR = "a tar archive: tar x gives its files";

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
  const noText = isTar(start) ? TAR : NO_TEXT.find(([magic]) => head.startsWith(magic))?.[1];
  if (noText !== undefined) return { layout: null, what: noText };
  const bare = name.replace(/\.(gz|zst)$/i, "");
  const compression = compressionOf(head);
  return { layout: layoutByName(bare), compression };
}

const TAR_BLOCK_BYTES = 512;
const [TAR_SUM_START, TAR_SUM_END] = [148, 156];

/** The first block has a sum of its own bytes, with eight blanks in the sum's place. */
function isTar(head: Buffer): boolean {
  if (head.toString("latin1", 257, 262) === "ustar") return true;
  if (head.length < TAR_BLOCK_BYTES) return false;
  const stated = Number.parseInt(
    head.toString("latin1", TAR_SUM_START, TAR_SUM_END).replaceAll("\0", " "),
    8,
  );
  const sum = head
    .subarray(0, TAR_BLOCK_BYTES)
    .reduce((total, byte, i) => total + (i >= TAR_SUM_START && i < TAR_SUM_END ? 32 : byte), 0);
  return stated === sum;
}

function compressionOf(head: string): Compression {
  if (head.startsWith(GZIP)) return "gzip";
  return head.startsWith(ZSTD) || head.slice(1, 4) === ZSTD_SKIPPABLE ? "zstd" : null;
}

function layoutByName(name: string): FileLayout {
  if (/\.(jsonl|ndjson)$/i.test(name)) return "lines";
  return /\.json$/i.test(name) ? "json" : "text";
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
