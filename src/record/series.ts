/** @file Numbers per step in checksummed columnar blocks, to append and tail (docs/series.md). */

import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { assert, UserError } from "../errors.ts";
import { jsonIn } from "../input-file.ts";
import { AppendFile, assertLittleEndian, readOwnFile, type Survives, writeFileAtomic } from "./files.ts";

/** One number per step. */
export type Column = { readonly name: string; readonly unit: string };

/** Columns of equal length; NaN means that there is no value at this step. */
export type Series = {
  readonly columns: readonly Column[];
  readonly numRows: number;
  readonly values: Readonly<Record<string, Float64Array>>;
  readonly warnings: readonly string[];
};

const WHAT = "numbers per step that longrun wrote";
const MAGIC = "LRSERIES";
const VERSION = 1;
/** Magic, version, size and checksum of the header, zero. */
const PREAMBLE_BYTES = 24;
/** "BLK1" as a little-endian number. */
const BLOCK_MARKER = 0x314b4c42;
/** Marker, number of rows, checksum, zero: a multiple of 8, so that the numbers can be mapped in place. */
const BLOCK_HEADER_BYTES = 16;
const ROWS_PER_BLOCK = 1024;

const headerSchema = z.strictObject({
  columns: z.array(z.strictObject({ name: z.string().min(1), unit: z.string() })).min(1),
});

/** Where the numbers of one attempt of a run are. */
export function seriesPath(campaignFolder: string, run: string, attempt: number): string {
  return join(campaignFolder, "series", run, String(attempt), "steps.series");
}

/** The numbers of one column, which must be there. */
export function columnOf(series: Series, name: string): Float64Array {
  const values = series.values[name];
  assert(values !== undefined, `the series has no column ${name}`);
  return values;
}

/** Appends rows to one series file. One that is there is continued, its torn tail cut off. */
export class SeriesWriter implements Disposable {
  readonly #file: AppendFile;
  readonly #columns: readonly Column[];
  readonly #names: ReadonlySet<string>;
  /** Row after row; turned into columns when a block is written. */
  #pending: number[] = [];
  #lastStep = -1;

