/** @file Cells of a table of published runs: names, numbers, spellings. */

import { csvParse } from "d3-dsv";
import { UserError } from "../../errors.ts";
import { parseAmount } from "../../units/amount.ts";

export type Cells = Readonly<Record<string, string>>;

const NEEDED = ["model", "accelerator", "n_gpus", "seq_len", "gbs_seqs", "mbs"] as const;

/** Sequences and batches are written in powers of two: 8k is 8192. */
const BINARY_CELLS = ["seq_len", "gbs_seqs"] as const;
const BINARY = { scales: { k: 2 ** 10, m: 2 ** 20 }, expected: "" };

/** How tables say that a number is missing. */
const BLANK = /^(?:-|–|—|\?|n\/?a|nan|null|none|unknown|not stated)$/i;

/**
 * Reads a table of published runs; columns in any order, unknown ones ignored.
 * Throws a `UserError` where it is no such table
 */
export function readCells(text: string, file: string): readonly Cells[] {
  const table = csvParse(text.replace(/^\uFEFF/, ""));
  const missing = NEEDED.filter((name) => !table.columns.includes(name));
  if (missing.length > 0)
    throw new UserError(
      `${file}: no column ${missing.join(", ")}`,
      `a table of runs with the columns ${NEEDED.join(", ")}, and step_time_s or tokens_per_s_gpu`,
      "name the columns so; docs/plan.md lists them all",
    );
  return table.map((cells, index) => {
    const trimmed: Record<string, string> = { row_id: String(index + 2), family: "", source: "" };
    for (const [name, value] of Object.entries(cells)) trimmed[name] = (value ?? "").trim();
    if (!trimmed.row_id) trimmed.row_id = String(index + 2);
    trimmed.family ||= "unnamed";
    trimmed.line = String(index + 2);
    for (const name of BINARY_CELLS) {
      const amount = parseAmount(trimmed[name] ?? "", BINARY);
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
