/** @file The verdict as a person reads it in a terminal: each prediction, its measurement, the gap and its causes. */

import { insideText, measuredText } from "../../report/bet-sections.ts";
import { causesText, hasGap } from "../../report/causes.ts";
import type { ScoredRow } from "../../report/data.ts";
import { formatInterval, formatSignedPercent, scaleFor } from "../../units/print.ts";
import type { Paint } from "./paint.ts";
import { table } from "./table.ts";

/** More would fill a terminal; the report has them all. */
const MOST_CAUSES = 2;

/** The table, fitted to a terminal of `width` columns (110 reads well). */
export function verdictTable(rows: readonly ScoredRow[], paint: Paint, width = 110): string {
  return table(
    rows,
    [
      { title: "quantity", align: "left", cell: (row) => `${row.quantity} (${scaleOf(row).unit})` },
      {
        title: "predicted [90 %]",
        align: "right",
        cell: (row) => formatInterval(row.predicted, scaleOf(row)),
      },
      { title: "measured", align: "right", cell: measuredText },
      { title: "gap", align: "right", cell: gapText },
      {
        title: "",
        align: "left",
        cell: (row) => insideCell(row, paint),
      },
      {
        title: "causes",
        align: "left",
        cell: (row) => (hasGap(row) ? causesText(row, MOST_CAUSES) : ""),
        wrap: true,
      },
    ],
    width,
  );
}

function gapText(row: ScoredRow): string {
  return hasGap(row) ? formatSignedPercent(row.gapPercent ?? Number.NaN) : "-";
}

function scaleOf(row: ScoredRow) {
  return scaleFor(row.unit, row.predicted.median);
}

function insideCell(row: ScoredRow, paint: Paint): string {
  if (row.inside === null) return insideText(row);
  return paint(row.inside ? "green" : "red", insideText(row));
}
