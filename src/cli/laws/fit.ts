/** @file `longrun laws fit`: a law, or one of Chinchilla's approaches, fitted to a table of runs. */

import { createHash } from "node:crypto";
import { type Command, Option } from "commander";
import { UserError } from "../../errors.ts";
import { isoflopFigure } from "../../figures/isoflop-figure.ts";
import { lawFitFigure } from "../../figures/law-fit-figure.ts";
import { lawNamed } from "../../law/formulas/all.ts";
import { lawFileText } from "../../law/law-file.ts";
import { type FitReport, type FitTableOptions, fitReportJson, fitTable } from "../../laws/fit/fit-table.ts";
import type { Loss } from "../../laws/fit/loss.ts";
import { RESAMPLINGS, type Resampling } from "../../laws/fit/resample.ts";
import { saveLaw } from "../../laws/forecast/save-law.ts";
import { fitFrontier } from "../../laws/isoflop/frontier.ts";
import { fitIsoflops } from "../../laws/isoflop/isoflop.ts";
import { type CommonOptions, finish, given, nonNegative, wholeNumber } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printAside, printResult } from "../output.ts";
import { outputOption, writeOutputFile } from "../output-file.ts";
import { fitText } from "./fit-text.ts";
import { isoflopText } from "./isoflop-text.ts";
import { readRunTable, type TableFlags, tableOptions, withTableFlags } from "./run-table.ts";

type FitFlags = CommonOptions &
  TableFlags &
  FigureFlag & {
    readonly law: string;
    readonly loss: Loss["kind"];
    readonly delta: number;
    readonly penalty: number;
    readonly bootstrap?: Resampling;
    readonly resamples: number;
    readonly seed: number;
    readonly save?: string;
  };

export function defineFit(command: Command): void {
  command
    .argument("<runs>", "a CSV or JSONL file of runs, or the folder of a campaign")
    .option(
      "--law <name>",
      "which law, or approach-1 or approach-2 for compute budgets; docs/laws.md says what each is for",
      "chinchilla",
    );
  withTableFlags(command)
    .addOption(
      new Option("--loss <kind>", "what a residual in log loss costs")
        .choices(["huber", "absolute", "squared", "asymmetric"] satisfies readonly Loss["kind"][])
        .default("huber"),
    )
    .option("--delta <size>", "where Huber's loss turns linear, in log loss", nonNegative("--delta"), 1e-3)
    .option(
      "--penalty <times>",
      "penalty factor of the asymmetric loss where the law lies above a run",
      nonNegative("--penalty"),
      10,
    )
    .addOption(
      new Option("--bootstrap <kind>", "how runs are drawn again (default: by the table)").choices(
        RESAMPLINGS,
      ),
    )
    .option(
      "--resamples <count>",
      "drawings behind the intervals",
      wholeNumber("--resamples", 20, 100_000),
      4000,
    )
    .option("--seed <number>", "of the drawings", wholeNumber("--seed", 0), 0)
    .addOption(
      outputOption("--save <file>", "keep the fitted law: `laws allocate --from` and the planner read it"),
    );
  finish(
    withFigureFlag(command),
    "longrun laws fit runs.csv --law chinchilla --columns n=params,d=tokens,loss=val_loss",
  ).action(fitCommand);
}

async function fitCommand(path: string, flags: FitFlags): Promise<void> {
  const approach = APPROACHES[flags.law];
  if (approach) return fitApproach(path, flags, approach);
  const law = lawNamed(flags.law);
  const table = readRunTable(path, { ...tableOptions(flags), needs: law.uses });
  const report = fitTable(table, law, fitOptions(flags));
  if (flags.save !== undefined) save(report, flags.save);
  printResult(flags, fitReportJson(report), () => fitText(report));
  await writeFigure(flags, () => lawFitFigure(figureData(report)));
}

function fitOptions({ loss, delta, penalty, bootstrap, resamples, seed }: FitFlags): FitTableOptions {
  if (!(delta > 0)) throw new UserError(`--delta ${delta}`, "a size above 0", "leave it out for 0.001");
  return {
    loss: lossOf(loss, delta, penalty),
    numResamples: resamples,
    seed,
    ...given({ resampling: bootstrap }),
  };
}

function lossOf(kind: Loss["kind"], delta: number, penalty: number): Loss {
  switch (kind) {
    case "huber":
      return { kind, delta };
    case "asymmetric":
      return { kind, delta, penalty };
    case "absolute":
    case "squared":
      return { kind };
  }
}

function save(report: FitReport, path: string): void {
  const hash = createHash("sha256").update(JSON.stringify(report.table.runs)).digest("hex");
  const saved = saveLaw(report, hash);
  writeOutputFile(path, lawFileText(saved));
  const answers = saved.posterior === null ? "it alone" : "every law that a forecast of its runs weighs";
  printAside(`the fitted law is in ${path}, and answers for ${answers}`);
}

function figureData({ law, table, fit, residualScale }: FitReport) {
  return {
    title: law.formula,
    residualScale,
    points: table.runs.map((run, i) => ({
      n: run.n,
      d: run.d,
      c: run.c,
      loss: run.loss,
      residual: fit.residuals[i]!,
    })),
  };
}

/** Optima of compute budgets, without a law of the loss. */
const APPROACHES: Readonly<Record<string, typeof fitIsoflops>> = {
  "approach-1": fitFrontier,
  "approach-2": fitIsoflops,
};

async function fitApproach(path: string, flags: FitFlags, approach: typeof fitIsoflops): Promise<void> {
  if (flags.save !== undefined) {
    throw new UserError(
      `--save with --law ${flags.law}`,
      "a law of the loss: an approach gives the best size at a budget, and no loss",
      "leave --save out, or fit --law chinchilla",
    );
  }
  const table = readRunTable(path, { ...tableOptions(flags), needs: ["n", "c"] });
  const { draws, ...report } = approach(table, { seed: flags.seed });
  printResult(flags, report, () => isoflopText(report, table.source));
  await writeFigure(flags, () =>
    isoflopFigure({
      points: table.runs,
      optima: report.budgets.flatMap(({ c, optimum }) => (optimum ? [{ c, n: optimum.n }] : [])),
      lines: draws,
      line: { intercept: Math.log(report.parameters.k.median), slope: report.parameters.a.median },
    }),
  );
}
