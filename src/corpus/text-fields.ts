/** @file The text of objects under its key; where there is none it is counted, and refused if too often. */

import { UserError } from "../errors.ts";
import { formatPercent } from "../units/print.ts";
import type { Decoded } from "./encoding.ts";
import type { Tally } from "./notes.ts";

/** What is looked for in the lines and rows of a source, and how many may lack it. */
export type TextFieldRules = {
  readonly source: string;
  readonly textKey: string;
  /** Share of all lines and rows. */
  readonly badLines: number;
};

type Unit = "lines" | "rows";

const FIRST_FAULTS = 3;
const MOST_KEYS = 5;
/** A file that begins with so many lines and no text among them is not read to its end. */
const HOPELESS_LINES = 1000;
/** Of the first so many, the keys are learned. */
const LEARNED_LINES = 1000;
/** How deep the keys are shown that do hold strings. */
const DEEPEST_KEY = 3;

/** Takes the text out of lines and rows, and keeps count. */
export class TextFields {
  readonly #rules: TextFieldRules;
  readonly #tally: Tally;
  readonly #faults: string[] = [];
  /** Keys that hold strings, and in how many of the values learned from. */
  readonly #strings = new Map<string, { items: number; length: number }>();
  /** Keys that hold lists. */
  readonly #lists = new Set<string>();
  #learned = 0;
  #all = 0;
  #bad = 0;
  /** Of these: in an encoding that cannot be told. */
  #undecoded = 0;

  constructor(rules: TextFieldRules, tally: Tally) {
    this.#rules = rules;
    this.#tally = tally;
  }

