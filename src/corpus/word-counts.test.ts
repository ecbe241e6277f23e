import fc from "fast-check";
import { expect, test } from "vitest";
import { WordCounts } from "./word-counts.ts";

function asMap({ words, counts }: WordCounts): Map<string, number> {
  const entries = Array.from({ length: words.size }, (_, i): [string, number] => [
    Buffer.from(words.word(i)).toString("utf8"),
    counts[i]!,
  ]);
  return new Map(entries);
}

test("counts are those of a plain map", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", "é"), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 300 }), (list) => {
      const counted = new WordCounts();
      for (const word of list) counted.add(Buffer.from(word));
      const expected = new Map<string, number>();
      for (const word of list) expected.set(word, (expected.get(word) ?? 0) + 1);
      expect(asMap(counted)).toEqual(expected);
      expect(counted.numDropped).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test("many distinct words make the table grow and lose none", () => {
  const counted = new WordCounts();
  const text = Buffer.from(
    Array.from({ length: 30_000 }, (_, i) => ` w${"abcdefghij"[i % 10]}${toLetters(i)}`).join(""),
  );
  counted.add(text);
  counted.add(text);
  expect(counted.words.size).toBe(30_000);
  expect(counted.counts.subarray(0, 30_000).every((count) => count === 2)).toBe(true);
});

test("above the cap the rarest words are dropped, and how many is counted", () => {
  const counted = new WordCounts(1000);
  const frequent = Array.from({ length: 40 }, (_, i) => ` often${toLetters(i)}`);
  for (let round = 0; round < 5; round++) counted.add(Buffer.from(frequent.join("")));
  counted.add(Buffer.from(Array.from({ length: 500 }, (_, i) => ` rare${toLetters(i)}`).join("")));
  expect(counted.words.numBytes).toBeLessThanOrEqual(1000);
  expect(counted.words.numBytes).toBeGreaterThan(500);
  const kept = asMap(counted);
  for (const word of frequent) expect(kept.get(word)).toBe(5);
  const total = [...kept.values()].reduce((sum, count) => sum + count, 0);
  expect(total + counted.numDropped).toBe(40 * 5 + 500);
});

test("a run without a blank is counted in parts of 128 bytes, cut between characters", () => {
  const counted = new WordCounts();
  counted.add(Buffer.from("x".repeat(300)));
  expect([...asMap(counted)]).toEqual([
    ["x".repeat(128), 2],
    ["x".repeat(44), 1],
  ]);
  const han = new WordCounts();
  han.add(Buffer.from("字".repeat(100)));
  expect([...asMap(han)]).toEqual([
    ["字".repeat(42), 2],
    ["字".repeat(16), 1],
  ]);
});

function toLetters(i: number): string {
  return i.toString(26).replace(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)]!);
}
