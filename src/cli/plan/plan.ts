/** @file `longrun plan`: the best layouts of a model on a cluster. */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import type { ParetoFigureData } from "../../figures/pareto-figure.ts";
import type { LayoutPlan, LayoutRow } from "../../plan/search/plan-layouts.ts";
import { parseThisMachine } from "../../plan/this-machine/name.ts";
import { COUNT } from "../../units/kinds.ts";
import { readAmount } from "../../units/read.ts";
import { type CommonOptions, finish, wholeNumber } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printJson, printText } from "../output.ts";
import { readChoices, usualPrecision } from "./choices.ts";
import { readSetting, type Setting, type SettingFlags, withSetting } from "./setting.ts";

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

/** Gives the command that the others hang under an action of its own. */
export function withPlanAction(plan: Command): void {
  withSetting(plan)
    .option("--tokens <n>", "tokens of the whole run, for its time", readAmount("--tokens", COUNT))
    .option("--layout <layout>", "a layout of yours, to be placed among them: tp=8,pp=16,vp=4,mb=1,zero=1")
    .option("--precision <list>", "number formats to try: bf16, fp8, mxfp8, nvfp4", "bf16")
    .option(
      "--schedule <list>",
      "pipeline schedules to try (all but gpipe): 1f1b, interleaved, zero-bubble, dualpipe, gpipe",
    )
    .option("--constants <file>", "constants that `longrun plan calibrate --save` has written")
    .option("--count <n>", "layouts to show", wholeNumber("--count", 1), 8);
  withFigureFlag(plan);
  finish(
    plan,
    "longrun plan --model llama3-405b --cluster h100:16384 --tokens 15.6T --sequence 8192 --batch-tokens 16M\nlongrun plan --model config.json --cluster gb200:576 --sequence 4096 --batch-sequences 2304 --precision bf16,fp8 --layout tp=2,pp=8 --svg pareto.svg\nlongrun plan --model campaigns/single-run.yaml --cluster cpu",
  ).action(runPlan);
}

async function runPlan(flags: PlanFlags): Promise<void> {
  const here = parseThisMachine(flags.cluster);
  if (here) {
    const { runPlanHere } = await import("./plan-here.ts");
    return runPlanHere(flags, here);
  }
  const setting = await readSetting(flags);
  checkTokens(flags.tokens, setting);
  const [{ planLayouts }, { parseLayout }, { publishedTable }, { readConstants }] = await Promise.all([
    import("../../plan/search/plan-layouts.ts"),
    import("../../plan/layout/parse.ts"),
    import("../../plan/validate/read-runs.ts"),
    import("../../plan/constants-file.ts"),
  ]);
  const { model, cluster, job, notes } = setting;
  const choices = await readChoices(flags, cluster.accelerator);
  const answer = planLayouts({
    model,
    cluster,
    job,
    choices,
    count: flags.count,
    measured: publishedTable().runs,
    ...(flags.constants === undefined ? {} : { constants: readConstants(flags.constants) }),
    ...(flags.tokens === undefined ? {} : { tokens: flags.tokens }),
    ...(flags.layout === undefined
      ? {}
      : { yours: parseLayout(flags.layout, cluster.numDevices, usualPrecision(choices)) }),
  });
  if (flags.json) printJson({ ...answer, notes });
  else {
    const { layoutAnswerText } = await import("./plan-text.ts");
    printText(layoutAnswerText(answer, notes));
  }
  await writeFigure(flags, async () => {
    const { paretoFigure } = await import("../../figures/pareto-figure.ts");
    return paretoFigure(figureData(answer, cluster.accelerator.memoryBytes));
  });
}

function figureData(answer: LayoutPlan, capacityBytes: number): ParetoFigureData {
  const point = (row: LayoutRow) => ({
    layout: row.layout,
    stepSeconds: row.stepSeconds,
    bytes: row.memory.totalBytes,
  });
  return {
    title: `${answer.model.name} on ${answer.numDevices.toLocaleString("en")} x ${answer.acceleratorLabel}`,
    capacityBytes,
    pareto: answer.pareto.map(point),
    cuts: answer.cuts.map(point),
    nearMisses: answer.nearMisses.map(point),
    yours: answer.yours?.kind === "planned" ? point(answer.yours.row) : null,
  };
}

/** A run of less than a hundred steps is a unit forgotten. */
function checkTokens(tokens: number | undefined, { job }: Setting): void {
  const batch = job.batchSequences * job.sequence;
  if (tokens === undefined || tokens >= 100 * batch) return;
  throw new UserError(
    `--tokens ${tokens} with batches of ${batch} tokens: ${(tokens / batch).toPrecision(2)} steps`,
    "a run of at least 100 steps",
    "check the units: 15.6T is 15.6e12 tokens",
  );
}
