import fc from "fast-check";
import { expect, test } from "vitest";
import { cutPassages, hashPassage } from "./passages.ts";

test("passages joined are the text; none is too long, none splits a character", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "b", ".", " ", "\n", "é", "漢", "😀"),
    maxLength: 800,
  });
  fc.assert(
    fc.property(text, fc.integer({ min: 20, max: 200 }), (string, passageBytes) => {
      const passages = cutPassages(Buffer.from(string), passageBytes);
      expect(passages.map((passage) => passage.toString("utf8")).join("")).toBe(string);
      for (const passage of passages) expect(passage.length).toBeLessThanOrEqual(passageBytes);
    }),
    { numRuns: 100 },
  );
});

test.each([
  ["a paragraph end", "one two.\nthree\n\nfour. five\nsix 7", ["one two.\nthree\n\n", "four. five\nsix 7"]],
  [
    "else a line end",
    "one two. three\nfour. fi six seven eight",
    ["one two. three\n", "four. fi six seven eight"],
  ],
  ["else a sentence end", "one two three. four five six seven", ["one two three. ", "four five six seven"]],
  [
    "else a blank",
    "one two three four five six seven eight",
    ["one two three four ", "five six seven eight"],
  ],
])("cuts at %s", (_, text, expected) => {
  expect(cutPassages(Buffer.from(text), 24).map(String)).toEqual(expected);
});

test("a long document gives passages of nearly equal size", () => {
  const lines = Buffer.from("a line of words, of forty bytes in all.\n".repeat(1000));
  const sizes = cutPassages(lines, 16_000).map((passage) => passage.length);
  expect(sizes).toEqual([13_320, 13_320, 13_360]);
});

test("the hash looks past white space, and at everything else", () => {
  const key = (text: string, seed = 1) => hashPassage(Buffer.from(text), seed).key;
  expect(key("one two\nthree")).toBe(key("  one\n\n two \t three\n"));
  expect(key("one two")).not.toBe(key("onetwo"));
  expect(key("one two")).not.toBe(key("One two"));
});

test("the side is uniform, and the seed's", () => {
  const uniforms = Array.from(
    { length: 2000 },
    (_, i) => hashPassage(Buffer.from(`passage ${i}`), 1).uniform,
  );
  // Binomial: 100 expected below 0.05, standard deviation 9.7.
  const below = uniforms.filter((uniform) => uniform < 0.05).length;
  expect(Math.abs(below - 100)).toBeLessThan(40);
  expect(hashPassage(Buffer.from("passage 0"), 2).uniform).not.toBe(uniforms[0]);
});
