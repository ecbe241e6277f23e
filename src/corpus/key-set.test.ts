import fc from "fast-check";
import { expect, test } from "vitest";
import { KeySet } from "./key-set.ts";

test("a set of keys is a set, however it grows, and reads back from its bytes", () => {
  const key = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 40n), fc.constant(7n << 32n));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), (keys) => {
      const set = new KeySet();
      const plain = new Set<bigint>();
      for (const one of keys) expect(set.add(one)).toBe(plain.size < plain.add(one).size);
      expect(set.size).toBe(plain.size);
      const again = new KeySet();
      again.addBytes(Buffer.from(set.bytesFrom(0)));
      for (const one of plain) expect(again.add(one)).toBe(false);
    }),
    { numRuns: 100 },
  );
});

test("ten thousand keys that end alike are all kept", () => {
  const set = new KeySet();
  for (let i = 0n; i < 10_000n; i++) expect(set.add((i << 40n) | 5n)).toBe(true);
  expect(set.add((9_999n << 40n) | 5n)).toBe(false);
  expect(set.bytesFrom(9_990)).toHaveLength(80);
});
