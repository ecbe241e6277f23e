import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { KeySet } from "./key-set.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-key-set-"));
/** Of runs so short that nearly all keys lie on disk. */
const newSet = () => new KeySet(join(folder, "keys.tmp"), 32);
const bytesFrom = (set: KeySet, mark: number) =>
  Buffer.concat(Array.from(set.bytesFrom(mark), (part) => Buffer.from(part)));
const hashed = (i: number) => BigInt.asUintN(64, BigInt(i) * 0x9e37_79b9_7f4a_7c15n);

test("a set of keys is a set, in memory and on disk, and reads back from its bytes", () => {
  const key = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 40n), fc.constant(7n << 32n));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 300 }), (keys) => {
      using set = newSet();
      const plain = new Set<bigint>();
      for (const one of keys) expect(set.add(one)).toBe(plain.size < plain.add(one).size);
      const bytes = bytesFrom(set, 0);
      expect(bytes).toHaveLength(plain.size * 8);
      writeFileSync(join(folder, "keys"), bytes);
      using again = newSet();
      again.addFile(join(folder, "keys"));
      for (const one of plain) expect(again.add(one)).toBe(false);
      expect(bytesFrom(again, 0)).toHaveLength(bytes.length);
    }),
    { numRuns: 30 },
  );
  expect(readdirSync(folder)).toEqual(["keys"]);
});

test("ten thousand keys that begin or end alike are all kept", () => {
  using set = newSet();
  for (let i = 0n; i < 5_000n; i++) {
    expect(set.add((i << 40n) | 5n)).toBe(true);
    expect(set.add(i | (1n << 63n))).toBe(true);
  }
  expect(set.add((4_999n << 40n) | 5n)).toBe(false);
  expect(set.add(17n | (1n << 63n))).toBe(false);
});

test("the keys of a source are those added since its mark, whether those before were added or read", () => {
  const bytes = (fill: (set: KeySet) => void) => {
    using set = newSet();
    fill(set);
    const mark = set.mark();
    for (let i = 5; i < 41; i++) set.add(hashed(i));
    return bytesFrom(set, mark);
  };
  const added = bytes((set) => {
    for (let i = 0; i < 21; i++) set.add(hashed(i));
    writeFileSync(join(folder, "first"), bytesFrom(set, 0));
  });
  expect(bytes((set) => set.addFile(join(folder, "first")))).toEqual(added);
  const keys = new BigUint64Array(new Uint8Array(added).buffer);
  expect([...keys].sort()).toEqual(Array.from({ length: 20 }, (_, i) => hashed(i + 21)).sort());
  expect([...keys.subarray(0, 20)]).toEqual([...keys.subarray(0, 20)].sort((a, b) => (a < b ? -1 : 1)));
});
