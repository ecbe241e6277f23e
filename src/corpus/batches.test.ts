import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  batchAt,
  batchChecksum,
  epochsAfter,
  sequenceAt,
  sequencesBySource,
  windowCount,
} from "./batches.ts";
import { hash32, mix32, permute } from "./permutation.ts";

/** A source whose tokens say where they are. */
function source(name: string, share: number, length: number) {
  return { name, share, train: Uint16Array.from({ length }, (_, i) => i) };
}

test("the test vectors of docs/batch-order.md", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/batch-order.md"), "utf8");
  const json = /```json\n([\s\S]*?)```/.exec(page)?.[1];
  const vectors = JSON.parse(json ?? "") as {
    mix32: [number, number][];
    hash32: { words: number[]; hash: number }[];
    permute: { size: number; key: number; order: number[] }[];
    checksum: { inputs: number[]; targets: number[]; crc32: number };
    order: {
      sources: { name: string; share: number; tokens: number }[];
      seed: number;
      sequenceLength: number;
      sequences: { sequence: number; source: number; epoch: number; start: number }[];
    };
  };
  expect(vectors.mix32.length).toBeGreaterThan(2);
  for (const [value, mixed] of vectors.mix32) expect(mix32(value)).toBe(mixed);
  expect(vectors.hash32.length).toBeGreaterThan(2);
  for (const { words, hash } of vectors.hash32) expect(hash32(...words)).toBe(hash);
  expect(vectors.permute.length).toBeGreaterThan(1);
  for (const { size, key, order } of vectors.permute) {
    expect(order.map((_, i) => permute(i, size, key))).toEqual(order);
  }
  const { inputs, targets, crc32 } = vectors.checksum;
  expect(batchChecksum({ inputs: Int32Array.from(inputs), targets: Int32Array.from(targets) })).toBe(crc32);
  const { seed, sequenceLength, sequences } = vectors.order;
  const sources = vectors.order.sources.map(({ name, share, tokens }) => source(name, share, tokens));
  expect(sequences.length).toBeGreaterThan(20);
  for (const { sequence, ...place } of sequences) {
    expect(sequenceAt(sources, seed, sequenceLength, sequence)).toEqual(place);
  }
});

test("targets are the tokens after the inputs", () => {
  const sources = [source("a", 1, 101)];
  const { inputs, targets } = batchAt(sources, { seed: 3, sequenceLength: 10, batchSequences: 4, step: 1 });
  expect(inputs).toHaveLength(40);
  expect(Array.from(targets)).toEqual(Array.from(inputs, (token) => token + 1));
  expect(inputs[10]! % 10).toBe(0);
});

test("an epoch reads every window of every source once, the next in another order", () => {
  const sources = [source("a", 0.75, 301), source("b", 0.25, 101)];
  const places = Array.from({ length: 80 }, (_, i) => sequenceAt(sources, 5, 10, i));
  const starts = (which: number, epoch: number) =>
    places.filter((place) => place.source === which && place.epoch === epoch).map(({ start }) => start);
  const all = (windows: number) => Array.from({ length: windows }, (_, i) => i * 10);
  for (const epoch of [0, 1]) {
    expect(starts(0, epoch).toSorted((x, y) => x - y)).toEqual(all(30));
    expect(starts(1, epoch).toSorted((x, y) => x - y)).toEqual(all(10));
  }
  expect(starts(0, 0)).not.toEqual(starts(0, 1));
});

test("the order belongs to sequences: any batch size reads the same", () => {
  const sources = [source("a", 0.6, 997), source("b", 0.3, 500), source("c", 0.1, 300)];
  const read = (batchSequences: number) =>
    Array.from({ length: 24 / batchSequences }, (_, step) =>
      Array.from(batchAt(sources, { seed: 9, sequenceLength: 16, batchSequences, step }).inputs),
    ).flat();
  const one = read(1);
  for (const size of [2, 3, 8, 24]) expect(read(size)).toEqual(one);
  const late = batchAt(sources, {
    seed: 9,
    sequenceLength: 16,
    batchSequences: 4,
    step: 0,
    sequencesBefore: 20,
  });
  expect(Array.from(late.inputs)).toEqual(one.slice(20 * 16));
  const otherSeed = batchAt(sources, { seed: 10, sequenceLength: 16, batchSequences: 24, step: 0 });
  expect(Array.from(otherSeed.inputs)).not.toEqual(one);
});

test("every prefix has the shares, to within half a sequence for each branch above a source", () => {
  const shares = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(shares, fc.integer({ min: 0, max: 3000 }), (weights, length) => {
      const sum = weights.reduce((a, b) => a + b, 0);
      const sources = weights.map((weight, i) => source(String(i), weight / sum, 50));
      const counts = new Array<number>(weights.length).fill(0);
      for (let i = 0; i < length; i++) counts[sequenceAt(sources, 1, 4, i).source]! += 1;
      expect(sequencesBySource(sources, length)).toEqual(counts);
      // Nine sources: at most four branches above one. The 2^-20 rounding of shares adds under 0.02.
      counts.forEach((count, i) => {
        expect(Math.abs(count - (length * weights[i]!) / sum)).toBeLessThan(2.02);
      });
    }),
    { numRuns: 40 },
  );
});

test("epochs used", () => {
  const sources = [source("a", 0.5, 1001), source("b", 0.5, 101)];
  expect(windowCount(sources[0]!, 10)).toBe(100);
  expect(epochsAfter(sources, 10, 100)).toEqual([0.5, 5]);
});

test("a source shorter than a sequence is the user's to mend", () => {
  expect(() => sequenceAt([source("tiny", 1, 16)], 1, 16, 0)).toThrow(
    /found: source "tiny" has 16 training tokens\nexpected: at least 17/,
  );
});