  /** The text of a line of JSON; undefined where it has none. */
  ofJson(json: Decoded, place: string): Buffer | undefined {
    if (json.utf8 === null) {
      this.#undecoded += 1;
      return this.#fault("lines", json.why, place);
    }
    const { utf8, encoding, replacedBytes } = json;
    if (encoding !== null) this.#tally.add("repaired", "lines", `read as ${encoding}`, place);
    if (replacedBytes > 0) {
      const what = `bytes that are no ${encoding ?? "UTF-8"} replaced`;
      this.#tally.add("repaired", "lines", what, place, replacedBytes);
    }
    const value = parsed(utf8);
    if (value === NO_JSON) return this.#fault("lines", "no JSON", place);
    if (typeof value === "string") {
      this.#tally.add("repaired", "lines", "a JSON string, read as the text itself", place);
      return this.of(value, "lines", place);
    }
    this.#learn(value);
    return this.of(fieldAt(value, this.#rules.textKey), "lines", place);
  }

  hasText(json: Buffer | null): boolean {
    return json !== null && typeof fieldAt(parsed(json), this.#rules.textKey) === "string";
  }

  /** What stands under the key, as text. */
  of(text: unknown, unit: Unit, place: string): Buffer | undefined {
    if (text instanceof Uint8Array)
      return this.#good(unit, Buffer.from(text.buffer, text.byteOffset, text.length));
    if (typeof text !== "string") {
      if (unit === "rows") this.#learn({ [this.#rules.textKey]: text });
      const found = text === undefined ? "no" : text === null ? "null as" : `no string, ${kindOf(text)}, as`;
      return this.#fault(unit, `${found} "${this.#rules.textKey}"`, place);
    }
    if (!text.isWellFormed())
      this.#tally.add("repaired", unit, "halves of characters (lone surrogates) replaced", place);
    return this.#good(unit, Buffer.from(text));
  }

  /** Notes which keys of a value hold strings. */
  learnKeys(json: Buffer | null): void {
    if (json !== null) this.#learn(parsed(json));
  }

  /** How to reach the text, as far as the first values show it: by a key that enough of them have. */
  get keyRemedy(): string | undefined {
    const least = (1 - this.#rules.badLines) * this.#learned;
    const keys = [...this.#strings]
      .filter(([, { items }]) => items >= least)
      .sort(([, a], [, b]) => b.length - a.length)
      .slice(0, MOST_KEYS)
      .map(([key]) => key);
    if (keys.length > 0) return `set textKey of the source, perhaps to ${keys.join(" or ")}`;
    if (this.#lists.size === 0) return undefined;
    const lists = [...this.#lists].slice(0, MOST_KEYS).map((key) => `"${key}"`);
    return `lists (${lists.join(", ")}) are neither joined nor taken apart: write objects that have their text as one string under "${this.#rules.textKey}"`;
  }

  #learn(value: unknown): void {
    if (this.#learned === LEARNED_LINES) return;
    this.#learned += 1;
    for (const { key, length } of textsIn(value, "", DEEPEST_KEY)) {
      if (length === null) this.#lists.add(key);
      else {
        const { items, length: before } = this.#strings.get(key) ?? { items: 0, length: 0 };
        this.#strings.set(key, { items: items + 1, length: before + length });
      }
    }
  }

  #good(unit: Unit, text: Buffer): Buffer {
    this.#all += 1;
    this.#tally.totals[unit] += 1;
    return text;
  }

  #fault(unit: Unit, what: string, place: string): undefined {
    this.#all += 1;
    this.#bad += 1;
    this.#tally.totals[unit] += 1;
    this.#tally.add("passed over", unit, what, place);
    if (this.#faults.length < FIRST_FAULTS) this.#faults.push(`${place}: ${what}`);
    if (this.#bad === this.#all && this.#bad >= HOPELESS_LINES) this.refuseTooMany();
  }

  /** Throws a UserError where more lack text than may. */
  refuseTooMany(): void {
    const { source, textKey, badLines } = this.#rules;
    if (this.#bad === 0 || this.#bad / this.#all <= badLines) return;
    const { lines, rows } = this.#tally.totals;
    const units = rows === 0 ? "lines" : lines === 0 ? "rows" : "lines and rows";
    const share = formatPercent(100 * badLines);
    throw new UserError(
      `${this.#bad} of ${this.#all} ${units} of source "${source}" have no text: ${this.#faults.join("; ")}`,
      `a string under "${textKey}" in each, but for ${share} of them (badLines)`,
      this.#remedy(units),
    );
  }

  #remedy(units: string): string {
    if (this.#undecoded > this.#bad / 2)
      return "where you know the encoding, convert the files: iconv -f ENCODING -t UTF-8";
    if (this.keyRemedy !== undefined) return this.keyRemedy;
    if (this.#bad === this.#all) return `mend or remove these ${units}`;
    const share = Math.ceil((100 * this.#bad) / this.#all) / 100;
    return `mend or remove these ${units}, or set badLines of the source to ${share} to pass over them`;
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "bigint") return "a whole number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

const NO_JSON = Symbol("no JSON");

function parsed(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString("utf8"));
  } catch {
    return NO_JSON;
  }
}

/** The key itself, or else a path of keys with dots between. */
export function fieldAt(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (Object.hasOwn(value, key)) return (value as Record<string, unknown>)[key];
  for (let dot = key.indexOf("."); dot >= 0; dot = key.indexOf(".", dot + 1)) {
    const inner = fieldAt((value as Record<string, unknown>)[key.slice(0, dot)], key.slice(dot + 1));
    if (inner !== undefined && Object.hasOwn(value, key.slice(0, dot))) return inner;
  }
  return undefined;
}

/** The paths that lead to strings, with their lengths, and to lists, with null. */
function* textsIn(
  value: unknown,
  key: string,
  depth: number,
): Generator<{ readonly key: string; readonly length: number | null }> {
  if (typeof value === "string" || value instanceof Uint8Array) {
    if (key !== "") yield { key, length: value.length };
  } else if (Array.isArray(value)) {
    if (key !== "" && value.length > 0) yield { key, length: null };
  } else if (typeof value === "object" && value !== null && depth > 0) {
    for (const [name, inner] of Object.entries(value).slice(0, 50))
      yield* textsIn(inner, key === "" ? name : `${key}.${name}`, depth - 1);
  }
}
