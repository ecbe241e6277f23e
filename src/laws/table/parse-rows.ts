/** @file Text into rows of cells: CSV, TSV, JSON lines or a JSON array, whatever the columns mean. */

import { z } from "zod";
import { UserError } from "../../errors.ts";
import { jsonIn, parseJson } from "../../input-file.ts";
import { formatList } from "../../units/print.ts";
import { refuseTooManyCells, separatedRows } from "./separated-values.ts";

export type RawRow = {
  /** How a message names the row: its line in the file, or its place in the array. */
  readonly label: string;
  /** One a column; "" where the row has none. */
  readonly cells: readonly string[];
};

/** Characters of a column's name: what is longer is no heading. */
const MOST_NAME = 1000;

export type RawTable = { readonly columns: readonly string[]; readonly rows: readonly RawRow[] };

type LabelledRecord = { readonly label: string; readonly record: ReadonlyMap<string, string> };

/** Reads any of the formats; the text itself says which. */
export function parseRows(text: string, source: string): RawTable {
  requireText(text, source);
  const body = text.replace(/^\uFEFF/, "");
  const first = body.trimStart()[0];
  const table =
    first === "["
      ? jsonRows(body, source)
      : first === "{"
        ? lineRows(body, source)
        : separatedRows(body, source);
  const long = table.columns.find((column) => column.length > MOST_NAME);
  if (long !== undefined)
    throw new UserError(
      `${source}: a column whose name has ${long.length} characters, "${long.slice(0, 40)}..."`,
      `names of at most ${MOST_NAME}`,
      "check that the first line is the heading, and that its cells are separated",
    );
  if (table.rows.length > 0 && table.columns.length > 0) return table;
  throw new UserError(
    `${source}: ${table.columns.length === 0 ? "nothing to read" : "a heading and no rows"}`,
    "a heading and a row for each run, as CSV, TSV, JSON lines or a JSON array",
    "check what was written to the file",
  );
}

function jsonRows(text: string, source: string): RawTable {
  const items = z.array(z.unknown()).safeParse(parsePythonJson(text, `${source} as a whole`));
  if (!items.success) throw notObjects(source);
  refuseTooManyCells(1, items.data.length, source);
  return fromRecords(
    items.data.map((item, i) => recordOf(item, `row ${i + 1}`, source)),
    source,
  );
}

/** JSON lines, or one object that holds the rows: as an array, or as one array a column. */
function lineRows(text: string, source: string): RawTable {
  const whole = jsonIn(withWords(text));
  if (isRecord(whole)) return objectRows(whole, source);
  const lines = text.split(/\r\n|\r|\n/).map((line, i) => ({ line: line.trim(), label: `line ${i + 1}` }));
  return fromRecords(
    lines
      .filter(({ line }) => line !== "")
      .map(({ line, label }) => recordOf(parsePythonJson(line, `${source}, ${label}`), label, source)),
    source,
  );
}

function objectRows(whole: Readonly<Record<string, unknown>>, source: string): RawTable {
  const lists = Object.entries(whole).filter((entry): entry is [string, unknown[]] =>
    Array.isArray(entry[1]),
  );
  const [rows, ...others] = lists.filter(([, list]) => list.length > 0 && list.every(isRecord));
  if (others.length > 0) {
    throw new UserError(
      `${source}: several lists of objects: ${formatList([rows!, ...others].map(([name]) => name))}`,
      "one, with an object a row",
      "write the one that is meant to a file of its own",
    );
  }
  if (rows)
    return fromRecords(
      rows[1].map((item, i) => recordOf(item, `row ${i + 1}`, source)),
      source,
    );
  if (lists.length === 0) return fromRecords([recordOf(whole, "line 1", source)], source);
  const length = lists.reduce((most, [, list]) => Math.max(most, list.length), 0);
  refuseTooManyCells(lists.length, length, source);
  return {
    columns: lists.map(([name]) => name),
    rows: Array.from({ length }, (_, i) => ({
      label: `row ${i + 1}`,
      cells: lists.map(([, list]) => cellText(list[i])),
    })),
  };
}

function fromRecords(records: readonly LabelledRecord[], source: string): RawTable {
  const columns = [...new Set(records.flatMap(({ record }) => [...record.keys()]))];
  refuseTooManyCells(columns.length, records.length, source);
  return {
    columns,
    rows: records.map(({ label, record }) => ({
      label,
      cells: columns.map((name) => record.get(name) ?? ""),
    })),
  };
}

/** Nesting is joined: {"val": {"loss": 3}} has a column "val/loss". */
function recordOf(item: unknown, label: string, source: string): LabelledRecord {
  if (!isRecord(item)) throw notObjects(`${source}, ${label}`);
  const entries = joined(item, "", MOST_NESTING);
  const record = new Map(entries);
  if (record.size === entries.length) return { label, record };
  const twice = entries.find(([name], i) => entries.findIndex(([other]) => other === name) !== i)!;
  throw new UserError(`${source}, ${label}: two values of ${twice[0]}`, "one", "leave one out");
}

/** Configurations of runs nest a few deep; what lies deeper stays JSON in its cell. */
const MOST_NESTING = 6;

function joined(item: object, prefix: string, depth: number): (readonly [string, string])[] {
  return Object.entries(item).flatMap(([name, value]) =>
    isRecord(value) && depth > 0
      ? joined(value, `${prefix}${name}/`, depth - 1)
      : [[prefix + name, cellText(value)] as const],
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value).trim();
}

/** Python writes NaN and Infinity into JSON, which has no such words: they are read as texts. */
function withWords(text: string): string {
  const strings = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?Infinity|NaN/gs;
  return text.replace(strings, (found) => (found.startsWith('"') ? found : `"${found}"`));
}

function parsePythonJson(text: string, where: string): unknown {
  return parseJson(
    withWords(text),
    where,
    "JSON lines, a JSON array of objects, or CSV",
    "correct what is named",
  );
}

function notObjects(where: string): UserError {
  return new UserError(
    `${where} holds no objects`,
    'one object a run, as {"n": 1e8, "d": 2e9, "loss": 3.1}',
    "write it so",
  );
}

/** Archives, spreadsheets, Parquet and UTF-16 without a mark have control characters early on. */
const NUM_LOOKED_AT = 4096;
const MAY_STAND_IN_TEXT = "\t\n\v\f\r";

/** Throws a `UserError` where `text` is none: its bytes would garble a terminal when quoted. */
function requireText(text: string, source: string): void {
  const isControl = (char: string) => char < " " && !MAY_STAND_IN_TEXT.includes(char);
  if (!text.includes("\0") && ![...text.slice(0, NUM_LOOKED_AT)].some(isControl)) return;
  throw new UserError(
    `${source} is not text`,
    "CSV, tab-separated or JSON, as UTF-8",
    "export the table as CSV in UTF-8; unpack it where it is compressed",
  );
}
