/** @file Cells of a table of published runs: names, numbers, spellings, and gaps filled from related rows. */

import { readFileSync } from "node:fs";
import { csvParse } from "d3-dsv";
import { UserError } from "../../errors.ts";
import { BINARY_COUNT } from "../../units/kinds.ts";
import { parseAmount } from "../../units/read.ts";

export type Cells = Readonly<Record<string, string>>;

const NEEDED = ["model", "accelerator", "n_gpus", "seq_len", "gbs_seqs", "mbs"] as const;

/** Sequences and batches are written in powers of two: 8k is 8192. */
const BINARY_CELLS = ["seq_len", "gbs_seqs"] as const;

/** How tables say that a number is missing. */
const BLANK = /^(?:-|–|—|\?|n\/?a|nan|null|none|unknown|not stated)$/i;

/** The runs that come with the planner: public facts, each row with its source. */
export const PUBLISHED_FILE = "published-runs.csv";
export function publishedText(): string {
  return readFileSync(new URL(PUBLISHED_FILE, import.meta.url), "utf8");
}

/**
 * Reads a table of published runs; columns in any order, unknown ones ignored. What a row leaves empty and
 * rows of the same source state is filled in. Throws a `UserError` where it is no such table.
 */
export function readCells(text: string, file: string): readonly Cells[] {
  return fillSharedCells(fillKnownSoftware(parseCells(text, file)));
}

function parseCells(text: string, file: string): readonly Cells[] {
  const table = csvParse(text.replace(/^\uFEFF/, ""));
  const missing = NEEDED.filter((name) => !table.columns.includes(name));
  if (missing.length > 0)
    throw new UserError(
      `${file}: no column ${missing.join(", ")}`,
      `a table of runs with the columns ${NEEDED.join(", ")}, and step_time_s or tokens_per_s_gpu`,
      "name the columns so; docs/plan.md lists them all",
    );
  return table.map((cells, index) => {
    const line = String(index + 2);
    const trimmed: Record<string, string> = { family: "", source: "", line };
    for (const [name, value] of Object.entries(cells)) trimmed[name] = (value ?? "").trim();
    trimmed.row_id ||= line;
    trimmed.family ||= "unnamed";
    for (const name of BINARY_CELLS) {
      const amount = parseAmount(trimmed[name] ?? "", BINARY_COUNT);
      if (amount !== null) trimmed[name] = String(amount);
    }
    return trimmed;
  });
}

/** What a cell of numbers says; empty where it says that there is none. */
export function statedIn(cells: Cells, name: string): string {
  const text = cells[name] ?? "";
  return BLANK.test(text) ? "" : text;
}

/** The number in a cell; null where it is empty or no number. Thousands may be grouped by commas. */
export function numberIn(cells: Cells, name: string): number | null {
  const text = statedIn(cells, name);
  if (text === "") return null;
  const value = Number(/^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text) ? text.replaceAll(",", "") : text);
  return Number.isFinite(value) ? value : null;
}

/** As `numberIn`, for what counts only above zero. */
export function positiveIn(cells: Cells, name: string): number | null {
  const value = numberIn(cells, name);
  return value !== null && value > 0 ? value : null;
}

/** A cell's text in lower case; empty where the column is missing. */
export function textIn(cells: Cells, name: string): string {
  return (cells[name] ?? "").toLowerCase();
}

/** The value of a column where all rows that state it state the same; else empty. */
function agreedIn(rows: readonly Cells[], column: string): string {
  const values = new Set(rows.map((cells) => cells[column] ?? ""));
  return values.size === 1 ? [...values][0]! : "";
}

/** How software launched kernels and kept gradients. */
const SOFTWARE_COLUMNS = ["launches", "gradient_bytes"] as const;

/**
 * For tables that lack those columns: the published table has them by source. What all rows of one document
 * say holds for its other lines.
 */
function fillKnownSoftware(rows: readonly Cells[]): readonly Cells[] {
  const [first] = rows;
  if (!first || SOFTWARE_COLUMNS.every((column) => first[column] !== undefined)) return rows;
  const documentOf = ({ source }: Cells) => (source ?? "").replace(/ line \d+$/, "");
  const published = parseCells(publishedText(), PUBLISHED_FILE).filter(({ launches }) => launches);
  const known = Map.groupBy(published, documentOf);
  return rows.map((cells) => {
    const same = known.get(documentOf(cells));
    if (!same) return cells;
    const exact = same.filter(({ source }) => source === cells.source);
    const found = SOFTWARE_COLUMNS.map((column) => [
      column,
      cells[column] || agreedIn(exact, column) || agreedIn(same, column),
    ]);
    return { ...cells, ...(Object.fromEntries(found) as Cells) };
  });
}

/** Cells that a source states for some rows and leaves out for others of like model, machine and cut. */
const SHARED_CELLS: readonly { readonly cell: string; readonly within: readonly string[] }[] = [
  { cell: "inter_node_gbps_per_gpu", within: ["family", "accelerator"] },
  { cell: "knows_seq_parallel", within: ["family"] },
  { cell: "vp", within: ["family", "model", "accelerator", "tp", "pp", "layers"] },
];

function fillSharedCells(rows: readonly Cells[]): readonly Cells[] {
  let filled: readonly Cells[] = rows.map((cells) =>
    textIn(cells, "seq_parallel") === "yes" ? { ...cells, knows_seq_parallel: "yes" } : cells,
  );
  for (const { cell, within } of SHARED_CELLS) {
    const keyOf = (cells: Cells) => within.map((name) => cells[name] ?? "").join("|");
    const known = Map.groupBy(
      filled.filter((cells) => cells[cell]),
      keyOf,
    );
    filled = filled.map((cells) =>
      cells[cell] ? cells : { ...cells, [cell]: agreedIn(known.get(keyOf(cells)) ?? [], cell) },
    );
  }
  return filled;
}
