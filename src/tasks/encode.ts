/** @file Items as token rows: which tokens are scored, and what is cut where the model sees less. */

import type { Tokenizer } from "../corpus/tokenizer.ts";
import { END_OF_TEXT_ID } from "../corpus/vocabulary.ts";
import type { Item } from "./task.ts";

/** Tokens that the model reads; those from `from` on are scored. */
export type TokenRow = {
  readonly tokens: readonly number[];
  readonly from: number;
};

/** An item in tokens. */
export type EncodedItem =
  | {
      readonly kind: "fits" | "cut";
      readonly rows: readonly TokenRow[];
      readonly choiceBytes: readonly number[];
    }
  /** A choice alone has more tokens than the model sees. */
  | { readonly kind: "too long" };

/**
 * One row a choice: end of text, context, choice, encoded together, since that is how the model reads text; a
 * token that reaches over the border is scored with the choice, and so is white space at the end of the
 * context. Too long a context loses its beginning, the same tokens for every choice.
 */
export function encodeItem(item: Item, tokenizer: Tokenizer, sequenceLength: number): EncodedItem {
  const context = item.context.trimEnd();
  const contextBytes = Buffer.byteLength(context);
  const blank = item.context.slice(context.length);
  const rows = item.choices.map((choice): TokenRow => {
    const tokens = [...tokenizer.encode(context + blank + choice)];
    let [from, bytes] = [0, 0];
    while (from < tokens.length && bytes + tokenizer.tokenBytes[tokens[from]!]! <= contextBytes)
      bytes += tokenizer.tokenBytes[tokens[from++]!]!;
    return { tokens: [END_OF_TEXT_ID, ...tokens], from: from + 1 };
  });
  const choiceBytes = item.choices.map((choice) => Buffer.byteLength(blank + choice));
  // T tokens are read, and T are predicted: a row may have T + 1.
  const numDropped = Math.max(0, ...rows.map(({ tokens }) => tokens.length - sequenceLength - 1));
  if (rows.some(({ from }) => from - numDropped < 1)) return { kind: "too long" };
  if (numDropped === 0) return { kind: "fits", rows, choiceBytes };
  const cut = rows.map(({ tokens, from }) => ({ tokens: tokens.slice(numDropped), from: from - numDropped }));
  // The end of text that goes first is no text.
  return { kind: numDropped > 1 ? "cut" : "fits", rows: cut, choiceBytes };
}
