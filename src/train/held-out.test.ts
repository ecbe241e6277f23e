import { expect, test } from "vitest";
import { Tokenizer } from "../corpus/tokenizer.ts";
import { END_OF_TEXT_ID } from "../corpus/vocabulary.ts";
import { mixtureOf } from "./held-out.ts";
import { heldOutPrompt } from "./held-out-prompt.ts";

test("the headline is the mixture's: each source weighs what it weighs in training", () => {
  const sums = [
    { nats: 200 * 4 * Math.LN2, tokens: 200, bytes: 400 },
    { nats: 100 * 2 * Math.LN2, tokens: 100, bytes: 400 },
  ];
  // Of eleven tokens ten are of the first source: 10 x 4 + 2 bits for 10 x 2 + 4 bytes.
  const { bitsPerByte, natsPerToken, ...counts } = mixtureOf(sums, [10 / 11, 1 / 11]);
  expect(bitsPerByte).toBeCloseTo(42 / 24, 12);
  expect(natsPerToken).toBeCloseTo((42 / 11) * Math.LN2, 12);
  expect(counts).toEqual({ numTokens: 300, numBytes: 800 });
  expect(mixtureOf(sums.slice(0, 1), [1])).toMatchObject({ natsPerToken: sums[0]!.nats / 200 });
});

test("a sample begins with the first words of a held-out passage of the largest source", () => {
  const tokenizer = new Tokenizer([]);
  const passages = (...texts: string[]) =>
    Uint16Array.from(texts.flatMap((text) => [END_OF_TEXT_ID, ...tokenizer.encode(text)]));
  const source = (share: number, heldOut: Uint16Array) => ({ name: "", share, train: heldOut, heldOut });
  const sources = [
    source(0.3, passages("never")),
    source(0.7, passages("short", "a grey morning", "elf Uhr dreißig")),
  ];
  const prompts = Array.from({ length: 40 }, (_, seed) => heldOutPrompt({ sources, tokenizer }, seed));
  expect(new Set(prompts)).toEqual(new Set(["short", "a grey morni", "elf Uhr drei"]));
  expect(heldOutPrompt({ sources, tokenizer }, 3)).toBe(prompts[3]);
  expect(heldOutPrompt({ sources: [source(1, passages("elf Uhr dröß"))], tokenizer }, 1)).toBe("elf Uhr drö");
});
