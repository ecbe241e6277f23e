/** @file Text tables for a terminal: columns aligned by the width seen, one of them wrapped to fit. */

import { stripVTControlCharacters } from "node:util";
import type { TextColumn } from "../../report/markdown.ts";

export type TableColumn<Row> = TextColumn<Row> & {
  /** Takes the width that the others leave, and breaks between words. At most one column of a table. */
  readonly wrap?: boolean;
};

/** A column of words that wraps. */
export function wrapped<Row>(title: string, cell: (row: Row) => string): TableColumn<Row> {
  return { title, align: "left", cell, wrap: true };
}

const GAP = "  ";
const LEAST_WRAP_WIDTH = 16;

/** A table with a ruled heading, at most `width` columns wide if its wrapped column can give way so far. */
export function table<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], width = 110): string {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const natural = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...cells.map((line) => displayWidth(line[index]!))),
  );
  const widths = fitted(natural, columns, width);
  const lines = [
    columns.map((column) => column.title),
    widths.map((columnWidth) => "─".repeat(columnWidth)),
    ...cells.flatMap((line) => wrapRow(line, widths)),
  ];
  return lines.map((line) => joinCells(line, columns, widths)).join("\n");
}

/** Columns that a string takes: wide East Asian letters and emoji two, combining marks and colours none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) {
    if (/\p{Mark}|\p{Format}/u.test(character)) continue;
    width += isWide(character) ? 2 : 1;
  }
  return width;
}

/** The longest beginning of plain text that fits, with an ellipsis where something was cut. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return width > 0 ? `${kept}…` : "";
}

export function padRight(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

function padLeft(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text))) + text;
}

function isWide(character: string): boolean {
  return /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]/u.test(
    character,
  );
}

function fitted<Row>(
  natural: readonly number[],
  columns: readonly TableColumn<Row>[],
  width: number,
): number[] {
  const total = natural.reduce((sum, columnWidth) => sum + columnWidth, GAP.length * (columns.length - 1));
  return natural.map((columnWidth, index) => {
    if (columns[index]!.wrap !== true || total <= width) return columnWidth;
    return Math.max(LEAST_WRAP_WIDTH, columnWidth - (total - width));
  });
}

/** One row becomes as many lines as its longest cell needs. */
function wrapRow(cells: readonly string[], widths: readonly number[]): string[][] {
  const wrapped = cells.map((cell, index) => wrapWords(cell, widths[index]!));
  const height = Math.max(1, ...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => wrapped.map((lines) => lines[line] ?? ""));
}

function wrapWords(cell: string, width: number): string[] {
  if (displayWidth(cell) <= width) return [cell];
  const lines: string[] = [];
  // A number keeps its percent sign.
  for (const word of cell.split(/ (?!%)/)) {
    const last = lines.at(-1);
    if (last !== undefined && displayWidth(`${last} ${word}`) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function joinCells<Row>(
  cells: readonly string[],
  columns: readonly TableColumn<Row>[],
  widths: readonly number[],
): string {
  return cells
    .map((cell, index) => (columns[index]!.align === "right" ? padLeft : padRight)(cell, widths[index]!))
    .join(GAP)
    .trimEnd();
}
