/** @file `longrun laws fit --law approach-1`, `approach-2`: optima of compute budgets, no surface. */

import { UserError } from "../../errors.ts";
import { isoflopFigure } from "../../figures/isoflop-figure.ts";
import { fitFrontier } from "../../laws/isoflop/frontier.ts";
import { fitIsoflops, type IsoflopReport } from "../../laws/isoflop/isoflop.ts";
import type { RunTable } from "../../laws/table/table.ts";
import { type FigureFlag, writeFigure } from "../figure-file.ts";
import { printJson, printText } from "../output.ts";
import { isoflopText } from "./isoflop-text.ts";
import type { TableFlags } from "./options.ts";
import { readRunTable, tableOptions } from "./read-runs.ts";

type IsoflopFlags = TableFlags &
  FigureFlag & {
    readonly law: string;
    readonly seed: number;
    readonly save?: string;
  };

/** Whether `--law` names one of the two. */
export function isApproach(law: string): law is IsoflopReport["law"] {
  return law === "approach-1" || law === "approach-2";
}

/** Fits and prints. */
export async function fitApproach(path: string, flags: IsoflopFlags): Promise<void> {
  if (flags.save !== undefined) {
    throw new UserError(
      `--save with --law ${flags.law}`,
      "a law of the loss: an approach gives the best size at a budget, and no loss",
      "leave --save out, or fit --law chinchilla",
    );
  }
  const table = readRunTable(path, { ...tableOptions(flags), needs: ["n", "c"] });
  const report = fitted(flags.law, table, flags.seed);
  if (flags.json) {
    const { draws: _, ...shown } = report;
    printJson(shown);
  } else {
    printText(isoflopText(report, table.source));
  }
  await writeFigure(flags, () =>
    isoflopFigure({
      points: table.runs,
      optima: report.budgets.flatMap(({ c, optimum }) => (optimum ? [{ c, n: optimum.n }] : [])),
      lines: report.draws,
      line: { intercept: Math.log(report.parameters.k.median), slope: report.parameters.a.median },
    }),
  );
}

function fitted(law: string, table: RunTable, seed: number): IsoflopReport {
  if (law === "approach-1") {
    return fitFrontier(table, { seed });
  }
  return fitIsoflops(table, { seed });
}
