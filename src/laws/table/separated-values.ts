/** @file Separated text into rows of cells: which separator, which decimal mark, rows of one length. */

import { dsvFormat } from "d3-dsv";
import { UserError } from "../../errors.ts";
import { formatList } from "../../units/print.ts";
import type { RawRow, RawTable } from "./parse-rows.ts";

/**
 * Commas, tabs or semicolons, whichever the heading has most of. Lines that start with # are notes where they
 * stand before the heading or have no separator. Throws a `UserError` where a row has more cells than the
 * heading, a quote is not closed, or commas mean two things.
 */
export function separatedRows(text: string, source: string): RawTable {
  const lines = text.split(/\r\n|\r|\n/).map((line) => (/^sep=.?$/i.test(line) ? "" : line));
  const start = lines.findIndex((line) => line.trim() !== "" && !line.startsWith("#"));
  const cellsOf = (line: string, separator: string) => dsvFormat(separator).parseRows(line)[0]?.length ?? 0;
  const heading = lines[start] ?? "";
  const separator = ["\t", ";", ","].reduce((best, candidate) =>
    cellsOf(heading, candidate) > cellsOf(heading, best) ? candidate : best,
  );
  const isNote = (line: string, i: number) =>
    line.startsWith("#") && (i < start || !line.includes(separator));
  const body = lines.map((line, i) => (isNote(line, i) ? "" : line)).join("\n");
  const labelled = dsvFormat(separator)
    .parseRows(body)
    .map((cells, i) => ({ label: `line ${i + 1}`, cells: cells.map((cell) => cell.trim()) }));
  const [head, ...rows] = labelled.filter(({ cells }) => cells.some((cell) => cell !== ""));
  const columns = head?.cells ?? [];
  refuseTooManyCells(columns.length, rows.length, source);
  checkQuotes(body, rows, source);
  checkLengths(columns, rows, source, separator);
  const full = rows.map(({ label, cells }) => ({ label, cells: columns.map((_, i) => cells[i] ?? "") }));
  return { columns, rows: withPoints(full, source, separator) };
}

/** So many take half a gigabyte; a tracker's export of a thousand runs has a hundredth of it. */
const [MOST_COLUMNS, MOST_ROWS, MOST_CELLS] = [10_000, 1e6, 5e6];

/** Throws a `UserError` before memory is taken for them. */
export function refuseTooManyCells(numColumns: number, numRows: number, source: string): void {
  if (numColumns <= MOST_COLUMNS && numRows <= MOST_ROWS && numColumns * numRows <= MOST_CELLS) return;
  throw new UserError(
    `${source}: ${numRows} rows of ${numColumns} columns`,
    `at most ${MOST_COLUMNS} columns, ${MOST_ROWS} rows, and ${MOST_CELLS} cells in all`,
    "leave out columns that are not needed, or average rows",
  );
}

/** A quote that is never closed takes in the rest of the file as one cell. */
function checkQuotes(body: string, rows: readonly RawRow[], source: string): void {
  const swallowed = rows.find(({ cells }) => cells.some((cell) => cell.includes("\n")));
  if (!swallowed || body.split('"').length % 2 === 1) return;
  throw new UserError(
    `${source}, ${swallowed.label}: a quote that is not closed takes in the lines after it`,
    'quotes in pairs; a quote inside a quoted cell is written ""',
    "close the quote",
  );
}

function checkLengths(
  columns: readonly string[],
  rows: readonly RawRow[],
  source: string,
  separator: string,
): void {
  const longer = rows.find(({ cells }) => cells.slice(columns.length).some((cell) => cell !== ""));
  if (!longer) return;
  const commas =
    separator === "," ? "; where commas are decimal, separate by semicolons or quote the cells" : "";
  throw new UserError(
    `${source}, ${longer.label}: ${longer.cells.length} cells under ${columns.length} headings`,
    "a heading for every cell",
    `correct the row or the heading (R's write.table leaves out the first: use write.csv)${commas}`,
  );
}

const DECIMAL = /^[-+]?(0|\d{4,}|\d*)?,(\d{1,2}|\d{4,})(e[-+]?\d+)?( ?[a-z%]+)?$|^[-+]?0,\d+$/i;
const THOUSANDS = /^[-+]?\d{1,3}(,\d{3}){2,}|^[-+]?\d{1,3}(,\d{3})+\.\d/;
/** 1,234: a thousand or a little over one. */
const EITHER = /^[-+]?\d{1,3},\d{3}(e[-+]?\d+)?( ?[a-z%]+)?$/i;
/** Matching may take a level of the stack for each character. */
const LONGEST_NUMBER = 100;
const POINTED = /^[-+]?\d{1,3}(\.\d{3})+$/;

/**
 * Cells with a decimal point, whatever the file has. One cell seldom tells 3,142 from 3142, but the file
 * does: by its other cells, or by its semicolons, which are there because commas are taken.
 */
function withPoints(rows: readonly RawRow[], source: string, separator: string): readonly RawRow[] {
  const find = (pattern: RegExp) => {
    const isSo = (cell: string) => cell.length <= LONGEST_NUMBER && pattern.test(cell);
    const row = rows.find(({ cells }) => cells.some(isSo));
    return row && { ...row, cell: row.cells.find(isSo)! };
  };
  const [decimal, thousands] = [find(DECIMAL), find(THOUSANDS)];
  const isDecimal = decimal !== undefined || (separator === ";" && !thousands && find(EITHER) !== undefined);
  if (!isDecimal) return rows;
  const other = thousands ?? find(POINTED);
  if (other) {
    const first = decimal ?? find(EITHER)!;
    throw new UserError(
      `${source}: ${formatList([first, other].map(({ cell, label }) => `"${cell}" (${label})`))}`,
      "one way to write fractions and thousands",
      "write 1234.5 or 1.2345e3 everywhere",
    );
  }
  const isNumber = (cell: string) =>
    cell.length <= LONGEST_NUMBER && (DECIMAL.test(cell) || EITHER.test(cell));
  return rows.map(({ label, cells }) => ({
    label,
    cells: cells.map((cell) => (isNumber(cell) ? cell.replace(",", ".") : cell)),
  }));
}
