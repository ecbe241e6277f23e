/** @file A plan as a person reads it before anything is spent: every number that was derived. */

import type { CampaignEvent } from "../../campaign/context.ts";
import type { Plan } from "../../campaign/planning/plan.ts";
import { N_CONVENTION } from "../../report/bet-sections.ts";
import { left, right } from "../../report/markdown.ts";
import type { PlannedRun } from "../../train/planned-run.ts";
import { formatBytes, formatCount, formatFlops, formatSeconds, significant } from "../../units/print.ts";
import { type TableColumn, table } from "./table.ts";

type PlanRow = {
  readonly label: string;
  readonly numSeeds: number;
  readonly run: PlannedRun;
};

const count = (title: string, cell: (run: PlannedRun) => number): TableColumn<PlanRow> => ({
  title,
  align: "right",
  cell: ({ run }) => formatCount(cell(run)),
});

const COLUMNS: readonly TableColumn<PlanRow>[] = [
  left("run", ({ label }) => label),
  right("seeds", ({ numSeeds }) => String(numSeeds)),
  count("width", ({ spec }) => spec.shape.width),
  count("layers", ({ spec }) => spec.shape.numLayers),
  count("N", ({ matrixParameters }) => matrixParameters),
  count("D", ({ tokens }) => tokens),
  right("C", ({ run }) => formatFlops(run.flops)),
  count("steps", ({ spec }) => spec.numSteps),
  right("batch", ({ run: { spec } }) => `${spec.batchSequences} x ${spec.sequenceLength}`),
];

/** The plan with its table, its legend and what it costs. */
export function planText({
  plan,
  machine,
  numMachines,
  expectedSeconds,
  sourceBytes,
}: Extract<CampaignEvent, { kind: "planned" }>): string {
  const rungs = plan.rungs.map(({ index, runs }) => ({
    label: `rung ${index}`,
    numSeeds: runs.length,
    run: runs[0]!,
  }));
  const rows = [...rungs, { label: "target", numSeeds: 1, run: plan.target }];
  const source = sourceBytes === null ? "" : `; the source files hold ${formatBytes(sourceBytes)}`;
  return [
    table(rows, COLUMNS),
    `N: ${N_CONVENTION}. D: tokens trained on.`,
    "C: FLOP forward and backward, counted from the table of operations, attention included.",
    `vocabulary  ${plan.vocabularySize} (${plan.vocabularyReason})`,
    `reach       the target computes ${significant(plan.reach)} times as much as the largest rung`,
    `text        the target reads ${formatCount(plan.target.tokens)} tokens${source}`,
    `machine     ${numMachines > 1 ? `${numMachines} nodes, each with ` : ""}${machine.numThreads} threads of ` +
      `${machine.processor} (${machine.instructionSet}), ${formatBytes(machine.memoryBytes)}`,
    ...(plan.features ?? []).map(featureText),
    `in all      ${formatFlops(plan.totalFlops)}, about ${formatSeconds(expectedSeconds)}`,
  ].join("\n");
}

function featureText({ name, change, adopted, rungs }: NonNullable<Plan["features"]>[number]): string {
  const runs = rungs.flatMap((rung) => rung.runs);
  const flops = runs.reduce((sum, run) => sum + run.flops + run.evaluationFlops, 0);
  const how = adopted ? "every rung once more without it" : "every rung once more with it";
  return `feature     ${name}, ${change}: ${how}, ${formatFlops(flops)}`;
}
