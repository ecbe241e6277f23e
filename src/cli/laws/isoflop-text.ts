/** @file Optima of compute budgets as a person reads them: exponents, budgets, what other ways give. */

import type { BudgetReport, IsoflopParameter, IsoflopReport } from "../../laws/isoflop/isoflop.ts";
import { left, right } from "../../report/markdown.ts";
import { formatCount, formatFlops, formatInterval, significant } from "../../units/print.ts";
import { type TableColumn, table, wrapped } from "../terminal/table.ts";
import { fact, listed, reasons } from "./report-parts.ts";

type Row = IsoflopParameter & { readonly name: string };

const PARAMETERS: readonly TableColumn<Row>[] = [
  left("parameter", ({ name }) => name),
  right("value", ({ median }) => significant(median, 4)),
  right("90 % interval", ({ lo, hi }) => `${significant(lo, 4)} to ${significant(hi, 4)}`),
  right("standard error", ({ standardError }) => significant(standardError, 3)),
];

const lossText = (loss: number) => significant(loss, 4);

const BUDGETS: readonly TableColumn<BudgetReport>[] = [
  right("C", ({ c }) => formatFlops(c)),
  right("sizes", ({ numSizes }) => String(numSizes)),
  right("N*", ({ optimum }) => (optimum ? formatInterval(optimum.n, formatCount) : "-")),
  right("D*", ({ optimum }) => (optimum ? formatCount(optimum.d.median) : "-")),
  right("loss there", ({ optimum }) => (optimum?.loss ? formatInterval(optimum.loss, lossText) : "-")),
  wrapped("remarks", ({ flags }) => flags.join("; ")),
];

/** The whole report. */
export function isoflopText(report: Omit<IsoflopReport, "draws">, source: string): string {
  const { noisePercent, conventions } = report;
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
    fact("runs", `${report.rows} from ${source}`),
    ...(noisePercent === null
      ? []
      : [
          fact(
            "noise",
            `${significant(noisePercent, 2)} % of the loss from run to run, as the curves show it`,
          ),
        ]),
    ...report.otherWays.map(({ way, a, numBudgets }) =>
      fact("otherwise", `a = ${significant(a, 3)} by the ${way} (${numBudgets} budgets, unweighted)`),
    ),
    fact("N", conventions.parameters),
    fact("C", conventions.compute),
    ...listed("Set aside", reasons(report.setAside)),
    ...listed("Warnings", report.warnings),
  ].join("\n");
}
