/** @file Optima of compute budgets as a person reads them: exponents, budgets, what other ways give. */

import type { BudgetReport, IsoflopParameter, IsoflopReport } from "../../laws/isoflop/isoflop.ts";
import { formatCount, formatFlops, formatInterval, significant } from "../../units/print.ts";
import { type TableColumn, table } from "../terminal/table.ts";

type Row = IsoflopParameter & { readonly name: string };

const PARAMETERS: readonly TableColumn<Row>[] = [
  { title: "parameter", align: "left", cell: ({ name }) => name },
  { title: "value", align: "right", cell: ({ median: value }) => significant(value, 4) },
  {
    title: "90 % interval",
    align: "right",
    cell: ({ lo, hi }) => `${significant(lo, 4)} to ${significant(hi, 4)}`,
  },
  { title: "standard error", align: "right", cell: ({ standardError }) => significant(standardError, 3) },
];

const BUDGETS: readonly TableColumn<BudgetReport>[] = [
  { title: "C", align: "right", cell: ({ c }) => formatFlops(c) },
  { title: "sizes", align: "right", cell: ({ numSizes }) => String(numSizes) },
  {
    title: "N*",
    align: "right",
    cell: ({ optimum }) => (optimum ? formatInterval(optimum.n, formatCount) : "-"),
  },
  { title: "D*", align: "right", cell: ({ optimum }) => (optimum ? formatCount(optimum.d.median) : "-") },
  {
    title: "loss there",
    align: "right",
    cell: ({ optimum }) =>
      optimum?.loss ? formatInterval(optimum.loss, (value) => significant(value, 4)) : "-",
  },
  { title: "remarks", align: "left", wrap: true, cell: ({ flags }) => flags.join("; ") },
];

/** The whole report. */
export function isoflopText(report: IsoflopReport, source: string): string {
  const parameters = Object.entries(report.parameters).map(([name, parameter]) => ({ name, ...parameter }));
  const shown = report.budgets.filter(({ optimum, numSizes }) => optimum !== null || numSizes >= 3);
  const hidden = report.budgets.length - shown.length;
  return [
    `${report.formula}   (${report.law}; arXiv 2203.15556, section 3)`,
    "",
    table(parameters, PARAMETERS),
    "",
    table(shown, BUDGETS, 130),
    ...(hidden > 0 ? [`and ${hidden} more amounts of compute with one or two sizes`] : []),
    "",
    `runs        ${report.rows} from ${source}`,
    ...(report.noisePercent === null
      ? []
      : [
          `noise       ${significant(report.noisePercent, 2)} % of the loss from run to run, as the curves show it`,
        ]),
    ...report.otherWays.map(
      ({ way, a, numBudgets }) =>
        `otherwise   a = ${significant(a, 3)} by the ${way} (${numBudgets} budgets, unweighted)`,
    ),
    `N           ${report.conventions.parameters}`,
    `C           ${report.conventions.compute}`,
    ...listed(
      "Set aside",
      report.setAside.map(({ run, reason }) => `${run}: ${reason}`),
    ),
    ...listed("Warnings", report.warnings),
  ].join("\n");
}

const MOST_LISTED = 12;

function listed(title: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return [];
  const more = items.length > MOST_LISTED ? [`  and ${items.length - MOST_LISTED} more`] : [];
  return ["", `${title}:`, ...items.slice(0, MOST_LISTED).map((item) => `  ${item}`), ...more];
}
