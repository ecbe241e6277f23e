/** @file A fit as a person reads it: numbers with intervals, what they rest on, what to distrust. */

import type { FitReport } from "../../laws/fit/fit-table.ts";
import { lossText } from "../../laws/fit/loss.ts";
import { type FittedParameter, LEVEL } from "../../laws/fit/parameters.ts";
import { significant } from "../../units/print.ts";
import { type TableColumn, table } from "../terminal/table.ts";

type Row = FittedParameter & { readonly name: string };

const DIGITS = 6;
/** Lists longer than this are cut, with the number left out. */
const MOST_LISTED = 12;

const COLUMNS: readonly TableColumn<Row>[] = [
  { title: "parameter", align: "left", cell: ({ name }) => name },
  // A number that the runs do not determine is never printed bare.
  {
    title: "value",
    align: "right",
    cell: ({ value, identified }) => (identified ? significant(value, DIGITS) : "not identified"),
  },
  { title: `${100 * LEVEL} % interval`, align: "right", cell: intervalText },
  {
    title: "standard error",
    align: "right",
    cell: ({ standardError }) => (standardError === null ? "-" : significant(standardError, 4)),
  },
  { title: "unit", align: "left", cell: ({ unit }) => unit },
];

function intervalText({ lo, hi }: Row): string {
  const side = (end: number | null) => (end === null ? "unbounded" : significant(end, 4));
  return `${side(lo)} to ${side(hi)}`;
}

/** The whole report. */
export function fitText(report: FitReport): string {
  const { law, table: runs, fit, resampling, draws, parameters, residualScale } = report;
  const rows = Object.entries(parameters).map(([name, parameter]) => ({ name, ...parameter }));
  const reached = Math.round(fit.shareAtOptimum * fit.numStarts);
  return [
    `${law.formula}   (${law.name}; ${law.source})`,
    "",
    table(rows, COLUMNS),
    "",
    `runs        ${runs.runs.length} from ${runs.source}`,
    `objective   ${fit.objective.toPrecision(10)}  (${lossText(fit.loss)}, summed)`,
    `starts      ${reached} of ${fit.numStarts} reached the optimum`,
    `intervals   ${resampling} bootstrap, ${draws.length} drawings; "unbounded" where the profile stays flat`,
    `residuals   ${significant(100 * residualScale, 3)} % (robust standard deviation)`,
    `N           ${runs.conventions.parameters}`,
    ...conventionLine("D", runs.conventions.tokens),
    `C           ${runs.conventions.compute}`,
    ...conventionLine("loss", runs.conventions.loss),
    ...listed("What follows", Object.entries(report.derived).map(derivedText)),
    ...listed(
      "Set aside",
      runs.setAside.map(({ run, reason }) => `${run}: ${reason}`),
    ),
    ...listed(
      "Runs to look at (kept in the fit)",
      report.outliers.map(({ run, reason }) => `${run}: ${reason}`),
    ),
    ...listed("Warnings", report.warnings),
  ].join("\n");
}

function conventionLine(name: string, convention: string | undefined): readonly string[] {
  return convention === undefined ? [] : [`${name.padEnd(12)}${convention}`];
}

function derivedText([name, { value, lo, hi, identified, unit }]: [
  string,
  FitReport["derived"][string],
]): string {
  const end = (number: number | null) => (number === null ? "unbounded" : significant(number, 4));
  if (!identified) return `${name}: not identified (${unit})`;
  return `${name} = ${end(value)} (${end(lo)} to ${end(hi)}): ${unit}`;
}

function listed(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MOST_LISTED).map((line) => `  - ${line}`);
  const rest = lines.length - shown.length;
  return ["", title, ...shown, ...(rest > 0 ? [`  - and ${rest} more: --json lists all`] : [])];
}
