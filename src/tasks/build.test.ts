import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Tokenizer } from "../corpus/tokenizer.ts";
import { END_OF_TEXT_ID } from "../corpus/vocabulary.ts";
import { agreementTask } from "./agreement.ts";
import { buildTasks } from "./build.ts";
import { clozeTasks } from "./cloze.ts";
import { copyTask } from "./copy.ts";
import { englishPassages, wordGround } from "./fixture.ts";
import { recallTask } from "./recall.ts";
import { chanceOf, type TaskGround } from "./task.ts";
import { heldOutPassages, tokenWords, wordCounts } from "./words.ts";

const allTasks = (ground: TaskGround) => [
  ...clozeTasks(ground),
  agreementTask(ground),
  copyTask(ground),
  recallTask(ground),
];

describe("every task", () => {
  test("has the same items for the same seed, others for another", () => {
    expect(allTasks(wordGround())).toEqual(allTasks(wordGround()));
    for (const [i, task] of allTasks(wordGround({ seed: 2 })).entries())
      expect(task.items).not.toEqual(allTasks(wordGround())[i]!.items);
  });

  test("has the answer among distinct choices", () => {
    fc.assert(
      fc.property(fc.nat(1000), (seed) => {
        for (const { items } of allTasks(wordGround({ seed }))) {
          expect(items.length).toBeGreaterThan(10);
          for (const { choices, answer } of items) {
            expect(answer).toBeLessThan(choices.length);
            expect(new Set(choices).size).toBe(choices.length);
            for (const choice of choices) expect(choice).toMatch(/^ \S/);
          }
        }
      }),
      { numRuns: 10 },
    );
  });

  test("puts the answer in no favourite place", () => {
    const seeds = Array.from({ length: 12 }, (_, seed) => allTasks(wordGround({ seed })));
    for (const [which, { kind, name }] of seeds[0]!.entries()) {
      const items = seeds.flatMap((tasks) => tasks[which]!.items);
      const numPlaces = kind === "open" ? 1 : items[0]!.choices.length;
      for (let place = 0; place < numPlaces; place++) {
        const share = items.filter(({ answer }) => answer === place).length / items.length;
        expect(share, `${name}, place ${place}`).toBeGreaterThan(0.6 / numPlaces);
      }
    }
  });

  test("fits into the model's sequence, continuation and all", () => {
    const ground = wordGround({ sequenceLength: 40 });
    for (const { items } of allTasks(ground))
      for (const { context, choices } of items)
        for (const choice of choices) expect(ground.lengthOf(context + choice)).toBeLessThanOrEqual(40);
  });

  test("reads no training text", () => {
    const tokenizer = new Tokenizer([]);
    const passages = englishPassages(20);
    const source = {
      heldOut: Uint16Array.from(passages.flatMap((text) => [END_OF_TEXT_ID, ...tokenizer.encode(text)])),
      get train(): Uint16Array {
        throw new Error("the training split was read");
      },
    };
    expect(heldOutPassages([source], tokenizer)).toEqual(passages);
    const options = { sequenceLength: 512, seed: 1, numItems: 12 };
    const [agreement] = buildTasks(["agreement"], { tokenizer, sources: [source] }, options);
    expect(agreement!.items).toHaveLength(12);
  });

  test("is known by name, or refused", () => {
    const corpus = { tokenizer: new Tokenizer([]), sources: [] };
    expect(() => buildTasks(["claze"], corpus, { sequenceLength: 64, seed: 1, numItems: 6 })).toThrow(
      'the task "claze"',
    );
  });
});

describe("words", () => {
  test("are counted whole, in lower case alone, the commonest first", () => {
    expect([...wordCounts(["The sea, the sea; don't re-enter the Sea."])]).toEqual([
      ["sea", 2],
      ["the", 2],
    ]);
  });
});

