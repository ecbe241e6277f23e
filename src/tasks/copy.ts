/**
 * @file Copying: a string of random words, then the same again. What a model saves on the second copy it owes
 * to looking back, since the words follow no grammar (the induction heads of arXiv 2209.11895).
 */

import { Random } from "../math/random.ts";
import type { Item, Task, TaskGround } from "./task.ts";
import { tokenWords } from "./words.ts";

const NUM_CHOICES = 4;
/** Words of the string; fewer where the model sees less, the same for all longer ones. */
const NUM_WORDS = 16;
const FEWEST_WORDS = 4;
/** The end of text in front, the full stop between. */
const OTHER_TOKENS = 2;

/** The right choice continues the copy; the others are the same words in other orders. */
export function copyTask(ground: TaskGround): Task {
  const words = tokenWords(ground);
  const length = Math.min(NUM_WORDS, Math.floor((ground.sequenceLength - OTHER_TOKENS) / 2), words.length);
  const fits = length >= FEWEST_WORDS;
  const random = new Random(ground.seed, "tasks.copy");
  return {
    name: "copy",
    question: `the second copy of ${length} random words, among ${NUM_CHOICES} orders of them`,
    kind: "choice",
    items: fits
      ? Array.from({ length: ground.numItems }, (_, i) => copyItem(random, words, length, `string ${i}`))
      : [],
    notes: fits
      ? []
      : [
          `no items: ${ground.sequenceLength} tokens of context and ${words.length} words of one token, at ` +
            `least ${2 * FEWEST_WORDS + OTHER_TOKENS} and ${FEWEST_WORDS} are needed`,
        ],
  };
}

function copyItem(random: Random, words: readonly string[], length: number, cluster: string): Item {
  const [first, ...rest] = random.shuffle([...words]).slice(0, length);
  const orders = new Set([rest.join(" ")]);
  while (orders.size < NUM_CHOICES) orders.add(random.shuffle([...rest]).join(" "));
  const [right, ...wrong] = [...orders].map((order) => ` ${order}`);
  const answer = random.integer(NUM_CHOICES);
  return {
    context: ` ${first}${right}. ${first}`,
    choices: wrong.toSpliced(answer, 0, right!),
    answer,
    cluster,
    group: "",
  };
}
