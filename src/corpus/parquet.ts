/** @file Rows of a parquet file, one row group at a time, the column of the text alone. */

import { type FileHandle, open } from "node:fs/promises";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { UserError } from "../errors.ts";

/** Each row as an object with the columns that the key may lie in; strings are bytes, not yet decoded. */
export async function* rowsOf(
  path: string,
  textKey: string,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  // Loaded when they are needed.
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const handle = await open(path);
  try {
    const file = { byteLength: (await handle.stat()).size, slice: sliceOf(handle) };
    const metadata = await parquetMetadataAsync(file);
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    const wanted = columns.filter((column) => textKey === column || textKey.startsWith(`${column}.`));
    if (wanted.length === 0) throw noColumn(path, textKey, parquetSchema(metadata));
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await parquetReadObjects({
        file,
        metadata,
        columns: wanted,
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
      yield* rows;
      rowStart = rowEnd;
    }
  } finally {
    await handle.close();
  }
}

function sliceOf(handle: FileHandle) {
  return async (start: number, end: number): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(end - start);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    if (bytesRead < bytes.length)
      throw new Error(`it ends at byte ${start + bytesRead}, before its footer says`);
    return bytes.buffer;
  };
}

type Tree = {
  readonly element: { readonly type?: string | undefined };
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
      : "leave it out of the source: none of its columns holds strings",
  );
}

function leavesOf(tree: Tree): readonly Tree[] {
  return tree.children.length === 0 ? [tree] : tree.children.flatMap(leavesOf);
}
