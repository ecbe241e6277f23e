/** @file `longrun plan`: the best layouts of a model on a cluster; further questions are subcommands. */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { type ParetoFigureData, paretoFigure } from "../../figures/pareto-figure.ts";
import { readConstants } from "../../plan/constants-file.ts";
import { parseLayout } from "../../plan/layout/parse.ts";
import { type LayoutPlan, type LayoutRow, planLayouts } from "../../plan/search/plan-layouts.ts";
import { parseThisMachine } from "../../plan/this-machine/name.ts";
import { publishedTable } from "../../plan/validate/read-runs.ts";
import { COUNT } from "../../units/kinds.ts";
import { formatWhole, significant } from "../../units/print.ts";
import { readAmount } from "../../units/read.ts";
import { type CommonOptions, finish, wholeNumber } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printResult } from "../output.ts";
import { onlyPrecision, readChoices } from "./choices.ts";
import { layoutPlanText } from "./layouts-text.ts";
import { runPlanHere } from "./plan-here.ts";
import { type PlanSetting, readSetting, type SettingFlags, withConstants, withSetting } from "./setting.ts";

type PlanFlags = CommonOptions &
  FigureFlag &
  SettingFlags & {
    readonly tokens?: number;
    readonly layout?: string;
    readonly precision?: string;
    readonly schedule?: string;
    readonly constants?: string;
    readonly count: number;
  };

/** The command that the others hang under has an action of its own. */
export function definePlan(plan: Command): void {
  withSetting(plan)
    // An option after a subcommand's name is the subcommand's.
    .enablePositionalOptions()
    .option("--tokens <n>", "tokens of the whole run, for its time", readAmount("--tokens", COUNT))
    .option("--layout <layout>", "a layout of yours, to be placed among them: tp=8,pp=16,vp=4,mb=1,zero=1")
    .option("--precision <list>", "number formats to try: bf16, fp8, mxfp8, nvfp4", "bf16")
    .option(
      "--schedule <list>",
      "pipeline schedules to try (all but gpipe): 1f1b, interleaved, zero-bubble, dualpipe, gpipe",
    );
  withConstants(plan).option("--count <n>", "layouts to show", wholeNumber("--count", 1, 1000), 8);
  withFigureFlag(plan);
  finish(
    plan,
    "longrun plan --model llama3-405b --cluster h100:16384 --tokens 15.6T --sequence 8192 --batch-tokens 16M",
    "longrun plan --model config.json --cluster gb200:576 --sequence 4096 --batch-sequences 2304 " +
      "--precision bf16,fp8 --layout tp=2,pp=8 --svg pareto.svg",
    "longrun plan --model campaigns/single-run.yaml --cluster cpu",
  ).action(runPlan);
}

async function runPlan(flags: PlanFlags): Promise<void> {
  const here = parseThisMachine(flags.cluster);
  if (here) return runPlanHere(flags, here);
  const { notes, ...setup } = readSetting(flags);
  const { cluster } = setup;
  checkTokens(flags.tokens, setup.job);
  const choices = readChoices(flags, cluster.accelerator);
  const plan = planLayouts({
    ...setup,
    choices,
    count: flags.count,
    measured: publishedTable().runs,
    constants: readConstants(flags.constants),
    tokens: flags.tokens,
    yours:
      flags.layout === undefined
        ? undefined
        : parseLayout(flags.layout, cluster.numDevices, onlyPrecision(choices)),
  });
  printResult(flags, { ...plan, notes }, () => layoutPlanText(plan, notes));
  await writeFigure(flags, () => paretoFigure(figureData(plan, cluster.accelerator.memoryBytes)));
}

function figureData(plan: LayoutPlan, capacityBytes: number): ParetoFigureData {
  const point = ({ layout, stepSeconds, memory }: LayoutRow) => ({
    layout,
    stepSeconds,
    bytes: memory.totalBytes,
  });
  return {
    title: `${plan.model.name} on ${formatWhole(plan.numDevices)} x ${plan.acceleratorLabel}`,
    capacityBytes,
    pareto: plan.pareto.map(point),
    cuts: plan.cuts.map(point),
    nearMisses: plan.nearMisses.map(point),
    yours: plan.yours?.kind === "planned" ? point(plan.yours.row) : null,
  };
}

/** A run of less than a hundred steps is a unit forgotten. */
function checkTokens(tokens: number | undefined, job: PlanSetting["job"]): void {
  const batch = job.batchSequences * job.sequence;
  if (tokens === undefined || tokens >= 100 * batch) return;
  throw new UserError(
    `--tokens ${tokens} with batches of ${batch} tokens: ${significant(tokens / batch, 2)} steps`,
    "a run of at least 100 steps",
    "check the units: 15.6T is 15.6e12 tokens",
  );
}
