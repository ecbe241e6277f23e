/** @file Where the seconds went, operation by operation: predicted beside measured. */

import type { PlotOptions } from "@observablehq/plot";
import { sum } from "../math/statistics.ts";
import { formatPercent, formatSeconds, formatSignedPercent, scaleFor, significant } from "../units/print.ts";
import { COLOUR, drawFigure, HALO, type PlotLibrary, textWidth } from "./draw.ts";
import { AXIS_LABEL_X } from "./panel.ts";

/** Seconds of one operation. */
export type TimeRow = {
  readonly operation: string;
  readonly predictedSeconds: number;
  readonly measuredSeconds: number;
};

const MAX_ROWS = 12;
const BAR_HEIGHT = 30;

/** Draws the operations that took longest; the rest are added up in one last bar. */
export function timeFigure(rows: readonly TimeRow[]): Promise<string> {
  const shown = longest(rows, MAX_ROWS);
  const predicted = sum(rows.map((row) => row.predictedSeconds));
  const measured = sum(rows.map((row) => row.measuredSeconds));
  return drawFigure({
    title: "Where the time went",
    caption:
      `Measured ${formatSeconds(measured)} against a predicted ${formatSeconds(predicted)} ` +
      `(${formatSignedPercent((measured / predicted - 1) * 100)}). ` +
      "At each bar: seconds measured, share of the whole, and gap to the forecast.",
    legend: [
      { swatch: "bar", colour: COLOUR.band, label: "predicted" },
      { swatch: "bar", colour: COLOUR.measured, label: "measured" },
    ],
    panels: [{ height: shown.length * BAR_HEIGHT + 62, options: (plot) => panel(plot, shown, measured) }],
  });
}

/** The longest rows first, at most `count` of them, the last one standing for all that are left. */
export function longest(rows: readonly TimeRow[], count: number): TimeRow[] {
  const sorted = [...rows].sort(
    (a, b) => b.measuredSeconds - a.measuredSeconds || (a.operation < b.operation ? -1 : 1),
  );
  if (sorted.length <= count) return sorted;
  const rest = sorted.splice(count - 1);
  return [
    ...sorted,
    {
      operation: `${rest.length} others`,
      predictedSeconds: sum(rest.map((row) => row.predictedSeconds)),
      measuredSeconds: sum(rest.map((row) => row.measuredSeconds)),
    },
  ];
}

function panel(plot: PlotLibrary, rows: readonly TimeRow[], totalSeconds: number): PlotOptions {
  const most = Math.max(...rows.flatMap((row) => [row.predictedSeconds, row.measuredSeconds]));
  const scale = scaleFor("s", most);
  const left = 24 + Math.max(60, ...rows.map((row) => textWidth(row.operation, 12)));
  return {
    marginLeft: Math.min(240, left),
    marginRight: 190,
    marginTop: 8,
    marginBottom: 46,
    x: { domain: [0, most / scale.factor], label: null },
    y: { domain: rows.map((row) => row.operation), label: null, padding: 0.2 },
    marks: [
      plot.gridX({ ticks: 6, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({
        ticks: 6,
        label: `time (${scale.unit})`,
        ...AXIS_LABEL_X,
      }),
      plot.axisY({ tickSize: 0 }),
      plot.barX(rows, {
        x1: 0,
        x2: (row: TimeRow) => row.predictedSeconds / scale.factor,
        y: "operation",
        fill: COLOUR.band,
        insetBottom: 12,
      }),
      plot.barX(rows, {
        x1: 0,
        x2: (row: TimeRow) => row.measuredSeconds / scale.factor,
        y: "operation",
        fill: COLOUR.measured,
        insetTop: 12,
      }),
      plot.text(rows, {
        x: (row: TimeRow) => Math.max(row.predictedSeconds, row.measuredSeconds) / scale.factor,
        y: "operation",
        textAnchor: "start",
        dx: 8,
        text: (row: TimeRow) => label(row, totalSeconds),
        fontSize: 12,
        fill: COLOUR.ink,
        ...HALO,
      }),
      plot.ruleX([0], { stroke: COLOUR.faint }),
    ],
  };
}

function label(row: TimeRow, totalSeconds: number): string {
  const scale = scaleFor("s", row.measuredSeconds);
  const time = `${significant(row.measuredSeconds / scale.factor)} ${scale.unit}`;
  const share = formatPercent((100 * row.measuredSeconds) / totalSeconds);
  if (row.predictedSeconds === 0) return `${time}, ${share}`;
  const gapPercent = 100 * (row.measuredSeconds / row.predictedSeconds - 1);
  return `${time}, ${share} (${formatSignedPercent(gapPercent, 0)})`;
}
