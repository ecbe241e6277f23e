/** @file Tensors on disk as safetensors: a JSON header with names, shapes and places, then the numbers. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { z } from "zod";
import { assert, UserError } from "../errors.ts";
import { jsonIn } from "../input-file.ts";
import { assertLittleEndian, refuseIrregular, writeFileInParts } from "../record/files.ts";

/** A tensor on disk: row-major. */
export type TensorOf<Name extends string, Numbers> = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Name;
  readonly data: Numbers;
};

/** A tensor as it can be written, its data a view into memory that is not copied. */
export type TensorToWrite =
  | TensorOf<"F32", Float32Array>
  | TensorOf<"F64", Float64Array>
  | TensorOf<"I32", Int32Array>;

/** What was stored; BF16 is widened to float32 on reading, which is exact. */
export type StoredTensor = TensorToWrite | TensorOf<"BF16", Float32Array>;

/** The content of one file. */
export type Safetensors = {
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Readonly<Record<string, string>>;
};

const BYTES_PER_ELEMENT = { F64: 8, F32: 4, I32: 4, BF16: 2 } as const;
/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

const entrySchema = z.strictObject({
  dtype: z.enum(["F64", "F32", "I32", "BF16"]),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const headerSchema = z
  .object({ __metadata__: z.record(z.string(), z.string()).optional() })
  .catchall(entrySchema);

type Entry = z.infer<typeof entrySchema> & { readonly name: string };

/** Writes a file that Hugging Face's readers open; transformers wants the metadata `{ format: "pt" }`. */
export function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  writeFileInParts(path, safetensorsParts(tensors, metadata));
}

/** The content piece by piece, tensors not copied. Equal tensors give equal bytes in whatever order. */
export function safetensorsParts(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): readonly Uint8Array[] {
  assertLittleEndian();
  // Wide elements first keeps every tensor aligned to its element; then by name.
  const ordered = tensors.toSorted(
    (a, b) => BYTES_PER_ELEMENT[b.dtype] - BYTES_PER_ELEMENT[a.dtype] || (a.name < b.name ? -1 : 1),
  );
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const { name, dtype, shape, data } of ordered) {
    assert(!Object.hasOwn(header, name), `two tensors have the name ${name}`);
    assert(data.length === numElements(shape), `${name} has ${data.length} numbers, its shape is [${shape}]`);
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padding = Buffer.alloc(-json.length & 7, " ");
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length + padding.length));
  return [size, json, padding, ...ordered.map(({ data }) => bytesOf(data))];
}

/** Reads a file; each tensor gets memory of its own. Throws a `UserError` where the format is broken. */
export function readSafetensors(path: string): Safetensors {
  assertLittleEndian();
  refuseIrregular(path, "tensors, safetensors");
  const file = openSync(path, "r");
  try {
    const fileBytes = fstatSync(file).size;
    const { entries, metadata, dataAt } = readHeader(path, file, fileBytes);
    checkPlaces(path, entries, fileBytes - dataAt);
    const tensors = entries.map((entry) => {
      const bytes = new Uint8Array(entry.data_offsets[1] - entry.data_offsets[0]);
      readFully(file, bytes, dataAt + entry.data_offsets[0]);
      return decodeTensor(entry, bytes.buffer);
    });
    return { tensors, metadata };
  } finally {
    closeSync(file);
  }
}

function readHeader(path: string, file: number, fileBytes: number) {
  if (fileBytes < 8)
    throw damaged(path, `it has ${fileBytes} bytes`, "at least the 8 bytes of the header's size");
  const sizeBytes = Buffer.alloc(8);
  readFully(file, sizeBytes, 0);
  const size = Number(sizeBytes.readBigUInt64LE());
  const limit = Math.min(MAX_HEADER_BYTES, fileBytes - 8);
  if (size > limit) throw damaged(path, `it states a header of ${size} bytes`, `at most ${limit}`);
  const bytes = Buffer.alloc(size);
  readFully(file, bytes, 8);
  const header = headerSchema.safeParse(jsonIn(bytes.toString("utf8")));
  if (!header.success) {
    throw damaged(
      path,
      `its header is not valid: ${z.prettifyError(header.error)}`,
      "tensors of F64, F32, I32 or BF16",
    );
  }
  const { __metadata__: metadata = {}, ...places } = header.data;
  const entries = Object.entries(places)
    .map(([name, entry]) => ({ name, ...entry }))
    .sort((a, b) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]);
  return { entries, metadata, dataAt: 8 + size };
}

/** Tensors lie one after the other and fill the file: no overlap, no hole, nothing behind the last. */
function checkPlaces(path: string, entries: readonly Entry[], dataBytes: number): void {
  let end = 0;
  for (const { name, dtype, shape, data_offsets: place } of entries) {
    if (place[0] !== end)
      throw damaged(path, `${name} begins at byte ${place[0]} of the data`, `byte ${end}`);
    const numBytes = numElements(shape) * BYTES_PER_ELEMENT[dtype];
    if (place[1] - place[0] !== numBytes) {
      throw damaged(
        path,
        `${name} takes ${place[1] - place[0]} bytes`,
        `${numBytes} for ${dtype} [${shape}]`,
      );
    }
    end = place[1];
  }
  if (end !== dataBytes) throw damaged(path, `it holds ${dataBytes} bytes of data`, `${end}`);
}

function decodeTensor({ name, shape, dtype }: Entry, buffer: ArrayBuffer): StoredTensor {
  if (dtype === "F64") return { name, shape, dtype, data: new Float64Array(buffer) };
  if (dtype === "I32") return { name, shape, dtype, data: new Int32Array(buffer) };
  if (dtype === "F32") return { name, shape, dtype, data: new Float32Array(buffer) };
  // A bfloat16 is the upper half of a float32.
  const upperHalves = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
  return { name, shape, dtype, data: new Float32Array(upperHalves.buffer) };
}

function numElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function bytesOf(data: Float32Array | Float64Array | Int32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** One read call takes at most 2 GiB. */
function readFully(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const numRead = readSync(file, bytes, done, Math.min(bytes.length - done, 2 ** 28), position + done);
    assert(numRead > 0, "the file became shorter while it was read");
    done += numRead;
  }
}

function damaged(path: string, found: string, expected: string): UserError {
  return new UserError(
    `${path} is not a whole safetensors file: ${found}`,
    expected,
    "use another checkpoint, or write this file again",
  );
}
