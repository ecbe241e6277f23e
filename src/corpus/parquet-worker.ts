/** @file A thread that reads one parquet file and gives the text of its rows, a batch at each request. */

import { type FileHandle, open } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { fieldAt } from "./text-fields.ts";

/** What the thread answers: rows, the last of them, or why there are none. */
export type ParquetAnswer =
  | {
      readonly kind: "rows";
      /** The texts of the rows, one after the other. */
      readonly bytes: Uint8Array;
      /** Where each ends; a row without text ends where it starts. */
      readonly ends: readonly number[];
      /** What stands in place of the text, by row. */
      readonly others: ReadonlyMap<number, unknown>;
      readonly isLast: boolean;
    }
  | { readonly kind: "refused"; readonly found: string; readonly expected: string; readonly remedy: string }
  | { readonly kind: "failed"; readonly message: string };

const BATCH_BYTES = 4 << 20;

/** Each row as an object with the columns that the key may lie in; strings are bytes, not yet decoded. */
async function* rowsOf(path: string, textKey: string): AsyncGenerator<unknown> {
  const handle = await open(path);
  try {
    const file = { byteLength: (await handle.stat()).size, slice: sliceOf(handle) };
    const metadata = await parquetMetadataAsync(file);
    const schema = parquetSchema(metadata);
    const columns = schema.children
      .map(({ element }) => element.name)
      .filter((column) => textKey === column || textKey.startsWith(`${column}.`));
    if (columns.length === 0) throw noColumn(path, textKey, schema);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      yield* await parquetReadObjects({
        file,
        metadata,
        columns,
        rowStart,
        rowEnd,
        utf8: false,
        parsers: { stringFromBytes: (bytes) => bytes },
        // Node's own are several times as fast; they know no LZ4 and no Snappy.
        compressors: {
          ...compressors,
          GZIP: (bytes) => gunzipSync(bytes),
          BROTLI: (bytes) => brotliDecompressSync(bytes),
          ZSTD: (bytes) => zstdDecompressSync(bytes),
        },
      });
      rowStart = rowEnd;
    }
  } finally {
    await handle.close();
  }
}

function sliceOf(handle: FileHandle) {
  return async (start: number, end: number): Promise<ArrayBuffer> => {
    const { size } = await handle.stat();
    if (!(start >= 0 && start <= end && end <= size))
      throw new Error(`it has ${size} bytes, and its footer speaks of bytes ${start} to ${end}`);
    const bytes = new Uint8Array(end - start);
    await handle.read(bytes, 0, bytes.length, start);
    return bytes.buffer;
  };
}

type Tree = {
  readonly element: { readonly type?: string | undefined; readonly repetition_type?: string | undefined };
  readonly path: readonly string[];
  readonly children: readonly Tree[];
};

function noColumn(path: string, textKey: string, root: Tree): UserError {
  const texts = leavesOf(root).filter(({ element }) => element.type === "BYTE_ARRAY");
  const names = texts.map((leaf) => leaf.path.join("."));
  return new UserError(
    `${path} has no column "${textKey}"`,
    "a column that holds the text",
    names.length > 0
      ? `set textKey of the source to ${names.slice(0, 8).join(" or ")}`
      : "leave it out of the source, or write its text as one string a row: no column outside of lists holds strings",
  );
}

/** Columns outside of lists: in a list they are many texts, which no path names. */
function leavesOf(tree: Tree): readonly Tree[] {
  if (tree.element.repetition_type === "REPEATED") return [];
  return tree.children.length === 0 ? [tree] : tree.children.flatMap(leavesOf);
}

async function nextBatch(rows: AsyncIterator<unknown>, textKey: string): Promise<ParquetAnswer> {
  const parts: Uint8Array[] = [];
  const ends: number[] = [];
  const others = new Map<number, unknown>();
  let [numBytes, isLast] = [0, false];
  while (numBytes < BATCH_BYTES && ends.length < BATCH_BYTES / 64) {
    const row = await rows.next();
    isLast = row.done === true;
    if (isLast) break;
    const text = fieldAt(row.value, textKey);
    if (text instanceof Uint8Array) {
      parts.push(text);
      numBytes += text.length;
    } else others.set(ends.length, text);
    ends.push(numBytes);
  }
  return { kind: "rows", bytes: Buffer.concat(parts), ends, others, isLast };
}

const { path, textKey } = z.object({ path: z.string(), textKey: z.string() }).parse(workerData);
const rows = rowsOf(path, textKey);

async function answer(): Promise<ParquetAnswer> {
  try {
    return await nextBatch(rows, textKey);
  } catch (error) {
    if (!(error instanceof UserError)) return { kind: "failed", message: (error as Error).message };
    const { found, expected, remedy } = error;
    return { kind: "refused", found, expected, remedy };
  }
}

parentPort?.on("message", async () => parentPort?.postMessage(await answer()));
