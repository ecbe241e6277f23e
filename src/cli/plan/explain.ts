/** @file `longrun plan explain`: why a step takes as long as it does, from the peak down. */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { waterfallFigure } from "../../figures/waterfall-figure.ts";
import { readConstants } from "../../plan/constants-file.ts";
import { type Explanation, explainStep } from "../../plan/explain/explain.ts";
import { wordsOf } from "../../plan/explain/sensitivity.ts";
import type { Cluster } from "../../plan/hardware/cluster.ts";
import { layoutText, parseLayout } from "../../plan/layout/parse.ts";
import { commonChoices } from "../../plan/search/choices.ts";
import { searchLayouts } from "../../plan/search/search.ts";
import { layoutProblem } from "../../plan/search/validity.ts";
import { formatWhole } from "../../units/print.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printAside, printJson, printText } from "../output.ts";
import { explanationText, stageName } from "./explain-text.ts";
import { wideTensorLine } from "./layouts-text.ts";
import { readSetting, type SettingFlags, withConstants, withSetting } from "./setting.ts";

type ExplainFlags = CommonOptions & FigureFlag & SettingFlags & { readonly constants?: string };

export function defineExplain(command: Command): void {
  command.argument("<layout>", "how the step is cut, such as tp=8,pp=16,vp=4,zero=1; dp takes what remains");
  withFigureFlag(withSetting(withConstants(command)));
  finish(
    command,
    "longrun plan explain tp=8,pp=16,vp=8,recompute=full --model llama3-405b --cluster h100:16384 " +
      "--sequence 8192 --batch-tokens 16M",
    "longrun plan explain zero=3 --model llama3-8b --cluster h100:64 --sequence 8192 --batch-tokens 1M " +
      "--svg step.svg",
  ).action(runExplain);
}

async function runExplain(text: string, flags: ExplainFlags): Promise<void> {
  const { notes, ...setup } = readSetting(flags);
  const { model, cluster, job } = setup;
  const layout = parseLayout(text, cluster.numDevices);
  const problem = layoutProblem(setup, layout);
  if (problem)
    throw new UserError(problem.found, problem.expected, "change the layout, or let `longrun plan` find one");
  const constants = readConstants(flags.constants);
  const options = { choices: commonChoices(layout.precision), constants, count: 1 };
  const bestOn = (changed: Cluster) => {
    const [best] = searchLayouts({ ...setup, cluster: changed }, options).best;
    return best ? { layout: best.layout, stepSeconds: best.prediction.stepSeconds } : null;
  };
  const explanation = explainStep(setup, layout, bestOn, constants);
  const subject = `${model.name} on ${formatWhole(cluster.numDevices)} x ${cluster.accelerator.label}`;
  for (const note of notes) printAside(note);
  if (flags.json) printJson({ ...setup, ...explanation });
  else {
    const batch = `${formatWhole(job.batchSequences)} sequences of ${formatWhole(job.sequence)}`;
    printText(explanationText(explanation, `${subject}, ${batch} a step`));
    if (layout.tensor > cluster.domainSize) printText(wideTensorLine(layout.tensor, cluster.domainSize));
  }
  await writeFigure(flags, () => waterfallFigure(figureData(explanation, subject)));
}

function figureData({ waterfall, stages, sensitivities, layout, prediction }: Explanation, subject: string) {
  return {
    subject,
    layout: layoutText(layout),
    steps: waterfall.map(({ label, seconds }) => ({ label, seconds })),
    stages: stages.map((stage) => {
      const { weights, gradients, optimiser, activations, workspace, overhead } = stage.memory;
      return {
        label: `stage ${stageName(stage)}`,
        components: { weights, gradients, optimiser, activations, workspace, overhead },
      };
    }),
    capacityBytes: prediction.memory.capacityBytes,
    sensitivities: sensitivities.map(({ resource, gainPercent }) => ({
      label: wordsOf(resource),
      gainPercent,
    })),
  };
}
