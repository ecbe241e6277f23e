/** @file The verdict in a terminal: each prediction, its measurement, the gap and its causes. */

import type { ScoredRow } from "../../report/data.ts";
import { left, right } from "../../report/markdown.ts";
import { cellsOf } from "../../report/verdict-row.ts";
import type { Paint } from "./paint.ts";
import { table, wrapped } from "./table.ts";

/** More would fill a terminal; the report has them all. */
const MOST_CAUSES = 2;

const COLOURS = { inside: "green", outside: "red" } as const;

/** The table, fitted to a terminal of `width` columns (110 reads well). */
export function verdictTable(rows: readonly ScoredRow[], paint: Paint, width = 110): string {
  return table(
    rows.map((row) => cellsOf(row, MOST_CAUSES)),
    [
      left("quantity", ({ quantity, unit }) => `${quantity} (${unit})`),
      right("predicted (90 %)", ({ predicted }) => predicted),
      right("measured", ({ measured }) => measured),
      right("gap", ({ gap }) => gap),
      left("", ({ inside }) => (inside === "-" ? inside : paint(COLOURS[inside], inside))),
      wrapped("causes", ({ causes }) => causes),
    ],
    width,
  );
}