  /** @param columns the first one is `step`, which grows from row to row */
  constructor(path: string, columns: readonly Column[]) {
    assertLittleEndian();
    assert(columns[0]?.name === "step", "the first column of a series is step");
    this.#columns = columns;
    this.#names = new Set(columns.map(({ name }) => name));
    assert(this.#names.size === columns.length, "the columns of a series have different names");
    if (!existsSync(path)) writeFileAtomic(path, encodeHeader(columns));
    const content = readOwnFile(path, WHAT);
    const header = decodeHeader(path, content);
    assert(
      JSON.stringify(header.columns) === JSON.stringify(columns),
      `${path} has the columns ${JSON.stringify(header.columns)}, not ${JSON.stringify(columns)}`,
    );
    const { blocks, endByte } = findBlocks(content, header.numBytes, columns.length);
    this.#lastStep = columnOf(decodeBlocks(content, columns, blocks), "step").at(-1) ?? -1;
    this.#file = new AppendFile(path);
    if (endByte < this.#file.numBytes) this.#file.truncate(endByte);
  }

  /** Adds a row; columns that it does not name have no value. It is in the file after the next flush. */
  append(row: Readonly<Record<string, number>>): void {
    const step = row.step;
    assert(step !== undefined && step > this.#lastStep, `step ${step} comes after step ${this.#lastStep}`);
    for (const name in row) assert(this.#names.has(name), `the series has no column ${name}`);
    for (const { name } of this.#columns) this.#pending.push(row[name] ?? Number.NaN);
    this.#lastStep = step;
    if (this.#pending.length >= ROWS_PER_BLOCK * this.#columns.length) this.flush("kill");
  }

  /**
   * Writes the rows since the last flush as one block. Once this returns, all rows survive what is asked for.
   * Where it throws, they are lost: a run whose disk is full ends, and its next attempt does these steps
   * again.
   */
  flush(survives: Survives = "power cut"): void {
    const rows = this.#pending;
    this.#pending = [];
    if (rows.length > 0) this.#file.append(encodeBlock(rows, this.#columns.length), survives);
    if (survives === "power cut") this.#file.flush();
  }

  [Symbol.dispose](): void {
    try {
      this.flush();
    } finally {
      this.#file[Symbol.dispose]();
    }
  }
}

/** Reads a series file, also while it is being written. Damaged blocks are dropped with a warning. */
export function readSeries(path: string): Series {
  const content = readOwnFile(path, WHAT);
  const { columns, numBytes } = decodeHeader(path, content);
  const { blocks, damaged } = findBlocks(content, numBytes, columns.length);
  const warnings = damaged.map(
    ({ at, size, isTail }) =>
      `${basename(path)}: ${size} bytes ` +
      `${isTail ? "at the end, never finished" : `damaged at byte ${at}`}: dropped`,
  );
  return { ...decodeBlocks(content, columns, blocks), warnings };
}

/** Follows a series file: each call of `read` gives the rows that came since the one before. */
export class SeriesTail implements Disposable {
  readonly #file: number;
  readonly #columns: readonly Column[];
  #endByte: number;

  constructor(path: string) {
    const { columns, numBytes } = decodeHeader(path, readOwnFile(path, WHAT));
    this.#columns = columns;
    this.#endByte = numBytes;
    this.#file = openSync(path, "r");
  }

  read(): Series {
    const news = Buffer.alloc(Math.max(0, fstatSync(this.#file).size - this.#endByte));
    const content = news.subarray(0, readSync(this.#file, news, 0, news.length, this.#endByte));
    const { blocks, endByte } = findBlocks(content, 0, this.#columns.length);
    this.#endByte += endByte;
    return decodeBlocks(content, this.#columns, blocks);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

function encodeHeader(columns: readonly Column[]): Buffer {
  const json = Buffer.from(JSON.stringify({ columns }));
  const padded = Buffer.concat([json, Buffer.alloc(-json.length & 7, " ")]);
  const preamble = Buffer.alloc(PREAMBLE_BYTES);
  preamble.write(MAGIC, "latin1");
  preamble.writeUInt32LE(VERSION, 8);
  preamble.writeUInt32LE(padded.length, 12);
  preamble.writeUInt32LE(crc32(padded), 16);
  return Buffer.concat([preamble, padded]);
}

function decodeHeader(path: string, content: Buffer): { columns: readonly Column[]; numBytes: number } {
  const isOurs = content.length >= PREAMBLE_BYTES && content.toString("latin1", 0, 8) === MAGIC;
  if (isOurs && content.readUInt32LE(8) === VERSION) {
    const numBytes = PREAMBLE_BYTES + content.readUInt32LE(12);
    const json = content.subarray(PREAMBLE_BYTES, numBytes);
    if (crc32(json) === content.readUInt32LE(16)) {
      const header = headerSchema.safeParse(jsonIn(json.toString("utf8")));
      if (header.success) return { columns: header.data.columns, numBytes };
    }
  }
  const first = content.subarray(0, PREAMBLE_BYTES).toString("hex");
  throw new UserError(
    `${path} starts with the bytes ${first}, followed by no readable header`,
    `a series file of version ${VERSION}`,
    "damaged, or of another version of longrun: delete its attempt's folder to go on without its curves",
  );
}

function encodeBlock(rows: readonly number[], numColumns: number): Buffer {
  const numRows = rows.length / numColumns;
  const columns = new Float64Array(rows.length);
  rows.forEach((value, i) => {
    columns[(i % numColumns) * numRows + Math.floor(i / numColumns)] = value;
  });
  const payload = Buffer.from(columns.buffer);
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  header.writeUInt32LE(BLOCK_MARKER, 0);
  header.writeUInt32LE(numRows, 4);
  header.writeUInt32LE(blockChecksum(header, payload), 8);
  return Buffer.concat([header, payload]);
}

/** Over the number of rows too: a wrong length must not pass for a right one. */
function blockChecksum(header: Uint8Array, payload: Uint8Array): number {
  return crc32(payload, crc32(header.subarray(4, 8)));
}

type Block = { readonly at: number; readonly numRows: number; readonly endByte: number };
type Damage = { readonly at: number; readonly size: number; readonly isTail: boolean };

/** The whole blocks; where broken, the next place that holds one (all begin at multiples of 8). */
function findBlocks(content: Buffer, start: number, numColumns: number) {
  const blocks: Block[] = [];
  const damaged: Damage[] = [];
  let endByte = start;
  for (let at = start; at < content.length; at += 8) {
    const block = blockAt(content, at, numColumns);
    if (block === null) continue;
    if (at > endByte) damaged.push({ at: endByte, size: at - endByte, isTail: false });
    blocks.push(block);
    endByte = block.endByte;
    at = endByte - 8;
  }
  if (endByte < content.length) damaged.push({ at: endByte, size: content.length - endByte, isTail: true });
  return { blocks, damaged, endByte };
}

function blockAt(content: Buffer, at: number, numColumns: number): Block | null {
  const payloadAt = at + BLOCK_HEADER_BYTES;
  if (payloadAt > content.length || content.readUInt32LE(at) !== BLOCK_MARKER) return null;
  const numRows = content.readUInt32LE(at + 4);
  const endByte = payloadAt + 8 * numRows * numColumns;
  if (numRows === 0 || endByte > content.length) return null;
  const checksum = blockChecksum(content.subarray(at, payloadAt), content.subarray(payloadAt, endByte));
  return checksum === content.readUInt32LE(at + 8) ? { at, numRows, endByte } : null;
}

function decodeBlocks(content: Buffer, columns: readonly Column[], blocks: readonly Block[]): Series {
  const numRows = blocks.reduce((sum, block) => sum + block.numRows, 0);
  const values: Record<string, Float64Array> = {};
  columns.forEach(({ name }, c) => {
    const column = new Float64Array(numRows);
    const bytes = new Uint8Array(column.buffer);
    let row = 0;
    for (const block of blocks) {
      const from = block.at + BLOCK_HEADER_BYTES + 8 * block.numRows * c;
      bytes.set(content.subarray(from, from + 8 * block.numRows), 8 * row);
      row += block.numRows;
    }
    values[name] = column;
  });
  return { columns, numRows, values, warnings: [] };
}
