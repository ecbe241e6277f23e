/** @file A fit as a person reads it: numbers with intervals, what they rest on, what to distrust. */

import type { FitReport } from "../../laws/fit/fit-table.ts";
import { lossText } from "../../laws/fit/loss.ts";
import { type FittedParameter, LEVEL } from "../../laws/fit/parameters.ts";
import { left, right } from "../../report/markdown.ts";
import { formatInterval, significant } from "../../units/print.ts";
import { type TableColumn, table } from "../terminal/table.ts";
import { fact, listed, reasons } from "./report-parts.ts";

type Row = FittedParameter & { readonly name: string };

const DIGITS = 6;

const end = (value: number) => (Number.isFinite(value) ? significant(value, 4) : "unbounded");

const COLUMNS: readonly TableColumn<Row>[] = [
  left("parameter", ({ name }) => name),
  // A number that the runs do not determine is never printed bare.
  right("value", ({ median, identified }) => (identified ? significant(median, DIGITS) : "not identified")),
  right(`${100 * LEVEL} % interval`, ({ lo, hi }) => `${end(lo)} to ${end(hi)}`),
  right("standard error", ({ standardError }) => (standardError === null ? "-" : end(standardError))),
  left("unit", ({ unit }) => unit),
];

/** The whole report. */
export function fitText(report: FitReport): string {
  const { law, table: runs, fit, resampling, draws, parameters, residualScale } = report;
  const { tokens, loss } = runs.conventions;
  const rows = Object.entries(parameters).map(([name, parameter]) => ({ name, ...parameter }));
  const reached = Math.round(fit.shareAtOptimum * fit.numStarts);
  const drawings = `${resampling} bootstrap, ${draws.length} drawings`;
  return [
    `${law.formula}   (${law.name}; ${law.source})`,
    "",
    table(rows, COLUMNS),
    "",
    fact("runs", `${runs.runs.length} from ${runs.source}`),
    fact("objective", `${fit.objective.toPrecision(10)}  (${lossText(fit.loss)}, summed)`),
    fact("starts", `${reached} of ${fit.numStarts} reached the optimum`),
    fact("intervals", `${drawings}; "unbounded" where the profile stays flat`),
    fact("residuals", `${significant(100 * residualScale, 3)} % (robust standard deviation)`),
    fact("N", runs.conventions.parameters),
    ...(tokens === undefined ? [] : [fact("D", tokens)]),
    fact("C", runs.conventions.compute),
    ...(loss === undefined ? [] : [fact("loss", loss)]),
    ...listed("What follows", Object.entries(report.derived).map(derivedText)),
    ...listed("Set aside", reasons(runs.setAside)),
    ...listed("Runs to look at (kept in the fit)", reasons(report.outliers)),
    ...listed("Warnings", report.warnings),
  ].join("\n");
}

function derivedText([name, derived]: [string, FitReport["derived"][string]]): string {
  const { identified, unit } = derived;
  return identified
    ? `${name} = ${formatInterval(derived, end)}: ${unit}`
    : `${name}: not identified (${unit})`;
}
