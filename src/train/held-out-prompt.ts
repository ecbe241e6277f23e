/** @file How a sample begins: with the first words of a held-out passage, which the model has not read. */

import type { Corpus } from "../corpus/corpus.ts";
import { hash32 } from "../corpus/permutation.ts";
import { END_OF_TEXT_ID } from "../corpus/vocabulary.ts";

const PROMPT_TOKENS = 12;

/** Of the source with the largest share, a passage by the seed. */
export function heldOutPrompt(
  { sources, tokenizer }: Pick<Corpus, "sources" | "tokenizer">,
  seed: number,
): string {
  const { heldOut } = sources.reduce((a, b) => (b.share > a.share ? b : a));
  const starts: number[] = [];
  for (const [place, token] of heldOut.entries()) if (token === END_OF_TEXT_ID) starts.push(place + 1);
  const start = starts[hash32(seed) % starts.length]!;
  const end = heldOut.indexOf(END_OF_TEXT_ID, start);
  const tokens = heldOut.subarray(start, end < 0 ? undefined : end).subarray(0, PROMPT_TOKENS);
  // The last token may be the first bytes of a character.
  return tokenizer.decode(tokens).replace(/\ufffd+$/, "");
}
