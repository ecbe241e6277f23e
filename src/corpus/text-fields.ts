/** @file The text of objects under its key; where there is none it is counted, and refused if too often. */

import { isUtf8 } from "node:buffer";
import { UserError } from "../errors.ts";
import { formatPercent } from "../units/print.ts";
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
/** A file that begins with so many lines and no text among them is not read to its end. */
const HOPELESS_LINES = 1000;
/** How deep the keys are shown that do hold strings. */
const DEEPEST_KEY = 3;

/** Takes the text out of lines and rows, and keeps count. */
export class TextFields {
  readonly #rules: TextFieldRules;
  readonly #tally: Tally;
  readonly #faults: string[] = [];
  /** Keys that hold strings where the asked one does not, with the bytes seen under them. */
  readonly #others = new Map<string, number>();
  #all = 0;
  #bad = 0;
  /** Of these: in another encoding. */
  #foreign = 0;

  constructor(rules: TextFieldRules, tally: Tally) {
    this.#rules = rules;
    this.#tally = tally;
  }

  /** The text of a line of JSON; undefined where it has none. Null: a line longer than can be held. */
  ofJson(json: Buffer | null, place: string): Buffer | undefined {
    if (json === null) return this.#fault("lines", "longer than 256 MiB", place);
    if (!isUtf8(json)) {
      this.#foreign += 1;
      return this.#fault("lines", "no UTF-8", place);
    }
    const value = parsed(json);
    if (value === NO_JSON) return this.#fault("lines", "no JSON", place);
    const text = fieldAt(value, this.#rules.textKey);
    if (typeof text !== "string") this.#learn(value);
    return this.of(text, "lines", place);
  }

  hasText(json: Buffer | null): boolean {
    return json !== null && typeof fieldAt(parsed(json), this.#rules.textKey) === "string";
  }

  /** What stands under the key, as text. */
  of(text: unknown, unit: Unit, place: string): Buffer | undefined {
    if (text instanceof Uint8Array)
      return this.#good(unit, Buffer.from(text.buffer, text.byteOffset, text.length));
    if (typeof text !== "string") {
      const found = text === undefined ? "no" : text === null ? "null as" : `no string, a ${typeof text}, as`;
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

  /** What to set textKey to, as far as the values without text show it. */
  get otherKeys(): string {
    const keys = [...this.#others].sort(([, a], [, b]) => b - a).map(([key]) => key);
    return keys.slice(0, 5).join(" or ");
  }

  #learn(value: unknown): void {
    for (const [key, length] of stringsIn(value, "", DEEPEST_KEY))
      this.#others.set(key, (this.#others.get(key) ?? 0) + length);
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
    if (this.#bad <= badLines * this.#all) return;
    const share = formatPercent(100 * badLines);
    throw new UserError(
      `${this.#bad} of ${this.#all} lines of source "${source}" have no text: ${this.#faults.join("; ")}`,
      `a string under "${textKey}" in each, but for ${share} of them (badLines)`,
      this.#remedy(),
    );
  }

  #remedy(): string {
    if (this.#foreign > this.#bad / 2)
      return "convert the files to UTF-8, as JSON is written: iconv -f ENCODING -t UTF-8";
    const keys = this.otherKeys;
    return keys === ""
      ? "mend or remove these lines, or set badLines of the source to the share that may be passed over"
      : `set textKey of the source, perhaps to ${keys}`;
  }
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

function* stringsIn(value: unknown, path: string, depth: number): Generator<readonly [string, number]> {
  if (typeof value === "string" || value instanceof Uint8Array) {
    if (path !== "") yield [path, value.length];
  } else if (typeof value === "object" && value !== null && depth > 0) {
    for (const [key, inner] of Object.entries(value).slice(0, 50))
      yield* stringsIn(inner, path === "" ? key : `${path}.${key}`, depth - 1);
  }
}
