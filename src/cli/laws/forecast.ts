/** @file `longrun laws forecast`: the loss, or a task's score, of a run from a table of smaller ones. */

import type { Command } from "commander";
import { forecastFigure } from "../../figures/forecast-figure.ts";
import { predict } from "../../law/predict.ts";
import { type Forecast, usefulForecast } from "../../laws/forecast/forecast.ts";
import { type Study, study } from "../../laws/forecast/study.ts";
import { designFrom } from "../../laws/forecast/target.ts";
import type { RunTable } from "../../laws/table/run-table.ts";
import { forecastTask, type TaskForecast } from "../../laws/tasks/forecast.ts";
import type { Interval } from "../../math/interval.ts";
import { left, right } from "../../report/markdown.ts";
import { COUNT } from "../../units/kinds.ts";
import {
  formatCount,
  formatFlops,
  formatInterval,
  formatLoss,
  formatShare,
  significant,
} from "../../units/print.ts";
import { readAmount } from "../../units/read.ts";
import { finish, given } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printJson, printText } from "../output.ts";
import { type TableColumn, table } from "../terminal/table.ts";
import {
  readRunTable,
  setAsideLines,
  type TableFlags,
  tableOptions,
  tellSetAside,
  withTableFlags,
} from "./run-table.ts";
import { scoreColumns, scoresOf } from "./scores.ts";
import { givenTarget, type TargetFlags, withTargetFlags } from "./target-flags.ts";

type ForecastFlags = TableFlags &
  FigureFlag &
  TargetFlags & {
    readonly uniqueTokens?: number;
    readonly experts?: number;
    readonly task?: string;
  };

export function defineForecast(command: Command): void {
  withTargetFlags(command)
    .argument("<runs>", "a CSV or JSONL file of runs, or the folder of a campaign")
    .option("--unique-tokens <n>", "distinct tokens among them", readAmount("--unique-tokens", COUNT))
    .option("--experts <n>", "experts of a routed target", readAmount("--experts", COUNT))
    .option("--task <column>", "also forecast this column of scores (COLUMN_sd and COLUMN_chance beside it)");
  withFigureFlag(withTableFlags(command));
  finish(
    command,
    "longrun laws forecast runs.csv --params 70B --tokens 1.4T\nlongrun laws forecast runs.csv --compute 1e22 --svg forecast.svg",
  ).action(runForecast);
}

async function runForecast(path: string, flags: ForecastFlags): Promise<void> {
  const runs = readRunTable(path, { ...tableOptions(flags), ...scoreColumns(flags.task) });
  const [studied, forecast] = forecastFrom(runs, flags);
  const task = flags.task === undefined ? undefined : taskForecast(runs, flags.task, forecast);
  if (flags.json)
    printJson({ ...forecast, warnings: [...runs.warnings, ...forecast.warnings], ...(task ? { task } : {}) });
  else printText(forecastText(forecast, runs, flags.task, task));
  await writeFigure(flags, () => drawForecast(studied, forecast));
}

/** A refusal, too, says which runs it rests on. */
function forecastFrom(runs: RunTable, flags: ForecastFlags): readonly [Study, Forecast] {
  try {
    const studied = study(runs.runs);
    const target = {
      ...designFrom(studied, givenTarget(flags)),
      ...given({ unique: flags.uniqueTokens, experts: flags.experts }),
    };
    return [studied, usefulForecast(studied, target)];
  } catch (error) {
    tellSetAside(runs);
    throw error;
  }
}

const NUM_LINE_POINTS = 41;

/** The band at the target's ratio, from the smallest run to twice the target's compute. */
async function drawForecast(studied: Study, { target, median, lo, hi }: Forecast): Promise<string> {
  const from = Math.min(...studied.runs.map(({ c }) => c)) / target.c;
  const designs = Array.from({ length: NUM_LINE_POINTS }, (_, i) => {
    const growth = from * (2 / from) ** (i / (NUM_LINE_POINTS - 1));
    const root = Math.sqrt(growth);
    return { ...target, n: target.n * root, d: target.d * root, c: target.c * growth };
  });
  return forecastFigure({
    points: studied.runs.map(({ n, d, c, loss }) => ({ flops: c, loss, tokensPerParameter: d / n })),
    line: designs.map((design) => ({ flops: design.c, ...predict(studied.posterior, design) })),
    target: { flops: target.c, tokensPerParameter: target.d / target.n, median, lo, hi },
  });
}

function taskForecast(runs: RunTable, column: string, { median, lo, hi, target }: Forecast): TaskForecast {
  return forecastTask(scoresOf(runs, column), target, { median, lo, hi });
}

type LawRow = Forecast["laws"][number];

const COLUMNS: readonly TableColumn<LawRow>[] = [
  left("law", ({ formula }) => formula),
  right("weight", ({ weight }) => formatShare(weight, 0)),
  right("alone it says (90 %)", formatLoss),
];

const score = (share: Interval) => formatInterval(share, (value) => significant(value, 3));

function forecastText(
  forecast: Forecast,
  runs: RunTable,
  column: string | undefined,
  task: TaskForecast | undefined,
): string {
  const { target, basis, laws, warnings, setAside } = forecast;
  const aside = [...runs.setAside, ...setAside];
  return [
    `loss ${formatLoss(forecast)} at 90 %`,
    `at N ${formatCount(target.n)}, D ${formatCount(target.d)} (${significant(target.d / target.n, 3)} tokens a parameter), C ${formatFlops(target.c)}`,
    ...(task
      ? [`${column} ${score(task)} at 90 % (two-step ${score(task.twoStep)}, direct ${score(task.direct)})`]
      : []),
    "",
    table(laws, COLUMNS),
    "",
    basis,
    ...setAsideLines(aside),
    ...[...runs.warnings, ...warnings, ...(task?.warnings ?? [])].map((warning) => `Warning: ${warning}`),
  ].join("\n");
}
