/**
 * @file Recall over distance: pairs of random words, then the first word of one of them; its partner is the
 * answer. All choices are partners in the same list, so that knowing which words were there is worth nothing.
 */

import { Random } from "../math/random.ts";
import type { Item, Task, TaskGround } from "./task.ts";
import { tokenWords } from "./words.ts";

const NUM_CHOICES = 4;
/** " key value;" */
const TOKENS_PER_PAIR = 3;
/** The end of text in front, the key asked for. */
const OTHER_TOKENS = 2;
/** Pairs between the one asked for and the question: distances of 2, 5, 11, 23, 47 and 95 tokens. */
const PAIRS_BETWEEN = [0, 1, 3, 7, 15, 31];

/** Equal shares of every distance that fits. */
export function recallTask(ground: TaskGround): Task {
  const words = tokenWords(ground);
  const mostPairs = Math.min(
    Math.floor((ground.sequenceLength - OTHER_TOKENS) / TOKENS_PER_PAIR),
    Math.floor(words.length / 2),
  );
  const fitting = PAIRS_BETWEEN.filter((between) => Math.max(NUM_CHOICES, between + 1) <= mostPairs);
  const farthest = fitting.at(-1);
  // Lists of one length for all distances: what differs is where in the list the pair stands.
  const numPairs = Math.max(NUM_CHOICES, (farthest ?? 0) + 1);
  const random = new Random(ground.seed, "tasks.recall");
  return {
    name: "recall",
    question: `the partner of a word in a list of ${numPairs} pairs, among ${NUM_CHOICES} of the list`,
    kind: "choice",
    items:
      farthest === undefined
        ? []
        : Array.from({ length: ground.numItems }, (_, i) =>
            recallItem(random, words, numPairs, fitting[i % fitting.length]!, `list ${i}`),
          ),
    notes: noteOn(fitting, ground.sequenceLength),
  };
}

function recallItem(
  random: Random,
  words: readonly string[],
  numPairs: number,
  between: number,
  cluster: string,
): Item {
  const drawn = random.shuffle([...words]).slice(0, 2 * numPairs);
  const pairs = Array.from({ length: numPairs }, (_, i) => [drawn[2 * i]!, drawn[2 * i + 1]!] as const);
  const asked = numPairs - 1 - between;
  const others = random.shuffle(pairs.filter((_, i) => i !== asked).map(([, value]) => value));
  const answer = random.integer(NUM_CHOICES);
  const choices = others.slice(0, NUM_CHOICES - 1).toSpliced(answer, 0, pairs[asked]![1]);
  return {
    context: `${pairs.map(([key, value]) => ` ${key} ${value};`).join("")} ${pairs[asked]![0]}`,
    choices: choices.map((choice) => ` ${choice}`),
    answer,
    cluster,
    group: `distance ${distanceOf(between)}`,
  };
}

/** Tokens from the value in the list to the key that asks for it. */
function distanceOf(between: number): number {
  return 2 + TOKENS_PER_PAIR * between;
}

function noteOn(fitting: readonly number[], sequenceLength: number): readonly string[] {
  const left = PAIRS_BETWEEN.slice(fitting.length).map(distanceOf);
  if (fitting.length === 0) return [`no items: ${sequenceLength} tokens of context hold no list`];
  if (left.length === 0) return [];
  return [`distances of ${left.join(" and ")} tokens do not fit into ${sequenceLength} tokens of context`];
}
