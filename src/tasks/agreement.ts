/**
 * @file Minimal pairs of agreement in number (after BLiMP, arXiv 1912.00582): two continuations that differ
 * in one word, of which grammar allows one. Nouns come from the held-out text; every kind has as many
 * singulars as plurals, so that a fixed taste scores half. English only: in other text no nouns are found,
 * and the task says so.
 */

import { Random } from "../math/random.ts";
import type { Item, Task, TaskGround } from "./task.ts";
import { wordCounts } from "./words.ts";

type Noun = {
  readonly singular: string;
  readonly plural: string;
};

type Grammar = keyof Noun;

const VERBS: readonly Readonly<Record<Grammar, string>>[] = [
  { singular: "is", plural: "are" },
  { singular: "was", plural: "were" },
  { singular: "has", plural: "have" },
];
/** "that" is left out: it joins clauses too. */
const DETERMINERS: Readonly<Record<Grammar, readonly string[]>> = {
  singular: ["this", "every", "each", "a", "an", "another"],
  plural: ["these", "those", "many", "several", "few", "two", "three"],
};
const TEMPLATE_DETERMINERS: readonly Readonly<Record<Grammar, string>>[] = [
  { singular: "this", plural: "these" },
  { singular: "every", plural: "many" },
];
const SUBJECT_STARTS = ["The", "And the", "It is said that the", "I know that the"];
const OBJECT_STARTS = ["They speak of", "I know", "We have seen", "He thought of"];
const FEWEST_NOUNS = 8;
/** Text of a held-out sentence before the pair. */
const CONTEXT_CHARACTERS = 120;

export function agreementTask(ground: TaskGround): Task {
  const random = new Random(ground.seed, "tasks.agreement");
  const nouns = nounsOf(ground.passages);
  const enough = nouns.length >= FEWEST_NOUNS;
  // Three kinds, each with as many singulars as plurals.
  const share = 2 * Math.floor(ground.numItems / 6);
  const kinds = enough
    ? [
        balanced(random, subjectVerb(random, nouns), share),
        balanced(random, determinerNoun(random, nouns), share),
        balanced(random, heldOutPairs(ground.passages, nouns), share),
      ]
    : [];
  const items = kinds.flat();
  return {
    name: "agreement",
    question: "which of two words agrees in number",
    kind: "choice",
    items,
    notes: enough
      ? items.length < 3 * share
        ? [`${items.length} items: the held-out text has no more nouns (${nouns.length}) or pairs`]
        : []
      : [
          `no items: ${nouns.length} English nouns found in both numbers in the held-out text, ` +
            `${FEWEST_NOUNS} are needed`,
        ],
  };
}

type PairItem = Item & { readonly number: Grammar };

const NUMBERS: readonly Grammar[] = ["singular", "plural"];

/** Words that stand with and without -s, after determiners of both numbers: verbs ("says") do not. */
function nounsOf(passages: readonly string[]): readonly Noun[] {
  const counts = wordCounts(passages);
  const after = (grammar: Grammar) =>
    wordCountsAfter(passages, new RegExp(`\\b(?:${DETERMINERS[grammar].join("|")}) (\\p{Ll}+)\\b`, "giu"));
  const [singulars, plurals] = [after("singular"), after("plural")];
  return [...counts.keys()].flatMap((singular) => {
    const plural = `${singular}s`;
    const occurs = Math.min(counts.get(singular)!, counts.get(plural) ?? 0) >= 3;
    return occurs && singulars.has(singular) && plurals.has(plural) && !plurals.has(singular)
      ? [{ singular, plural }]
      : [];
  });
}

function wordCountsAfter(passages: readonly string[], pattern: RegExp): ReadonlySet<string> {
  return new Set(passages.flatMap((passage) => [...passage.matchAll(pattern)].map(([, word]) => word!)));
}

/** "The kings" + " are" or " is". */
function subjectVerb(random: Random, nouns: readonly Noun[]): PairItem[] {
  return nouns.flatMap((noun) =>
    NUMBERS.flatMap((number) =>
      VERBS.map((verb) => {
        const start = random.pick(SUBJECT_STARTS);
        return pairItem(
          `${start} ${noun[number]}`,
          verb,
          number,
          `noun ${noun.singular}`,
          "subject and verb",
        );
      }),
    ),
  );
}

/** "I know these" + " kings" or " king". */
function determinerNoun(random: Random, nouns: readonly Noun[]): PairItem[] {
  return nouns.flatMap((noun) =>
    NUMBERS.flatMap((number) =>
      TEMPLATE_DETERMINERS.map((determiner) => {
        const start = random.pick(OBJECT_STARTS);
        const context = `${start} ${determiner[number]}`;
        return pairItem(context, noun, number, `noun ${noun.singular}`, "determiner and noun");
      }),
    ),
  );
}

/** Real sentences in which a noun stands next to its determiner or its verb, and agrees with it. */
function heldOutPairs(passages: readonly string[], nouns: readonly Noun[]): PairItem[] {
  const known = new Map(nouns.flatMap((noun) => NUMBERS.map((number) => [noun[number], { noun, number }])));
  const determined = /\b(?:this|every|each|these|those|many|several) (\p{Ll}+)\b/gu;
  const subject = /\b[Tt]he (\p{Ll}+) (is|are|was|were|has|have)\b/gu;
  return passages.flatMap((text, passage) => {
    const cluster = `passage ${passage}`;
    const pair = (index: number, pair: Readonly<Record<Grammar, string>>, number: Grammar) =>
      pairItem(contextBefore(text, index), pair, number, cluster, "in held-out text");
    const nounsAfter = [...text.matchAll(determined)].flatMap(({ 0: whole, 1: word, index }) => {
      const found = known.get(word!);
      const determiner = whole.slice(0, whole.indexOf(" "));
      if (!found || !DETERMINERS[found.number].includes(determiner)) return [];
      return [pair(index + determiner.length, found.noun, found.number)];
    });
    const verbsAfter = [...text.matchAll(subject)].flatMap(({ 0: whole, 1: word, 2: verb, index }) => {
      const found = known.get(word!);
      const forms = found && VERBS.find((verbs) => verbs[found.number] === verb);
      return forms ? [pair(index + whole.lastIndexOf(" "), forms, found.number)] : [];
    });
    return [...nounsAfter, ...verbsAfter];
  });
}

function contextBefore(text: string, end: number): string {
  const start = Math.max(0, end - CONTEXT_CHARACTERS);
  const cut = start === 0 ? 0 : text.slice(start, end).search(/\s/) + 1;
  return text.slice(start + cut, end);
}

/** The singular is choice 0 throughout: the model sees one choice at a time, so their order says nothing. */
function pairItem(
  context: string,
  pair: Readonly<Record<Grammar, string>>,
  number: Grammar,
  cluster: string,
  group: string,
): PairItem {
  const choices = NUMBERS.map((each) => ` ${pair[each]}`);
  return { context, choices, answer: NUMBERS.indexOf(number), cluster, group, number };
}

/** At most `most` items, half of each number. */
function balanced(random: Random, items: readonly PairItem[], most: number): readonly Item[] {
  const sides = NUMBERS.map((number) => random.shuffle(items.filter((item) => item.number === number)));
  const each = Math.min(Math.floor(most / 2), ...sides.map((side) => side.length));
  return sides.flatMap((side) => side.slice(0, each).map(({ number: _, ...item }) => item));
}
