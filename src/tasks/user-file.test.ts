import { describe, expect, test } from "vitest";
import { parseTaskFile } from "./user-file.ts";

const lines = (...items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).join("\n");
const good = { context: "One, two,", choices: ["three", "four"], answer: 0 };

describe("a file of items", () => {
  test("takes an answer as an index, a letter or the choice itself", () => {
    const answers = [1, "1", "B", "four"].map((answer) => ({ ...good, answer }));
    const { kind, items } = parseTaskFile(lines(...answers), "counting.jsonl");
    expect(kind).toBe("choice");
    expect(items.map(({ answer }) => answer)).toEqual([1, 1, 1, 1]);
    expect(items[0]).toMatchObject({ context: "One, two,", choices: [" three", " four"] });
  });

  test("takes the choice itself before an index, where choices are numbers", () => {
    const item = { context: "1 + 1 =", choices: ["2", "1"], answer: "1" };
    expect(parseTaskFile(lines(item, item), "sums.jsonl").items[0]!.answer).toBe(1);
  });

  test("takes the harness's names, and open clozes", () => {
    const query = { query: "A?\n", choices: ["x", "y"], gold: [1], id: "extra keys are no harm" };
    expect(parseTaskFile(lines(query, query), "q.jsonl").items[0]).toMatchObject({
      context: "A?\n",
      choices: ["x", "y"],
      answer: 1,
    });
    const cloze = { text: "The capital of France is", answer: "Paris" };
    expect(parseTaskFile(lines(cloze, cloze), "capitals.jsonl")).toMatchObject({
      name: "capitals",
      kind: "open",
      items: [{ context: "The capital of France is", choices: [" Paris"], answer: 0 }, {}],
    });
  });

  test("reads lines however they end, and passes over empty ones", () => {
    const content = `\uFEFF${JSON.stringify(good)}\r\n\r\n${JSON.stringify(good)}\r\n`;
    expect(parseTaskFile(content, "f.jsonl").items.map(({ cluster }) => cluster)).toEqual([
      "line 1 of f.jsonl",
      "line 3 of f.jsonl",
    ]);
  });

  test.each([
    ["no JSON", `${lines(good)}\n{"context"`, "line 2 of f.jsonl is not JSON"],
    ["a missing key", lines(good, { context: "a", choices: ["b", "c"] }), "line 2 of f.jsonl: answer"],
    ["one choice", lines({ ...good, choices: ["three"] }, good), "line 1 of f.jsonl: choices"],
    ["equal choices", lines(good, { ...good, choices: ["a", "a"] }), "line 2 of f.jsonl: two equal choices"],
    ["an answer out of range", lines(good, good, { ...good, answer: 2 }), 'line 3 of f.jsonl: "answer" is 2'],
    ["a letter out of range", lines({ ...good, answer: "C" }, good), 'line 1 of f.jsonl: "answer" is "C"'],
    ["no object", "[1]\n2", "line 1 of f.jsonl"],
    ["mixed kinds", lines(good, { text: "a", answer: "b" }), "line 2 of f.jsonl is a cloze"],
    ["one item", lines(good), "f.jsonl has one item"],
    ["nothing", "\n", "f.jsonl has no items"],
  ])("is refused with its line for %s", (_, content, message) => {
    expect(() => parseTaskFile(content, "f.jsonl")).toThrow(message);
  });
});
