import fc from "fast-check";
import { expect, test } from "vitest";
import { normals, philoxBlock, Random } from "./random.ts";
import { mean, standardDeviation } from "./statistics.ts";

/** Known answers published with Random123 (file kat_vectors, philox4x32 with 10 rounds). */
test.each([
  { counter: [0, 0, 0, 0], key: [0, 0], expected: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    expected: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    expected: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
])("philox gives the authors' answer for counter $counter", ({ counter, key, expected }) => {
  const block = Uint32Array.from(counter);
  philoxBlock(block, key[0]!, key[1]!);
  expect([...block]).toEqual(expected);
});

test("stream 0 of seed 0 is philox of counters 0, 1, 2 ...", () => {
  const random = new Random(0, 0);
  expect([random.uint32(), random.uint32(), random.uint32(), random.uint32()]).toEqual([
    0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8,
  ]);
  const second = Uint32Array.of(1, 0, 0, 0);
  philoxBlock(second, 0, 0);
  expect(random.uint32()).toBe(second[0]);
});

test("the same seed and stream repeat; another seed, number or name does not", () => {
  const first = (seed: number, stream: string | number) => {
    const random = new Random(seed, stream);
    return [random.uint32(), random.uint32()].join();
  };
  expect(first(7, "a")).toBe(first(7, "a"));
  const all = [
    first(7, "a"),
    first(8, "a"),
    first(7, "b"),
    first(7, ""),
    first(7, 0),
    first(7, 1),
    first(7, 2 ** 40),
  ];
  expect(new Set(all).size).toBe(all.length);
});

test("names of a thousand layers give a thousand streams", () => {
  const firsts = Array.from({ length: 1000 }, (_, i) => new Random(1, `layers.${i}.queryKeyValue`).uint32());
  expect(new Set(firsts).size).toBe(1000);
});

test("normals are reproducible to the bit", () => {
  expect([...normals(42, "embedding", 4)]).toMatchInlineSnapshot(`
    [
      -0.11157809942960739,
      -0.32424429059028625,
      0.8630573749542236,
      -1.2625433206558228,
    ]
  `);
});

test("normals have mean 0, deviation 1 and the right tails", () => {
  const values = normals(3, "check", 200_000);
  expect(mean(values)).toBeCloseTo(0, 2);
  expect(standardDeviation(values)).toBeCloseTo(1, 2);
  expect(values.filter((x) => Math.abs(x) > 1.959964).length / values.length).toBeCloseTo(0.05, 2);
  expect(values.filter((x) => Math.abs(x) > 3.290527).length / values.length).toBeCloseTo(0.001, 3);
});

test("value i of a stream of normals does not depend on how many are drawn", () => {
  const long = normals(5, "w", 1000);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), (count) => {
      expect(normals(5, "w", count)).toEqual(long.subarray(0, count));
    }),
    { numRuns: 20 },
  );
});

test("integers stay below their bound and hit every value about equally", () => {
  const random = new Random(11, "dice");
  const counts = new Array<number>(6).fill(0);
  for (let i = 0; i < 60_000; i++) counts[random.integer(6)]!++;
  // Chi-squared with 5 degrees of freedom: 20.5 is the 99.9 % point.
  expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(20.5);
  expect(() => random.integer(0)).toThrow("bound is in 1..2^32");
});

test("a shuffle is a permutation, and every order of three is about as likely", () => {
  const random = new Random(2, "orders");
  const orders = new Map<string, number>();
  for (let i = 0; i < 12_000; i++) {
    const order = random.shuffle([0, 1, 2]).join("");
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  expect([...orders.keys()].sort()).toEqual(["012", "021", "102", "120", "201", "210"]);
  for (const count of orders.values()) expect(Math.abs(count - 2000)).toBeLessThan(180);
});

test("uniform stays in [0, 1)", () => {
  fc.assert(
    fc.property(fc.nat(), fc.string(), (seed, stream) => {
      const value = new Random(seed, stream).uniform();
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
    }),
  );
});
