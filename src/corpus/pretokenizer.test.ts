import fc from "fast-check";
import { expect, test } from "vitest";
import { wordEnd, wordPattern } from "./pretokenizer.ts";

function words(text: string): string[] {
  const bytes = Buffer.from(text);
  const found: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = wordEnd(bytes, start, bytes.length);
    found.push(bytes.toString("utf8", start, end));
    start = end;
  }
  return found;
}

/** The pattern as JavaScript has to spell it: its own `\s` has U+FEFF and lacks U+0085. */
const reference = new RegExp(
  wordPattern
    .replaceAll("[^\\s", "[^\\p{White_Space}")
    .replaceAll("\\s", "\\p{White_Space}")
    .replaceAll("\\S", "\\P{White_Space}"),
  "gu",
);

test("words of a sentence", () => {
  expect(words("I'll pay  $1,234.50 in 1865\n\n  they'VE said—naïve é́.")).toEqual(
    "I|'ll| pay| | $|1|,|2|3|4|.|5|0| in| |1|8|6|5|\n\n| | they|'VE| said|—naïve| é́|.".split("|"),
  );
});

test("words of a program: a bracket or a tab goes with its word, line ends with the sign before them", () => {
  expect(words("\tif (x) {\r\n\t\treturn;\n  }\n")).toEqual([
    "\tif",
    " (",
    "x",
    ")",
    " {\r\n",
    "\t",
    "\treturn",
    ";\n",
    " ",
    " }\n",
  ]);
});

test("the scanner is the pattern, on any text", () => {
  const pieces = fc.constantFrom(
    "'",
    "'ll",
    "'s",
    "'v",
    "'RE",
    "\r\n",
    "\r",
    " ",
    "  ",
    "\n",
    "\t",
    "\u0085",
    "\ufeff",
    "\u00a0",
    "\u3000",
    "a",
    "é",
    "e\u0301",
    "漢字",
    "१२३",
    "7",
    "²",
    "!",
    "…",
    "😀",
    "_",
    "\u200d",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (string) => {
      const whole = Buffer.from(string).toString("utf8");
      expect(words(whole)).toEqual(whole.match(reference) ?? []);
    }),
    { numRuns: 600 },
  );
});

test("every character of the basic plane is of the pattern's kind", () => {
  const characters = Array.from({ length: 0x1_0000 }, (_, i) => i)
    .filter((i) => i < 0xd800 || i > 0xdfff)
    .map((i) => `${String.fromCharCode(i)}a1 `);
  const text = characters.join("");
  expect(words(text)).toEqual(text.match(reference));
});
