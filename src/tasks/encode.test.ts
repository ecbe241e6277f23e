import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Tokenizer } from "../corpus/tokenizer.ts";
import { END_OF_TEXT_ID, FIRST_MERGED_ID } from "../corpus/vocabulary.ts";
import { encodeItem } from "./encode.ts";

const bytes = new Tokenizer([]);
const item = (context: string, ...choices: readonly string[]) => ({
  context,
  choices,
  answer: 0,
  cluster: "a",
  group: "",
});
const text = (tokenizer: Tokenizer, tokens: readonly number[]) => tokenizer.decode(tokens);

describe("an item in tokens", () => {
  test("scores the choice and nothing of the context", () => {
    const encoded = encodeItem(item("ab", " cd"), bytes, 16);
    expect(encoded).toMatchObject({ kind: "fits", choiceBytes: [3] });
    if (encoded.kind === "too long") return;
    const [{ tokens, from }] = encoded.rows as [(typeof encoded.rows)[number]];
    expect(tokens[0]).toBe(END_OF_TEXT_ID);
    expect(text(bytes, tokens.slice(1, from))).toBe("ab");
    expect(text(bytes, tokens.slice(from))).toBe(" cd");
  });

  test("scores a token that reaches over the border with the choice", () => {
    const merged = new Tokenizer([{ left: 98, right: 99, id: FIRST_MERGED_ID }]); // "bc"
    const encoded = encodeItem(item("ab", "cd"), merged, 16);
    if (encoded.kind === "too long") throw new Error("it fits");
    const { tokens, from } = encoded.rows[0]!;
    expect(tokens.slice(from)).toEqual([FIRST_MERGED_ID, 100]);
  });

  test("gives white space at the end of the context to the choice", () => {
    const encoded = encodeItem(item("ab ", "cd"), bytes, 16);
    expect(encoded).toMatchObject({ choiceBytes: [3], rows: [{ from: 3 }] });
  });

  test("cuts a long context on the left, the same for every choice, and leaves out a choice that is too long", () => {
    const letters = fc.stringMatching(/^[a-z]{1,20}$/);
    fc.assert(
      fc.property(letters, fc.array(letters, { minLength: 1, maxLength: 3 }), (context, choices) => {
        const encoded = encodeItem(item(context, ...choices), bytes, 16);
        const longest = Math.max(...choices.map((choice) => choice.length));
        if (encoded.kind === "too long") return expect(longest).toBeGreaterThan(16);
        expect(longest).toBeLessThanOrEqual(16);
        expect(encoded.kind).toBe(context.length + longest > 17 ? "cut" : "fits");
        const contexts = encoded.rows.map(({ tokens, from }, i) => {
          expect(tokens.length).toBeLessThanOrEqual(17);
          expect(text(bytes, tokens.slice(from))).toBe(choices[i]);
          return tokens.slice(0, from).filter((token) => token !== END_OF_TEXT_ID);
        });
        expect(new Set(contexts.map(String)).size).toBe(1);
        expect(context.endsWith(text(bytes, contexts[0]!))).toBe(true);
        return undefined;
      }),
      { numRuns: 60 },
    );
  });
});
