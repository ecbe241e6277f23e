import { describe, expect, test } from "vitest";
import { Tokenizer } from "../corpus/tokenizer.ts";
import { alphabetModel, randomModel, uniformModel } from "./fixture.ts";
import { encodeTask, scoreTask } from "./score.ts";
import { Scorer } from "./scorer.ts";
import type { Task } from "./task.ts";

const tokenizer = new Tokenizer([]);
const options = { numThreads: 1 };

function task(kind: Task["kind"], items: readonly (readonly [string, readonly string[], number])[]): Task {
  return {
    name: "test",
    question: "",
    kind,
    notes: [],
    items: items.map(([context, choices, answer], i) => ({
      context,
      choices,
      answer,
      cluster: `item ${i}`,
      group: i % 2 === 0 ? "even" : "odd",
    })),
  };
}

const alphabet = task("choice", [
  ["abc", ["def", "fed", "xyz"], 0],
  ["m", ["zz", "no", "on"], 1],
  ["", ["cba", "ace", "abc"], 2],
  ["jk", ["lm", "mn", "kl"], 0],
]);

describe("the uniform model", () => {
  test("scores chance, log2 of the vocabulary for each byte, and no margin", async () => {
    const score = await scoreTask(new Scorer(uniformModel(32), options), encodeTask(alphabet, tokenizer, 32));
    expect(score.accuracy.median).toBeCloseTo(1 / 3, 12);
    expect(score.accuracyPerByte!.median).toBeCloseTo(1 / 3, 12);
    expect(score.chance).toBeCloseTo(1 / 3, 12);
    expect(score.bitsPerByte.median).toBeCloseTo(Math.log2(257), 5);
    expect(score.marginBitsPerByte!.median).toBeCloseTo(0, 5);
  });

  test("prefers the shorter choice by its sum, and neither by its bytes", async () => {
    const lengths = task("choice", [
      ["a", ["bb", "cccc"], 1],
      ["b", ["dd", "eeee"], 1],
    ]);
    const score = await scoreTask(new Scorer(uniformModel(32), options), encodeTask(lengths, tokenizer, 32));
    expect(score.accuracy.median).toBe(0);
    expect(score.accuracyPerByte!.median).toBe(0.5);
    expect(score.marginBitsPerByte!.median).toBeCloseTo(-Math.log2(257) / 2, 5);
  });

  test("has no likeliest token, and so no open answer right", async () => {
    const open = task("open", [
      ["ab", ["c"], 0],
      ["bc", ["d"], 0],
    ]);
    const score = await scoreTask(new Scorer(uniformModel(32), options), encodeTask(open, tokenizer, 32));
    expect(score.accuracy.median).toBe(0);
    expect(score.accuracyPerByte).toBeNull();
  });
});

describe("the model that knows the alphabet", () => {
  const scorer = new Scorer(alphabetModel(32), options);

  test("chooses what the alphabet says, whatever the order of choices", async () => {
    const score = await scoreTask(scorer, encodeTask(alphabet, tokenizer, 32));
    expect(score.accuracy).toMatchObject({ median: 1, hi: 1 });
    expect(score.accuracy.lo).toBeGreaterThan(0.3);
    expect(score.marginBitsPerByte!.lo).toBeGreaterThan(0);
    expect(score.bitsPerByte.median).toBeLessThan(Math.log2(257) / 2);
    expect(score.groups.map(({ group, numItems }) => [group, numItems])).toEqual([
      ["even", 2],
      ["odd", 2],
    ]);
  });

  test("answers openly where every token of the answer is the likeliest", async () => {
    const open = task("open", [
      ["ab", ["cde"], 0],
      ["ab", ["cdx"], 0],
    ]);
    expect((await scoreTask(scorer, encodeTask(open, tokenizer, 32))).accuracy.median).toBe(0.5);
  });
});

describe("scores of rows", () => {
  const scorer = new Scorer(randomModel(40, 7), options);
  const encode = (text: string) => [256, ...tokenizer.encode(text)];

  test("obey the chain rule", async () => {
    const tokens = encode("any text at all");
    const whole = { tokens, from: 1 };
    const steps = tokens.slice(1).map((_, i) => ({ tokens: tokens.slice(0, i + 2), from: i + 1 }));
    const [all, ...each] = await scorer.score([whole, ...steps], { greedy: false });
    expect(each.reduce((sum, { nats }) => sum + nats, 0)).toBeCloseTo(all!.nats, 3);
    expect(Math.abs(all!.nats - (tokens.length - 1) * Math.log(257))).toBeGreaterThan(0.05);
  });

  test("do not depend on company or on threads", async () => {
    const rows = ["short", "a row of middling length", "the longest of all rows that fit in"].map((text) => ({
      tokens: encode(text),
      from: 3,
    }));
    const crowd = await scorer.score(Array.from({ length: 40 }, () => rows).flat(), { greedy: false });
    const threaded = new Scorer(randomModel(40, 7), { numThreads: 2 });
    for (const [i, row] of rows.entries()) {
      const [alone] = await threaded.score([row], { greedy: false });
      for (let k = i; k < crowd.length; k += rows.length) expect(crowd[k]!.nats).toBeCloseTo(alone!.nats, 4);
    }
  });
});

test("items too long for the model are cut and counted, or left out and counted", () => {
  const long = task("choice", [
    ["a".repeat(30), ["b", "c"], 0],
    ["a", ["b", "c"], 0],
    ["a", ["b", "c".repeat(40)], 0],
  ]);
  expect(encodeTask(long, tokenizer, 16)).toMatchObject({ numCut: 1, numTooLong: 1 });
  expect(() => encodeTask({ ...long, items: long.items.slice(1) }, tokenizer, 16)).toThrow(
    "1 of 2 items of task test fit into 16 tokens",
  );
});
