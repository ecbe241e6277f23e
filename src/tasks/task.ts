/** @file What a downstream task is: items with a context, continuations, and where each comes from. */

/** One question. A continuation follows the context without a blank of its own: choices bring theirs. */
export type Item = {
  readonly context: string;
  /** One continuation where the answer is open. */
  readonly choices: readonly string[];
  /** Index of the right choice. */
  readonly answer: number;
  /** Items of one cluster share a source (a passage, a noun), and so their luck: intervals count clusters. */
  readonly cluster: string;
  /** Scored apart as well: a kind of agreement, a distance. Empty where there is one kind only. */
  readonly group: string;
};

/** A question put many times, each time with its answer. */
export type Task = {
  readonly name: string;
  /** What the model is asked, in words. */
  readonly question: string;
  /** "choice": the right one must be the likeliest of several; "open": of all texts. */
  readonly kind: "choice" | "open";
  readonly items: readonly Item[];
  /** What a reader of the score has to know: fewer items than asked, distances that do not fit. */
  readonly notes: readonly string[];
};

/** What tasks are made from; nothing in it is of the training split. */
export type TaskGround = {
  /** Held-out passages, source by source. */
  readonly passages: readonly string[];
  /** Numbers of tokens of a text. */
  readonly lengthOf: (text: string) => number;
  /** Tokens that the model sees at once. */
  readonly sequenceLength: number;
  readonly seed: number;
  /** Items wanted of each task. */
  readonly numItems: number;
};

/** Expected accuracy of an answer drawn at random. */
export function chanceOf({ kind, items }: Task): number {
  if (kind === "open") return 0;
  return items.reduce((sum, { choices }) => sum + 1 / choices.length, 0) / items.length;
}
