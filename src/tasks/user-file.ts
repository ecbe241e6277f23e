/** @file Tasks that a user brings: a JSONL file of multiple-choice or cloze items, checked line by line. */

import { basename } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { parseJson } from "../input-file.ts";
import type { Item, Task } from "./task.ts";

const choicesSchema = z.array(z.string().min(1)).min(2);

/** An index from 0, the letter of a choice, or the choice itself. */
const answerSchema = z.union([z.int(), z.string()]);

const choiceSchema = z.object({ context: z.string(), choices: choicesSchema, answer: answerSchema });
const harnessSchema = z.object({
  query: z.string(),
  choices: choicesSchema,
  gold: z.union([answerSchema, z.tuple([z.int()])]),
});
const clozeSchema = z.object({ text: z.string().min(1), answer: z.string().min(1) });

const FORMS =
  '{"context", "choices", "answer"}, {"query", "choices", "gold"} or {"text", "answer"}, one JSON object a ' +
  "line";

const REMEDY = "mend or remove that line";

/** Reads the lines of `path`. Throws a `UserError` that names the line at fault. */
export function parseTaskFile(content: string, path: string): Task {
  const lines = content.replace(/^\uFEFF/, "").split(/\r?\n/);
  const items = lines.flatMap((line, i) =>
    line.trim() === "" ? [] : [itemOf(line, `line ${i + 1} of ${path}`)],
  );
  const first = items[0];
  if (first === undefined || items.length < 2)
    throw new UserError(
      `${path} has ${items.length === 0 ? "no items" : "one item"}`,
      "at least two, so that there is an interval to give",
      "add lines",
    );
  const isOpen = (item: Item) => item.choices.length === 1;
  const odd = items.find((item) => isOpen(item) !== isOpen(first));
  if (odd)
    throw new UserError(
      `${odd.cluster} is ${isOpen(odd) ? "a cloze" : "a choice"}, the items before it are not`,
      "one kind of item in a file, since their accuracies do not compare",
      "split the file in two",
    );
  return {
    name: basename(path).replace(/\.jsonl$/i, ""),
    question: `${items.length} items of ${basename(path)}`,
    kind: isOpen(first) ? "open" : "choice",
    items,
    notes: [],
  };
}

function itemOf(line: string, place: string): Item {
  const value = parseJson(line, place, FORMS, REMEDY);
  const has = (key: string) => typeof value === "object" && value !== null && key in value;
  if (has("query")) {
    const { query, choices, gold } = parse(harnessSchema, value, place);
    return choiceItem(query, choices, Array.isArray(gold) ? gold[0] : gold, "gold", place);
  }
  if (has("text") && !has("choices")) {
    const { text, answer } = parse(clozeSchema, value, place);
    return { context: text, choices: [joined(text, answer)], answer: 0, cluster: place, group: "" };
  }
  const { context, choices, answer } = parse(choiceSchema, value, place);
  return choiceItem(context, choices, answer, "answer", place);
}

function parse<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.join(".") || "the line"}: ${message}`,
  );
  throw new UserError(`${place}: ${problems.join("; ")}`, FORMS, REMEDY, {
    cause: parsed.error,
  });
}

function choiceItem(
  context: string,
  choices: readonly string[],
  answer: number | string,
  key: string,
  place: string,
): Item {
  if (new Set(choices).size < choices.length)
    throw new UserError(`${place}: two equal choices`, "choices that differ", REMEDY);
  return {
    context,
    choices: choices.map((choice) => joined(context, choice)),
    answer: answerIndex(choices, answer, key, place),
    cluster: place,
    group: "",
  };
}

function answerIndex(
  choices: readonly string[],
  answer: number | string,
  key: string,
  place: string,
): number {
  const text = String(answer);
  const candidates = [
    typeof answer === "string" ? choices.indexOf(answer) : -1,
    /^\d+$/.test(text) ? Number(text) : -1,
    /^[A-Z]$/.test(text) ? text.charCodeAt(0) - "A".charCodeAt(0) : -1,
  ];
  const index = candidates.find((candidate) => candidate >= 0 && candidate < choices.length);
  if (index !== undefined) return index;
  throw new UserError(
    `${place}: "${key}" is ${JSON.stringify(answer)}, which is none of its ${choices.length} choices`,
    `an index from 0 to ${choices.length - 1}, a letter from A, or the right choice itself`,
    REMEDY,
  );
}

/** A blank between, as evaluation harnesses have it, unless there is white space, or no context. */
function joined(context: string, continuation: string): string {
  return context === "" || /\s$/.test(context) || /^\s/.test(continuation)
    ? continuation
    : ` ${continuation}`;
}
