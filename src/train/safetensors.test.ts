/** @file safetensors: exact bytes, round trips of every kind of tensor, and refusals that name the fault. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { readSafetensors, type TensorToWrite, writeSafetensors } from "./safetensors.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longrun-safetensors-"));
  path = join(folder, "model.safetensors");
});

afterEach(() => rmSync(folder, { recursive: true }));

const f32 = (name: string, shape: readonly number[], data: readonly number[]): TensorToWrite => ({
  name,
  shape,
  dtype: "F32",
  data: Float32Array.from(data),
});

/** A file with this header and this many bytes of data, all zero. */
function writeRaw(header: unknown, dataBytes: number): void {
  const json = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(path, Buffer.concat([size, json, Buffer.alloc(dataBytes)]));
}

describe("write and read", () => {
  test("one tensor is these bytes", () => {
    writeSafetensors(path, [f32("w", [2, 1], [1, -2])], { format: "pt" });
    const json = '{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}';
    const padding = " ".repeat(96 - 8 - json.length);
    const expected = Buffer.concat([
      Buffer.from("5800000000000000", "hex"),
      Buffer.from(json + padding),
      Buffer.from("0000803f000000c0", "hex"),
    ]);
    expect(readFileSync(path).toString("hex")).toBe(expected.toString("hex"));
  });

  test("a view into larger memory writes its own numbers only", () => {
    const memory = Float32Array.from([9, 1, 2, 9]);
    writeSafetensors(path, [{ name: "w", shape: [2], dtype: "F32", data: memory.subarray(1, 3) }]);
    expect(readSafetensors(path).tensors).toEqual([f32("w", [2], [1, 2])]);
  });

  test("bfloat16 is widened exactly", () => {
    const header = JSON.stringify({ w: { dtype: "BF16", shape: [3], data_offsets: [0, 6] } });
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    // 1, -2.5 and the smallest step above 1: the upper halves of 3f800000, c0200000, 3f810000.
    writeFileSync(path, Buffer.concat([size, Buffer.from(header), Buffer.from("803f20c0813f", "hex")]));
    expect(readSafetensors(path).tensors).toEqual([
      { name: "w", shape: [3], dtype: "BF16", data: Float32Array.of(1, -2.5, 1.0078125) },
    ]);
  });

  test("any tensors come back bit for bit, and their order does not change the file", () => {
    const shape = fc.array(fc.nat(4), { maxLength: 3 });
    const tensor = fc
      .tuple(fc.string(), shape, fc.constantFrom("F32", "F64", "I32"), fc.double())
      .map(([name, shape, dtype, seed]): TensorToWrite => {
        const numbers = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => seed * (i + 1));
        if (dtype === "F64") return { name, shape, dtype, data: Float64Array.from(numbers) };
        if (dtype === "I32") return { name, shape, dtype, data: Int32Array.from(numbers) };
        return { name, shape, dtype: "F32", data: Float32Array.from(numbers) };
      });
    const tensors = fc
      .uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 })
      .filter((list) => list.every(({ name }) => name !== "__metadata__" && name !== "__proto__"));
    const byName = (list: readonly { readonly name: string }[]) =>
      list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const property = fc.property(tensors, (list) => {
      writeSafetensors(path, list, { note: "x" });
      const bytes = readFileSync(path);
      expect((8 + Number(bytes.readBigUInt64LE())) % 8).toBe(0);
      const read = readSafetensors(path);
      expect(byName(read.tensors)).toEqual(byName(list));
      expect(read.metadata).toEqual({ note: "x" });
      writeSafetensors(path, list.toReversed(), { note: "x" });
      expect(readFileSync(path).equals(bytes)).toBe(true);
    });
    fc.assert(property, { numRuns: 60 });
  });

  test("a shape that does not hold the data is a bug", () => {
    expect(() => writeSafetensors(path, [f32("w", [3], [1, 2])])).toThrow(
      /w has 2 numbers, its shape is \[3\]/,
    );
    expect(() => writeSafetensors(path, [f32("w", [1], [1]), f32("w", [1], [1])])).toThrow(/two tensors/);
  });
});

describe("refuses", () => {
  const entry = (from: number, to: number, shape = [(to - from) / 4], dtype = "F32") => ({
    dtype,
    shape,
    data_offsets: [from, to],
  });

  test.each([
    [
      "an overlap",
      { a: entry(0, 8), b: entry(4, 12) },
      12,
      /b begins at byte 4 of the data\nexpected: byte 8/,
    ],
    ["a hole", { a: entry(0, 8), b: entry(12, 16) }, 16, /b begins at byte 12/],
    ["a tensor beyond the end", { a: entry(0, 8) }, 4, /it holds 4 bytes of data\nexpected: 8/],
    ["hidden bytes behind the last", { a: entry(0, 8) }, 12, /it holds 12 bytes of data/],
    [
      "a size that is not the shape's",
      { a: entry(0, 8, [3]) },
      8,
      /a takes 8 bytes\nexpected: 12 for F32 \[3\]/,
    ],
    ["a kind it does not know", { a: entry(0, 8, [2], "Q4") }, 8, /header is not valid/],
    ["a header that is no object", [1], 0, /header is not valid/],
  ])("%s", (_, header, dataBytes, message) => {
    writeRaw(header, dataBytes);
    expect(() => readSafetensors(path)).toThrow(UserError);
    expect(() => readSafetensors(path)).toThrow(message);
  });

  test("a header that is larger than the file or the limit, without reading it", () => {
    writeFileSync(path, Buffer.from("ffffffffffffff7f00", "hex"));
    expect(() => readSafetensors(path)).toThrow(
      /states a header of 9223372036854775807|states a header of 9223372036854776000/,
    );
    writeFileSync(path, "1234");
    expect(() => readSafetensors(path)).toThrow(/it has 4 bytes/);
  });

  test("a file cut off anywhere", () => {
    writeSafetensors(path, [f32("a", [3], [1, 2, 3]), f32("b", [2, 2], [1, 2, 3, 4])]);
    const whole = readFileSync(path);
    const property = fc.property(fc.nat(whole.length - 1), (size) => {
      writeFileSync(path, whole.subarray(0, size));
      expect(() => readSafetensors(path)).toThrow(UserError);
    });
    fc.assert(property, { numRuns: 30 });
  });
});
