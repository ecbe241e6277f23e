/** @file How long each run should take, from its instructions timed before anything is spent. */

import type { Placed } from "../../fleet/recorded-run.ts";
import { estimateStep, type StepEstimate } from "../../machine/step.ts";
import type { Machine } from "../../machine/this-machine.ts";
import { sum } from "../../math/statistics.ts";
import type { PlannedRun } from "../../train/planned-run.ts";
import { secondsByOperation } from "../../train/summary.ts";
import type { Plan, Rung } from "./plan.ts";
import { runsOf } from "./plan.ts";

/** What one run should take on a number of threads. */
export type RunEstimate = Pick<StepEstimate, "numThreads" | "stepSeconds" | "arenaBytes"> & {
  readonly operationSeconds: Readonly<Record<string, number>>;
  readonly evaluationSeconds: number;
};

export async function estimateRun(
  run: PlannedRun,
  numThreads: number,
  { instructionSet }: Machine,
): Promise<RunEstimate> {
  const { stepSeconds, arenaBytes, instructions } = await estimateStep(run.spec, {
    numThreads,
    instructionSet,
  });
  return {
    numThreads,
    stepSeconds,
    arenaBytes,
    operationSeconds: secondsByOperation(instructions),
    evaluationSeconds: (stepSeconds * run.spec.numSteps * run.evaluationFlops) / run.flops,
  };
}

/** Start of a process: Node, modules, corpus, compilation; 0.5 to 0.8 s, corrected by the ladder. */
export const START_SECONDS = 0.7;

export const runSeconds = (run: PlannedRun, estimate: RunEstimate) =>
  START_SECONDS + run.spec.numSteps * estimate.stepSeconds + estimate.evaluationSeconds;

/** Small rungs run side by side; these many get all threads, as the target does. */
const RUNGS_ON_ALL_THREADS = 2;

/** The ladder's runs in the order of their start: longest first, so that no thread waits long. */
export function placeLadder(plan: Plan, machine: Machine): readonly Placed[] {
  return placeLadders([plan.rungs], machine);
}

/** The runs of all features, in such an order. */
export function placeFeatures(plan: Plan, machine: Machine): readonly Placed[] {
  return placeLadders(
    (plan.features ?? []).map(({ rungs }) => rungs),
    machine,
  );
}

function placeLadders(ladders: readonly (readonly Rung[])[], { numThreads }: Machine): readonly Placed[] {
  const narrow = ladders.flatMap((rungs) => runsOf(rungs.slice(0, -RUNGS_ON_ALL_THREADS)));
  const wide = ladders.flatMap((rungs) => runsOf(rungs.slice(-RUNGS_ON_ALL_THREADS)));
  return [
    ...narrow.toSorted((a, b) => b.flops - a.flops).map((run) => ({ run, numThreads: 1 })),
    ...wide.map((run) => ({ run, numThreads })),
  ];
}

/** Wall seconds of runs started in order on so many threads, each as soon as its threads are free. */
export function wallSeconds(
  runs: readonly { readonly numThreads: number; readonly seconds: number }[],
  numThreads: number,
): number {
  let freeAt = new Array<number>(numThreads).fill(0);
  for (const { numThreads: needed, seconds } of runs) {
    freeAt.sort((a, b) => a - b);
    const start = freeAt[needed - 1]!;
    freeAt = freeAt.map((free, i) => (i < needed ? start + seconds : free));
  }
  return Math.max(...freeAt);
}

/** Called before a run's shape is timed. */
export type BeforeTiming = (run: PlannedRun, index: number, numRuns: number) => void;

/** Estimates in order; every distinct shape is timed once, half a second each where it is small. */
export async function estimateRuns(
  placed: readonly Placed[],
  machine: Machine,
  beforeTiming: BeforeTiming = () => {},
): Promise<readonly RunEstimate[]> {
  const known = new Map<string, RunEstimate>();
  const estimates: RunEstimate[] = [];
  for (const [index, { run, numThreads }] of placed.entries()) {
    const key = JSON.stringify([run.spec.shape, run.spec.batchSequences, run.spec.numSteps, numThreads]);
    if (!known.has(key)) beforeTiming(run, index, placed.length);
    const estimate = known.get(key) ?? (await estimateRun(run, numThreads, machine));
    known.set(key, estimate);
    estimates.push(estimate);
  }
  return estimates;
}

/**
 * Ladder, features and target one after the other, without preparing, fitting and reporting.
 * @param numMachines like this one, over which the runs of each are spread
 */
export async function estimatePlan(
  plan: Plan,
  machine: Machine,
  numMachines: number,
  beforeTiming?: BeforeTiming,
): Promise<{ readonly targetStepSeconds: number; readonly trainingSeconds: number }> {
  const target = { run: plan.target, numThreads: machine.numThreads };
  const stages = [placeLadder(plan, machine), placeFeatures(plan, machine), [target]];
  const estimates = await estimateRuns(stages.flat(), machine, beforeTiming);
  const seconds = new Map(stages.flat().map(({ run }, i) => [run, runSeconds(run, estimates[i]!)]));
  const timed = stages.map((stage) => stage.map((each) => ({ ...each, seconds: seconds.get(each.run)! })));
  return {
    targetStepSeconds: estimates.at(-1)!.stepSeconds,
    trainingSeconds: sum(timed.map((stage) => wallSeconds(stage, machine.numThreads * numMachines))),
  };
}
