/** @file `longrun laws curve`: the curve to expect under any schedule, or a campaign's run in its band. */

import { basename } from "node:path";
import { type Command, Option } from "commander";
import { curveState } from "../../campaign/account/curve-state.ts";
import { UserError } from "../../errors.ts";
import { curveLawFigure } from "../../figures/curve-law-figure.ts";
import { readText } from "../../input-file.ts";
import { CURVE_LAWS } from "../../laws/curves/curve-laws.ts";
import { studyCurves } from "../../laws/curves/curve-study.ts";
import { CURVE_COLUMNS } from "../../laws/table/column-names.ts";
import { parseColumns } from "../../laws/table/columns.ts";
import { type CommonOptions, finish, given, nonNegative } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printResult } from "../output.ts";
import { Progress, standardError } from "../terminal/progress.ts";
import { figureOf, stateFigure, stateText, studyJson, studyText } from "./curve-text.ts";

type CurveFlags = CommonOptions &
  FigureFlag & {
    readonly law: string;
    readonly schedule: readonly string[];
    readonly scheduleFile: readonly string[];
    readonly warmup?: number;
    readonly columns?: string;
    readonly campaign?: string;
  };

const collect = (text: string, before: readonly string[]) => [...before, text];

export function defineCurve(command: Command): void {
  command
    .argument(
      "[files...]",
      "curves: CSV, tab-separated or JSON lines with step, lr and loss; at least two schedules",
    )
    .addOption(
      new Option("--law <law>", "how a falling rate lowers the loss")
        .choices(CURVE_LAWS.map(({ name }) => name))
        .default(CURVE_LAWS[0]!.name),
    )
    .option(
      "--schedule <schedule>",
      "forecast this: cosine:peak=3e-4,steps=72000,warmup=2160,final=3e-5, or constant, linear, wsd " +
        "(decay=<steps, share or best>, shape=linear|exponential|cosine|sqrt), two-stage (at=, second=); " +
        "more than one are compared",
      collect,
      [],
    )
    .option("--schedule-file <file>", "forecast the schedule in this table of step and lr", collect, [])
    .option(
      "--warmup <steps>",
      "warm-up before the files' first row (default: up to that row)",
      nonNegative("--warmup"),
    )
    .option("--columns <names>", "what the columns are called: step=...,lr=...,loss=...")
    .option("--campaign <folder>", "where the target of this campaign is in the band locked for it");
  finish(
    withFigureFlag(command),
    "longrun laws curve constant.csv cosine.csv two-stage.csv --schedule wsd:steps=72000,decay=0.2 " +
      "--schedule cosine:steps=72000\nlongrun laws curve --campaign runs/first-light",
  ).action(runCurve);
}

async function runCurve(files: readonly string[], flags: CurveFlags): Promise<void> {
  if (flags.campaign !== undefined) return runCampaignCurve(flags.campaign, files, flags);
  if (files.length === 0)
    throw new UserError(
      "no curves",
      "at least two files of step, lr and loss, or --campaign <folder>",
      "name the files",
    );
  using progress = new Progress(standardError());
  const fits = progress.start("fit curves");
  const study = studyCurves({
    law: CURVE_LAWS.find(({ name }) => name === flags.law)!,
    curves: namedTexts(files),
    schedules: flags.schedule,
    scheduleTables: namedTexts(flags.scheduleFile),
    options: {
      ...(flags.columns === undefined ? {} : { columns: parseColumns(flags.columns, CURVE_COLUMNS) }),
      ...given({ warmup: flags.warmup }),
    },
    tell: (done, total) => fits.update({ done, total, details: [] }),
  });
  fits.finish("");
  printResult(flags, studyJson(study), () => studyText(study, process.stdout.columns ?? 110));
  await writeFigure(flags, () => curveLawFigure(figureOf(study)));
}

/** Files under their shortest names that still differ. */
function namedTexts(paths: readonly string[]): readonly { readonly name: string; readonly text: string }[] {
  const names = paths.map((path) => basename(path).replace(/\.(csv|tsv|jsonl?|txt)$/i, ""));
  return paths.map((path, i) => ({
    name: names.indexOf(names[i]!) === names.lastIndexOf(names[i]!) ? names[i]! : path,
    text: readText(path, "a table of step, lr and loss"),
  }));
}

async function runCampaignCurve(folder: string, files: readonly string[], flags: CurveFlags): Promise<void> {
  if (files.length > 0 || flags.schedule.length > 0 || flags.scheduleFile.length > 0)
    throw new UserError(
      "--campaign together with curves or schedules",
      "one of the two",
      "leave out --campaign to fit a law to files",
    );
  const state = curveState(folder);
  printResult(flags, state, () => stateText(state));
  await writeFigure(flags, () => stateFigure(state));
}
