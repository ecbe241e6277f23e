/** @file `longrun plan explain`: why a step takes as long as it does, from the peak down. */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import type { Explanation } from "../../plan/explain/explain.ts";
import type { Cluster } from "../../plan/hardware/cluster.ts";
import type { Layout } from "../../plan/layout/layout.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printAside, printJson, printText } from "../output.ts";
import { readSetting, type Setting, type SettingFlags, withSetting } from "./setting.ts";

type ExplainFlags = CommonOptions &
  FigureFlag &
  SettingFlags & {
    readonly constants?: string;
  };

export function addExplainCommand(plan: Command): void {
  const command = plan
    .command("explain")
    .description("Say where a step's time and memory go, and what more of each resource would buy.")
    .argument("<layout>", "how the step is cut, such as tp=8,pp=16,vp=4,zero=1; dp takes what remains")
    .option("--constants <file>", "constants that `longrun plan calibrate --save` has written");
  withFigureFlag(withSetting(command));
  finish(
    command,
    "longrun plan explain tp=8,pp=16,vp=8,recompute=full --model llama3-405b --cluster h100:16384 --sequence 8192 --batch-tokens 16M\nlongrun plan explain zero=3 --model llama3-8b --cluster h100:64 --sequence 8192 --batch-tokens 1M --svg step.svg",
  ).action(runExplain);
}

async function runExplain(text: string, flags: ExplainFlags): Promise<void> {
  const setting = await readSetting(flags);
  const { parseLayout } = await import("../../plan/layout/parse.ts");
  const layout = parseLayout(text, setting.cluster.numDevices);
  const explanation = await explained(setting, layout, flags);
  const { model, cluster, job, notes } = setting;
  const subject = `${model.name} on ${cluster.numDevices.toLocaleString("en")} x ${cluster.accelerator.label}`;
  for (const note of notes) printAside(note);
  if (flags.json) printJson({ model, cluster, job, ...explanation });
  else {
    const [{ explanationText }, { wideTensorLine }] = await Promise.all([
      import("./explain-text.ts"),
      import("./plan-text.ts"),
    ]);
    const title = `${subject}, ${job.batchSequences.toLocaleString("en")} sequences of ${job.sequence.toLocaleString("en")} a step`;
    printText(explanationText(explanation, title));
    if (layout.tensor > cluster.domainSize) printText(wideTensorLine(layout.tensor, cluster.domainSize));
  }
  await writeFigure(flags, () => drawn(explanation, subject));
}

async function explained(
  { model, cluster, job }: Setting,
  layout: Layout,
  flags: ExplainFlags,
): Promise<Explanation> {
  const [
    { layoutProblem },
    { searchLayouts },
    { commonChoices },
    { explainStep },
    { CONSTANTS },
    { readConstants },
  ] = await Promise.all([
    import("../../plan/search/validity.ts"),
    import("../../plan/search/search.ts"),
    import("../../plan/search/choices.ts"),
    import("../../plan/explain/explain.ts"),
    import("../../plan/constants.ts"),
    import("../../plan/constants-file.ts"),
  ]);
  const problem = layoutProblem(model, cluster, layout, job);
  if (problem)
    throw new UserError(problem.found, problem.expected, "change the layout, or let `longrun plan` find one");
  const constants = flags.constants === undefined ? CONSTANTS : readConstants(flags.constants);
  const choices = commonChoices(layout.precision);
  const bestOn = (changed: Cluster) => {
    const [best] = searchLayouts(model, changed, job, { choices, constants, count: 1 }).best;
    return best ? { layout: best.layout, stepSeconds: best.prediction.stepSeconds } : null;
  };
  return explainStep(model, cluster, layout, job, bestOn, constants);
}

async function drawn(explanation: Explanation, subject: string): Promise<string> {
  const [{ waterfallFigure }, { stageName }, { wordsOf }, { layoutText }] = await Promise.all([
    import("../../figures/waterfall-figure.ts"),
    import("./explain-text.ts"),
    import("../../plan/explain/sensitivity.ts"),
    import("../../plan/layout/parse.ts"),
  ]);
  const { waterfall, stages, sensitivities, layout, prediction } = explanation;
  return waterfallFigure({
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
  });
}
