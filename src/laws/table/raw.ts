/** @file Text into rows of cells: CSV, TSV, JSON lines or a JSON array, whatever the columns mean. */

import { dsvFormat } from "d3-dsv";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { jsonIn, parseJson } from "../../input-file.ts";

export type RawRow = {
  /** How a message names the row: its line in the file, or its place in the array. */
  readonly label: string;
  /** One a column; "" where the row has none. */
  readonly cells: readonly string[];
};

export type RawTable = { readonly columns: readonly string[]; readonly rows: readonly RawRow[] };

type LabelledRecord = { readonly label: string; readonly record: ReadonlyMap<string, string> };

/** Reads any of the formats; the text itself says which. */
export function parseRows(text: string, source: string): RawTable {
  requireText(text, source);
  const body = text.replace(/^\uFEFF/, "");
  const first = body.trimStart()[0];
  const table =
    first === "[" ? jsonRows(body, source) : first === "{" ? lineRows(body, source) : textRows(body);
  if (table.rows.length > 0 && table.columns.length > 0) return table;
  throw new UserError(
    `${source}: ${table.columns.length === 0 ? "nothing to read" : "a heading and no rows"}`,
    "a heading and a row for each run, as CSV, TSV, JSON lines or a JSON array",
    "check what was written to the file",
  );
}

/** Commas, tabs or semicolons, whichever the heading has most of. Lines that start with # are notes. */
function textRows(text: string): RawTable {
  const lines = text.split(/\r\n|\r|\n/).map((line) => (line.startsWith("#") ? "" : line));
  const heading = lines.find((line) => line.trim() !== "") ?? "";
  const separator = ["\t", ";", ","].reduce((best, candidate) =>
    heading.split(candidate).length > heading.split(best).length ? candidate : best,
  );
  const parsed = dsvFormat(separator).parseRows(lines.join("\n"));
  const labelled = parsed.map((cells, i) => ({ label: `line ${i + 1}`, cells }));
  const [head, ...rest] = labelled.filter(({ cells }) => cells.some((cell) => cell.trim() !== ""));
  const columns = (head?.cells ?? []).map((name) => name.trim());
  return {
    columns,
    rows: rest.map(({ label, cells }) => ({ label, cells: columns.map((_, i) => (cells[i] ?? "").trim()) })),
  };
}

function jsonRows(text: string, source: string): RawTable {
  const items = z.array(z.unknown()).safeParse(parsePythonJson(text, `${source} as a whole`));
  if (!items.success) throw notObjects(source);
  return fromRecords(items.data.map((item, i) => recordOf(item, `row ${i + 1}`, source)));
}

/** JSON lines, or one object that holds the rows: as an array, or as one array a column. */
function lineRows(text: string, source: string): RawTable {
  const whole = jsonIn(text);
  if (isRecord(whole)) return objectRows(whole, source);
  const lines = text.split(/\r\n|\r|\n/).map((line, i) => ({ line: line.trim(), label: `line ${i + 1}` }));
  return fromRecords(
    lines
      .filter(({ line }) => line !== "")
      .map(({ line, label }) => recordOf(parsePythonJson(line, `${source}, ${label}`), label, source)),
  );
}

function objectRows(whole: Readonly<Record<string, unknown>>, source: string): RawTable {
  const lists = Object.entries(whole).filter((entry): entry is [string, unknown[]] =>
    Array.isArray(entry[1]),
  );
  const rows = lists.find(([, list]) => list.length > 0 && list.every((item) => isRecord(item)));
  if (rows) return fromRecords(rows[1].map((item, i) => recordOf(item, `row ${i + 1}`, source)));
  if (lists.length === 0) return fromRecords([recordOf(whole, "line 1", source)]);
  const length = Math.max(...lists.map(([, list]) => list.length));
  return {
    columns: lists.map(([name]) => name),
    rows: Array.from({ length }, (_, i) => ({
      label: `row ${i + 1}`,
      cells: lists.map(([, list]) => cellText(list[i])),
    })),
  };
}

function fromRecords(records: readonly LabelledRecord[]): RawTable {
  const columns = [...new Set(records.flatMap(({ record }) => [...record.keys()]))];
  return {
    columns,
    rows: records.map(({ label, record }) => ({
      label,
      cells: columns.map((name) => record.get(name) ?? ""),
    })),
  };
}

/** One level of nesting is joined: {"val": {"loss": 3}} has a column "val/loss". */
function recordOf(item: unknown, label: string, source: string): LabelledRecord {
  if (!isRecord(item)) throw notObjects(`${source}, ${label}`);
  const entries = Object.entries(item).flatMap(([name, value]) =>
    isRecord(value)
      ? Object.entries(value).map(([inner, deep]) => [`${name}/${inner}`, cellText(deep)] as const)
      : [[name, cellText(value)] as const],
  );
  return { label, record: new Map(entries) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value).trim();
}

/** Python writes NaN and Infinity into JSON, which has no such words: they are read as missing. */
function parsePythonJson(text: string, where: string): unknown {
  const strict = text.replace(/(?<=[:[,]\s*)(-?Infinity|NaN)(?=\s*[,}\]])/g, "null");
  return parseJson(strict, where, "JSON lines, a JSON array of objects, or CSV", "correct what is named");
}

function notObjects(where: string): UserError {
  return new UserError(
    `${where} holds no objects`,
    'one object a run, as {"n": 1e8, "d": 2e9, "loss": 3.1}',
    "write it so",
  );
}

/** Archives, spreadsheets, Parquet and UTF-16 all have control characters among their first bytes. */
const NUM_LOOKED_AT = 4096;
const MAY_STAND_IN_TEXT = "\t\n\v\f\r";

/** Throws a `UserError` where `text` is none: its bytes would garble a terminal when quoted. */
function requireText(text: string, source: string): void {
  const isControl = (char: string) => char < " " && !MAY_STAND_IN_TEXT.includes(char);
  if (!text.includes("\0") && ![...text.slice(0, NUM_LOOKED_AT)].some(isControl)) return;
  throw new UserError(
    `${source} is not text`,
    "CSV, tab-separated or JSON, as UTF-8",
    "export the table as CSV, and unpack it where it is compressed",
  );
}
