/** @file The verdict in a terminal: each prediction, its measurement, the gap and its causes. */

import type { ScoredRow } from "../../report/data.ts";
import { cellsOf } from "../../report/verdict-row.ts";
import type { Paint } from "./paint.ts";
import { table } from "./table.ts";

/** More would fill a terminal; the report has them all. */
const MOST_CAUSES = 2;

const COLOURS = { inside: "green", outside: "red" } as const;

/** The table, fitted to a terminal of `width` columns (110 reads well). */
export function verdictTable(rows: readonly ScoredRow[], paint: Paint, width = 110): string {
  return table(
    rows.map((row) => cellsOf(row, MOST_CAUSES)),
    [
      { title: "quantity", align: "left", cell: ({ quantity, unit }) => `${quantity} (${unit})` },
      { title: "predicted (90 %)", align: "right", cell: ({ predicted }) => predicted },
      { title: "measured", align: "right", cell: ({ measured }) => measured },
      { title: "gap", align: "right", cell: ({ gap }) => gap },
      {
        title: "",
        align: "left",
        cell: ({ inside }) => (inside === "-" ? inside : paint(COLOURS[inside], inside)),
      },
      { title: "causes", align: "left", cell: ({ causes }) => causes, wrap: true },
    ],
    width,
  );
}
