/** @file The words of held-out text: how often each occurs, which are one token, and the passages. */

import type { TokenSource } from "../corpus/corpus.ts";
import type { Tokenizer } from "../corpus/tokenizer.ts";
import { END_OF_TEXT_ID } from "../corpus/vocabulary.ts";
import type { TaskGround } from "./task.ts";

/** Held-out text of a corpus, cut where its passages begin. Reads no training tokens. */
export function heldOutPassages(
  sources: readonly Pick<TokenSource, "heldOut">[],
  tokenizer: Tokenizer,
): readonly string[] {
  return sources.flatMap(({ heldOut }) => {
    const starts = [...heldOut.keys()].filter((i) => heldOut[i] === END_OF_TEXT_ID);
    return starts.map((start, i) => tokenizer.decode(heldOut.subarray(start + 1, starts[i + 1])));
  });
}

/** Lower-case words of letters alone, the commonest first; equals in the order of the alphabet. */
export function wordCounts(passages: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const passage of passages)
    for (const [word] of passage.matchAll(/(?<![\p{L}\p{M}'’-])\p{Ll}+(?![\p{L}\p{M}'’-])/gu))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Map([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}

/** The most frequent words bind sentences rather than mean something; so many are passed over. */
const NUM_FUNCTION_WORDS = 40;
const SHORTEST_WORD = 3;

/** Words with a meaning that the model reads as one token after a blank, the commonest first. */
export function tokenWords({ passages, lengthOf }: TaskGround, atLeast = 3): readonly string[] {
  return [...wordCounts(passages)]
    .slice(NUM_FUNCTION_WORDS)
    .filter(
      ([word, count]) => count >= atLeast && [...word].length >= SHORTEST_WORD && lengthOf(` ${word}`) === 1,
    )
    .map(([word]) => word);
}
