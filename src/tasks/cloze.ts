/**
 * @file Last-word cloze: a stretch of held-out text up to the last word of a sentence, which is the answer.
 * Asked openly, as in LAMBADA (arXiv 1606.06031), and as a choice among words that are about as frequent, so
 * that frequency alone is worth nothing.
 */

import { Random } from "../math/random.ts";
import type { Item, Task, TaskGround } from "./task.ts";
import { tokenWords } from "./words.ts";

const NUM_CHOICES = 4;
/** Distractors are drawn from so many neighbours of the answer in the list of frequencies. */
const NUM_NEIGHBOURS = 24;
/** Characters of text that a token hardly ever exceeds on average; what is too much is cut by tokens. */
const CHARACTERS_PER_TOKEN = 8;
/** With less before it, nobody could guess. */
const LEAST_CONTEXT_CHARACTERS = 60;

/** Both tasks, of the same passages and words. */
export function clozeTasks(ground: TaskGround): readonly Task[] {
  const words = tokenWords(ground);
  const random = new Random(ground.seed, "tasks.cloze");
  const places = random.shuffle(placesOf(ground, words));
  const items = (words.length < NUM_CHOICES ? [] : places.slice(0, ground.numItems)).map(
    ({ context, word, passage }): Item => {
      const others = random.shuffle(neighboursOf(words, word)).slice(0, NUM_CHOICES - 1);
      const answer = random.integer(NUM_CHOICES);
      const choices = others.toSpliced(answer, 0, word).map((choice) => ` ${choice}`);
      return { context, choices, answer, cluster: `passage ${passage}`, group: "" };
    },
  );
  const notes =
    items.length < ground.numItems
      ? [`${items.length} items: the held-out text has no more sentences that end in a word of one token`]
      : [];
  return [
    {
      name: "cloze",
      question: "the last word of a held-out sentence, among all texts",
      kind: "open",
      items: items.map((item) => ({ ...item, choices: [item.choices[item.answer]!], answer: 0 })),
      notes,
    },
    {
      name: "cloze-choice",
      question: `the last word of a held-out sentence, among ${NUM_CHOICES} of like frequency`,
      kind: "choice",
      items,
      notes,
    },
  ];
}

type Place = {
  readonly context: string;
  readonly word: string;
  readonly passage: number;
};

/** Every place where a sentence ends in one of the words. */
function placesOf({ passages, lengthOf, sequenceLength }: TaskGround, words: readonly string[]): Place[] {
  const known = new Set(words);
  return passages.flatMap((text, passage) =>
    [...text.matchAll(/(?<=\p{L},? )\p{Ll}+(?=[.!?])/gu)].flatMap(({ 0: word, index }) => {
      if (!known.has(word)) return [];
      // The blank before the word belongs to the continuation.
      const before = text.slice(Math.max(0, index - 1 - CHARACTERS_PER_TOKEN * sequenceLength), index - 1);
      const context = fitting(before, sequenceLength - 2, lengthOf);
      return context.length < LEAST_CONTEXT_CHARACTERS ? [] : [{ context, word, passage }];
    }),
  );
}

/** The longest end of a text that starts at a word and has at most so many tokens. */
function fitting(text: string, numTokens: number, lengthOf: TaskGround["lengthOf"]): string {
  const starts = [...text.matchAll(/(?<=\s)\S/g)].map(({ index }) => index);
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lengthOf(text.slice(starts[middle])) <= numTokens) high = middle;
    else low = middle + 1;
  }
  return low === starts.length ? "" : text.slice(starts[low]);
}

function neighboursOf(words: readonly string[], word: string): string[] {
  const rank = words.indexOf(word);
  const from = Math.max(0, Math.min(rank - NUM_NEIGHBOURS / 2, words.length - 1 - NUM_NEIGHBOURS));
  return words.slice(from, from + NUM_NEIGHBOURS + 1).filter((other) => other !== word);
}