describe("cloze", () => {
  test("cuts real sentences before their last word, and draws distractors of like frequency", () => {
    const ground = wordGround();
    const [open, choice] = clozeTasks(ground);
    const words = tokenWords(ground);
    const text = ground.passages.join("\n");
    for (const [i, { context, choices, answer, cluster }] of choice!.items.entries()) {
      const passage = ground.passages[Number(cluster.replace("passage ", ""))]!;
      expect(passage).toContain(`${context}${choices[answer]!}.`);
      expect(text).toContain(context);
      expect(choices.every((each) => words.includes(each.trim()))).toBe(true);
      expect(open!.items[i]).toMatchObject({ context, choices: [choices[answer]], answer: 0 });
    }
  });

  test("says so where no sentence ends in a word of one token", () => {
    const [open] = clozeTasks(wordGround({ lengthOf: (text) => text.length }));
    expect(open!.items).toEqual([]);
    expect(open!.notes[0]).toMatch(/^0 items: the held-out text has no more sentences/);
  });
});

describe("agreement", () => {
  const { items } = agreementTask(wordGround());

  test("has as many singulars as plurals of each kind, so that a fixed taste scores half", () => {
    const groups = Map.groupBy(items, ({ group }) => group);
    expect([...groups.keys()]).toEqual(["subject and verb", "determiner and noun", "in held-out text"]);
    for (const group of groups.values()) {
      expect(group).toHaveLength(20);
      expect(group.filter(({ answer }) => answer === 0)).toHaveLength(10);
    }
  });

  test("asks what grammar decides", () => {
    const right = (pattern: RegExp) => items.find(({ context }) => pattern.test(context));
    const plural = right(/\b(king|ship|house|river|letter|garden|soldier|window|bridge|star)s$/)!;
    expect(plural.choices[plural.answer]).toMatch(/^ (are|were|have)$/);
    const singular = right(/ (this|every|each)$/)!;
    expect(singular.choices[singular.answer]).not.toMatch(/s$/);
  });

  test("takes held-out pairs as they stand in the text", () => {
    const text = wordGround().passages.join("\n");
    const real = items.filter(({ group }) => group === "in held-out text");
    for (const { context, choices, answer } of real) expect(text).toContain(context + choices[answer]!);
  });

  test("finds no nouns where there is no English, and says so", () => {
    const task = agreementTask(wordGround({ passages: ["el rey y las reinas. ".repeat(50)] }));
    expect(task.items).toEqual([]);
    expect(task.notes[0]).toMatch(/^no items: 0 English nouns/);
  });
});

describe("copy", () => {
  test("offers the same words in every choice, the right one in the order of the first copy", () => {
    const task = copyTask(wordGround());
    for (const { context, choices, answer } of task.items) {
      const [first, again] = context.split(".") as [string, string];
      expect(first).toBe(`${again}${choices[answer]!}`);
      const bags = choices.map((choice) => choice.trim().split(" ").sort().join(" "));
      expect(new Set(bags).size).toBe(1);
    }
    expect(chanceOf(task)).toBe(0.25);
  });

  test("says so where two copies do not fit", () => {
    expect(copyTask(wordGround({ sequenceLength: 9 }))).toMatchObject({ items: [] });
  });
});

describe("recall", () => {
  test("asks for the partner of the key, at the distance that it says", () => {
    const { items } = recallTask(wordGround());
    for (const { context, choices, answer, group } of items) {
      const pairs = context
        .split(";")
        .slice(0, -1)
        .map((pair) => pair.trim().split(" "));
      const key = context.split(";").at(-1)!.trim();
      const at = pairs.findIndex(([first]) => first === key);
      expect(choices[answer]).toBe(` ${pairs[at]![1]}`);
      // One token for each word and each semicolon, between the value and the key that asks.
      expect(group).toBe(`distance ${3 * (pairs.length - 1 - at) + 2}`);
      const values = new Set(pairs.map(([, value]) => ` ${value}`));
      expect(choices.every((choice) => values.has(choice))).toBe(true);
    }
  });

  test("names the distances that do not fit", () => {
    const { items, notes } = recallTask(wordGround({ sequenceLength: 24 }));
    expect(new Set(items.map(({ group }) => group))).toEqual(
      new Set(["distance 2", "distance 5", "distance 11"]),
    );
    expect(notes).toEqual(["distances of 23 and 47 and 95 tokens do not fit into 24 tokens of context"]);
  });
});
