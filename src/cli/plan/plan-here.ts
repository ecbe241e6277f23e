/** @file `longrun plan --cluster cpu`: our own decoder on this machine, by our own engine. */

import { UserError } from "../../errors.ts";
import { decoderOf } from "../../plan/this-machine/decoder-of.ts";
import type { ThisMachine } from "../../plan/this-machine/name.ts";
import { type PlanHere, planHere } from "../../plan/this-machine/plan-here.ts";
import { left, right } from "../../report/markdown.ts";
import {
  fixed,
  formatBytes,
  formatCount,
  formatInterval,
  formatPercent,
  formatSeconds,
  formatWhole,
  significant,
} from "../../units/print.ts";
import { printResult } from "../output.ts";
import { table } from "../terminal/table.ts";
import { readWork, type SettingFlags } from "./setting.ts";

type Flags = SettingFlags & {
  readonly tokens?: number;
  readonly layout?: string;
  readonly schedule?: string;
  readonly svg?: string;
  readonly constants?: string;
  readonly json?: true;
};

/** Plans, and prints. */
export async function runPlanHere(flags: Flags, { numThreads }: ThisMachine): Promise<void> {
  for (const option of ["layout", "schedule", "constants", "hardware", "svg"] as const)
    if (flags[option] !== undefined)
      throw new UserError(
        `--${option} with --cluster ${flags.cluster}`,
        "nothing to lay out: one machine, its threads share every operation",
        `leave --${option} out`,
      );
  const { named, sequence, batchSequences, notes } = readWork(flags);
  const plan = await planHere({
    name: named.model.name,
    shape: named.decoder ?? decoderOf(named.model),
    batchSequences,
    sequenceLength: sequence,
    numThreads,
    tokens: flags.tokens ?? null,
  });
  printResult(flags, { ...plan, notes }, () => planHereText(plan, notes));
}

/** The plan for a person. */
function planHereText(plan: PlanHere, notes: readonly string[]): string {
  const { model, machine, batch, step, run } = plan;
  const { stepSeconds, memory } = step;
  const seconds = stepSeconds.median;
  return [
    `${model.name} (${formatCount(model.parameters)} parameters) on this machine: ${machine.processor}, ${machine.instructionSet}, ${machine.numThreads} thread${machine.numThreads === 1 ? "" : "s"}, ${formatBytes(machine.memoryBytes)}; ${batch.batch} x ${batch.sequenceLength} = ${formatCount(batch.tokens)} tokens a step.`,
    ...notes,
    "",
    `A step takes ${formatInterval(stepSeconds, formatSeconds)}: ${significant(step.tokensPerSecond, 3)} tokens/s, ${formatPercent(100 * step.peakShare)} of the ${significant(machine.peakFlops / 1e9, 3)} GFLOP/s that its multipliers were measured at.`,
    ...(run
      ? [
          `${formatCount(run.tokens)} tokens are ${formatWhole(run.numSteps)} steps: ${formatInterval(run.seconds, formatSeconds)}, without evaluation and checkpoints.`,
        ]
      : []),
    `It needs ${formatBytes(memory.totalBytes)} of ${formatBytes(memory.capacityBytes)}: ${formatBytes(memory.weights)} of weights, ${formatBytes(memory.optimiser)} of Adam's moments, ${formatBytes(memory.rest)} of gradients and activations.`,
    "",
    table(step.operations, [
      left("operation", ({ operation }) => operation),
      right("a step", ({ count }) => String(count)),
      right("ms", (row) => significant(1000 * row.seconds, 3)),
      right("% of step", (row) => fixed((100 * row.seconds) / seconds, 1)),
      right("GFLOP/s", ({ flops, seconds: own }) => significant(flops / own / 1e9, 3)),
    ]),
    "",
    "How it is known: each of the step's instructions was timed alone just now; no step was made. In brackets: 90 % intervals.",
  ].join("\n");
}
