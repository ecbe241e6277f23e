/** @file What validation found, as a person reads it: families, memory, order of layouts, unused rows. */

import type { ErrorSummary } from "../../plan/validate/scores.ts";
import type {
  FamilyReport,
  MemoryReport,
  UnusedRows,
  ValidationReport,
} from "../../plan/validate/validate.ts";
import { left, orDash, right } from "../../report/markdown.ts";
import { fixed } from "../../units/print.ts";
import { type TableColumn, table } from "../terminal/table.ts";

const WIDTH = 150;

const percent = (value: number | null) => orDash(value, (known) => fixed(known, 1));

const COLUMNS: readonly TableColumn<FamilyReport>[] = [
  left("family", ({ family }) => family),
  right("rows", ({ rows }) => String(rows)),
  right("recipes", ({ recipes }) => String(recipes)),
  right("mean %", ({ mapePercent }) => percent(mapePercent)),
  right("median %", ({ medianPercent }) => percent(medianPercent)),
  right("p90 %", ({ p90Percent }) => percent(p90Percent)),
  right("worst %", ({ worstPercent }) => percent(worstPercent)),
  right("bias %", ({ biasPercent }) => percent(biasPercent)),
  right("floor %", ({ floorPercent }) => percent(floorPercent)),
  right("constant MFU of others %", (each) => percent(each.baselineOtherPercent)),
  right("of its own %", (each) => percent(each.baselineOraclePercent)),
  right("after 3 rows %", (each) => percent(each.afterThreePercent)),
];

const LEGEND =
  "Bias: median of predicted over measured, less one. Floor: mean distance of re-measured recipes from " +
  "their median. Constant MFU: mean error of one utilisation for all, the median of the other families, " +
  "or of its own (an oracle). After 3 rows: median error on the rest once three recipes of the family " +
  "were learned from.";

/** The report. `constants`: the file that all families were predicted with, if one was. */
export function validationText(report: ValidationReport, constants?: string): string {
  const { all, memory } = report;
  return [
    constants === undefined
      ? "Step time, each family predicted with constants calibrated on the others."
      : `Step time, predicted with the constants of ${constants}.`,
    table(report.families, COLUMNS, WIDTH),
    `All: ${summaryText(all)}`,
    LEGEND,
    "",
    memoryText(memory),
    ...rankingLines(report),
    ...filledLines(report),
    ...unusedLines(report.unused),
  ].join("\n");
}

function memoryText({
  rows,
  medianPercent,
  outOfMemoryRows,
  falseFits,
  ranRows,
  falseMisfits,
}: MemoryReport): string {
  const measured =
    medianPercent === null
      ? "no row says how much it took"
      : `${rows} rows measured, median error ${percent(medianPercent)} %`;
  const failed =
    outOfMemoryRows === 0
      ? "No row ran out of it"
      : `Of ${outOfMemoryRows} layouts that ran out of memory ${falseFits} were said to fit`;
  const ran =
    ranRows === 0
      ? "none that ran says what it computes again"
      : `of ${ranRows} that ran, and say what they compute again, ${falseMisfits} were said not to fit`;
  return `Memory: ${measured}. ${failed}; ${ran}.`;
}

function filledLines({ filled }: ValidationReport): readonly string[] {
  if (filled.length === 0) return [];
  return [
    "",
    "Filled in:",
    ...filled.map(({ note, rows }) => `  ${rows} ${rows > 1 ? "rows" : "row"}: ${note}`),
  ];
}

/** So many lines of the table are named. */
const MOST_LINES = 5;

/** Rows that were not used, with their lines in the table. */
export function unusedLines(unused: readonly UnusedRows[]): readonly string[] {
  if (unused.length === 0) return [];
  return [
    "",
    "Rows not used:",
    ...unused.map(({ family, reason, rows, lines }) => {
      const named = lines.slice(0, MOST_LINES).join(", ");
      const more = lines.length > MOST_LINES ? ", ..." : "";
      return `  ${rows} of ${family} (${rows > 1 ? "lines" : "line"} ${named}${more}): ${reason}`;
    }),
  ];
}

function summaryText({ rows, ...errors }: ErrorSummary): string {
  const [mean, median, p90] = [errors.mapePercent, errors.medianPercent, errors.p90Percent].map(percent);
  return `${rows} rows, mean ${mean} %, median ${median} %, p90 ${p90} %.`;
}

function rankingLines({ rankings }: ValidationReport): readonly string[] {
  if (rankings.length === 0) return [];
  return [
    "",
    "Order of the layouts of one setting: rank correlation, and by how much our first choice was " +
      "slower than the fastest measured.",
    ...rankings.map(
      ({ setting, layouts, spearman, regretPercent }) =>
        `  ${fixed(spearman, 2)}, ${percent(regretPercent)} %: ${layouts} layouts of ${setting}`,
    ),
  ];
}
