/** @file The second half of the report: what came out, why it differed from the bet, curve and time. */

import type { TimeRow } from "../figures/time-figure.ts";
import type { Interval } from "../math/interval.ts";
import {
  fixed,
  formatCount,
  formatPercent,
  formatScaled,
  formatSignedPercent,
  scaleFor,
  significant,
} from "../units/print.ts";
import type { ReportData, ScoredRow } from "./data.ts";
import { blocks, left, markdownTable, right } from "./markdown.ts";
import { cellsOf, firstAndLater, hasGap, type PrintedCause, printedCauses } from "./verdict-row.ts";

/** The verdict table: every prediction beside its measurement. */
export function outcomeSection(data: ReportData): string {
  if (data.verdict.length === 0) return blocks("## What came out", "Nothing has been predicted yet.");
  const { first, later } = firstAndLater(data.verdict);
  const isMeasured = first.some(hasGap);
  return blocks(
    "## What came out",
    "Gap: measured against the predicted median. The causes add up to it.",
    scoredRowsTable(first),
    isMeasured ? "![Predicted against measured](figures/predicted-measured.svg)" : "",
    later.length === 0
      ? ""
      : blocks(
          "Predictions made later, when more was known, are scored too; the first ones above still count.",
          scoredRowsTable(later),
        ),
    sourcesText(data),
  );
}

/** Each gap taken apart. */
export function whySection(data: ReportData): string {
  const rows = firstAndLater(data.verdict).first.filter(hasGap);
  if (rows.length === 0) return blocks("## Why it differed", "Nothing has been measured yet.");
  return blocks("## Why it differed", ...rows.map((row) => gapText(row, data)));
}

/** The target's curve, scored against its band, and the re-forecasts made on the way. */
export function curveSection({ target }: ReportData): string {
  if (target === null || target.points.length === 0)
    return blocks("## The loss curve", "The target has not been trained yet.");
  const { inside, scored } = target;
  const share =
    scored === 0
      ? "No point of the curve lies in the range of the band yet."
      : `${inside} of ${scored} points after warm-up, ${formatPercent((100 * inside) / scored, 0)}, ` +
        "lie inside the band that was locked before the run.";
  return blocks(
    "## The loss curve against its band",
    `${share} ${bandWidthText(target.band)}`.trim(),
    "![The loss curve against its band](figures/curve.svg)",
    target.reforecasts.length === 0
      ? ""
      : blocks(
          "What was expected of the final loss as the run went on:",
          markdownTable(target.reforecasts, [
            right("tokens seen", (forecast) => formatCount(forecast.tokens)),
            right("final bits per byte (90 %)", (forecast) =>
              formatScaled(forecast, scaleFor("bits per byte", forecast.median)),
            ),
          ]),
        ),
  );
}

/** Seconds by operation, predicted and measured. */
export function timeSection({ operations }: ReportData): string {
  if (operations.length === 0)
    return blocks("## Where the time went", "No profile of the target has been taken yet.");
  const measured = total(operations, "measuredSeconds");
  const predicted = total(operations, "predictedSeconds");
  const rows = [...operations].sort((a, b) => b.measuredSeconds - a.measuredSeconds);
  const scale = scaleFor("s", measured);
  const seconds = (value: number) => fixed(value / scale.factor, 2);
  const all: TimeRow = { operation: "in all", measuredSeconds: measured, predictedSeconds: predicted };
  return blocks(
    "## Where the time went",
    "![Where the time went](figures/time.svg)",
    markdownTable(
      [...rows, all],
      [
        left("operation", (row) => row.operation),
        right(`predicted (${scale.unit})`, (row) => seconds(row.predictedSeconds)),
        right(`measured (${scale.unit})`, (row) => seconds(row.measuredSeconds)),
        right("share", (row) => formatPercent((100 * row.measuredSeconds) / measured)),
        right(`difference (${scale.unit})`, (row) => seconds(row.measuredSeconds - row.predictedSeconds)),
        right("of the whole forecast", (row) =>
          formatSignedPercent((100 * (row.measuredSeconds - row.predictedSeconds)) / predicted),
        ),
      ],
    ),
  );
}

function scoredRowsTable(rows: readonly ScoredRow[]): string {
  const cells = rows.map((row) => ({ ...row, cells: cellsOf(row) }));
  return markdownTable(cells, [
    left("run", ({ run }) => run ?? "campaign"),
    left("quantity", ({ quantity }) => quantity),
    left("unit", ({ cells: { unit } }) => unit),
    right("predicted (90 %)", ({ cells: { predicted } }) => predicted),
    right("measured", ({ cells: { measured } }) => measured),
    right("gap", ({ cells: { gap } }) => gap),
    left("", ({ cells: { inside } }) => inside),
    left("causes", ({ cells: { causes } }) => causes),
    left("basis", ({ basis }) => basis),
    right("locked at", ({ lockedSequence }) => String(lockedSequence)),
  ]);
}

function sourcesText({ target }: ReportData): string {
  if (!target?.summary) return "";
  return blocks(
    "The target's held-out loss, source by source:",
    markdownTable(Object.entries(target.summary.heldOut.sources), [
      left("source", ([source]) => source),
      right("bits per byte", ([, { bitsPerByte }]) => fixed(bitsPerByte, 4)),
    ]),
  );
}

function gapText(row: ScoredRow, data: ReportData): string {
  const causes = printedCauses(row, 2);
  if (row.gapPercent === null) return "";
  const scale = scaleFor(row.unit, row.predicted.median);
  const amount = (percent: number) =>
    `${significant(((percent / 100) * row.predicted.median) / scale.factor, 3)} ${scale.unit}`;
  const whole: PrintedCause = { name: "**gap**", percent: row.gapPercent, printedPercent: row.gapPercent };
  return blocks(
    `### ${row.quantity}: ${formatSignedPercent(row.gapPercent)}`,
    markdownTable(
      [...causes, whole],
      [
        left("cause", (cause) => cause.name),
        right("of the forecast", (cause) => formatSignedPercent(cause.printedPercent, 2)),
        right("amount", (cause) => amount(cause.percent)),
      ],
    ),
    row.about === "loss" ? noiseText(row, data) : "",
  );
}

function noiseText(row: ScoredRow, { target }: ReportData): string {
  const deviation = target?.seedDeviation ?? null;
  if (deviation === null || row.measured === null)
    return "No rung was repeated with another seed, so the noise between seeds is not known.";
  const gap = row.measured - row.predicted.median;
  const deviations = deviation === 0 ? "" : `, ${significant(Math.abs(gap) / deviation, 2)} of them`;
  return (
    "The loss differs from seed to seed with a standard deviation of " +
    `${significant(deviation, 2)} bits per byte; this gap is ${significant(gap, 2)}${deviations}.`
  );
}

function bandWidthText(band: readonly Interval[]): string {
  if (band.length === 0) return "";
  const widest = Math.max(...band.map(({ median, lo, hi }) => (100 * (hi - lo)) / median));
  return `At its widest the band spans ${formatPercent(widest)} of its median.`;
}

function total(operations: readonly TimeRow[], key: "predictedSeconds" | "measuredSeconds"): number {
  return operations.reduce((sum, operation) => sum + operation[key], 0);
}
