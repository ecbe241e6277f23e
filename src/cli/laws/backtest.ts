/** @file `longrun laws backtest`: would this table's smaller runs have predicted its larger ones? */

import type { Command } from "commander";
import { backTestFigure } from "../../figures/back-test-figure.ts";
import { type BackTestCut, type BackTestReport, backTestTable } from "../../laws/forecast/back-test.ts";
import { strayRuns, strayWarnings } from "../../laws/forecast/stray-runs.ts";
import { right } from "../../report/markdown.ts";
import { formatFlops, formatPercent, formatShare, significant } from "../../units/print.ts";
import { finish } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printResult } from "../output.ts";
import { type TableColumn, table } from "../terminal/table.ts";
import { readRunTable, setAsideLines, type TableFlags, tableOptions, withTableFlags } from "./run-table.ts";

export function defineBacktest(command: Command): void {
  command.argument("<runs>", "a CSV or JSONL file of runs, or the folder of a campaign");
  withFigureFlag(withTableFlags(command));
  finish(command, "longrun laws backtest runs.csv --columns loss=val_loss --svg backtest.svg").action(
    runBacktest,
  );
}

async function runBacktest(path: string, flags: TableFlags & FigureFlag): Promise<void> {
  const runs = readRunTable(path, tableOptions(flags));
  const report = backTestTable(runs.runs);
  const setAside = [...runs.setAside, ...report.setAside];
  const warnings = [...runs.warnings, ...strayWarnings(strayRuns(runs.runs))];
  printResult(flags, { ...report, setAside, warnings }, () =>
    backTestText({ ...report, setAside }, warnings),
  );
  await writeFigure(flags, () => backTestFigure({ cuts: report.cuts }));
}

const COLUMNS: readonly TableColumn<BackTestCut>[] = [
  right("fitted up to", ({ cut }) => formatFlops(cut)),
  right("reach", ({ reach }) => significant(reach, 2)),
  right("below", ({ train }) => String(train)),
  right("above", ({ test }) => String(test)),
  right("mean error", ({ meanErrorPercent }) => percent(meanErrorPercent)),
  right("worst", ({ worstErrorPercent }) => percent(worstErrorPercent)),
  right("inside 90 %", ({ coverage90 }) => share(coverage90)),
  right("width", ({ meanWidthPercent }) => percent(meanWidthPercent)),
  right("score", ({ intervalScore }) => significant(intervalScore, 2)),
  right("plain bootstrap: inside", ({ plainBootstrap }) => share(plainBootstrap.coverage90)),
  right("score", ({ plainBootstrap }) => significant(plainBootstrap.intervalScore, 2)),
];

const percent = (value: number) => formatPercent(value, 2);
const share = (value: number) => formatShare(value, 0);

function backTestText(
  { rows, cuts, refused, setAside }: BackTestReport,
  warnings: readonly string[],
): string {
  return [
    ...(cuts.length === 0 ? ["No cut gives a forecast."] : [table(cuts, COLUMNS), "", summary(cuts)]),
    "score: width plus 20 times what lies outside, in percent of the loss; lower is better",
    ...refused.map(
      ({ cut, reach, reason }) =>
        `Refused at ${formatFlops(cut)} (reach ${significant(reach, 2)}): ${reason}.`,
    ),
    `${rows} runs used`,
    ...setAsideLines(setAside),
    ...warnings.map((warning) => `Warning: ${warning}`),
  ].join("\n");
}

function summary(cuts: readonly BackTestCut[]): string {
  const mean = (of: (cut: BackTestCut) => number) =>
    cuts.reduce((sum, cut) => sum + of(cut), 0) / cuts.length;
  return (
    `over ${cuts.length} cuts: mean error ${percent(mean((cut) => cut.meanErrorPercent))}, ` +
    `${share(mean((cut) => cut.coverage90))} inside their 90 % interval, score ${significant(
      mean((cut) => cut.intervalScore),
      3,
    )} (plain bootstrap ${share(mean((cut) => cut.plainBootstrap.coverage90))}, ${significant(
      mean((cut) => cut.plainBootstrap.intervalScore),
      3,
    )})`
  );
}
