/** @file `longrun laws allocate`: where to put a budget. */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { allocateFigure } from "../../figures/allocate-figure.ts";
import { lawNamed } from "../../law/formulas/all.ts";
import { readScalingLaw } from "../../law/scaling-law.ts";
import { allocate } from "../../laws/decide/allocate.ts";
import { budgetCurves } from "../../laws/decide/budget-curves.ts";
import { type FittedLaw, fittedLaw, forecastLaw } from "../../laws/decide/fitted.ts";
import { COUNT, FLOPS } from "../../units/kinds.ts";
import { readAmount } from "../../units/read.ts";
import { finish, given } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printResult } from "../output.ts";
import { allocationText } from "./allocate-text.ts";
import { readRunTable, type TableFlags, tableOptions, tellSetAside, withTableFlags } from "./run-table.ts";

type AllocateFlags = TableFlags &
  FigureFlag & {
    readonly compute: number;
    readonly law?: string;
    readonly params?: number;
    readonly uniqueTokens?: number;
    readonly servedTokens?: number;
    readonly from?: string;
  };

export function defineAllocate(command: Command): void {
  command
    .argument("[runs]", "a table of finished runs: CSV, TSV, JSON lines, or a campaign's folder")
    .requiredOption("--compute <flops>", "the budget of the training run", readAmount("--compute", FLOPS))
    .option("--law <law>", "one law over N and D, fitted alone, in place of all that a forecast weighs")
    .option("--from <file>", "a saved law instead of a table of runs")
    .option("--params <n>", "a size in mind, to be compared with the optimum", readAmount("--params", COUNT))
    .option(
      "--unique-tokens <n>",
      "distinct tokens on hand: beyond them data repeats",
      readAmount("--unique-tokens", COUNT),
    )
    .option(
      "--served-tokens <n>",
      "tokens to be served: smaller and longer trained",
      readAmount("--served-tokens", COUNT),
    );
  withFigureFlag(withTableFlags(command));
  finish(
    command,
    "longrun laws allocate runs.csv --compute 1e21 --params 7B\nlongrun laws allocate runs.csv --compute 1e22 --unique-tokens 100B --served-tokens 2T --svg allocation.svg",
  ).action(runAllocate);
}

async function runAllocate(path: string | undefined, flags: AllocateFlags): Promise<void> {
  const fitted = fittedFrom(path, flags);
  const allocation = allocate(fitted, {
    compute: flags.compute,
    ...given({ params: flags.params, uniqueTokens: flags.uniqueTokens, servedTokens: flags.servedTokens }),
  });
  const answer = { ...allocation, warnings: [...fitted.warnings, ...allocation.warnings] };
  printResult(flags, answer, () => allocationText(answer));
  await writeFigure(flags, () => allocateFigure(budgetCurves(fitted, answer)));
}

function fittedFrom(path: string | undefined, flags: AllocateFlags): FittedLaw {
  if ((path === undefined) === (flags.from === undefined)) {
    throw new UserError(
      path === undefined ? "neither a table of runs nor --from" : `both ${path} and --from ${flags.from}`,
      "one of the two",
      "give the table of runs, or a law saved by `longrun laws fit --save`",
    );
  }
  if (flags.from !== undefined) return savedLaw(flags.from);
  const law = flags.law === undefined ? undefined : lawNamed(flags.law);
  const table = readRunTable(path!, { ...tableOptions(flags), needs: ["n", "d", "c"] });
  tellSetAside(table);
  return law === undefined ? forecastLaw(table) : fittedLaw(law, table);
}

function savedLaw(path: string): FittedLaw {
  return { ...readScalingLaw(path), warnings: [] };
}
