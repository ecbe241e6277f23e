/**
 * @file How long each run should take, from the time of each of its instructions on this machine, measured
 * before anything is spent.
 */

import type { Placed } from "../../fleet/recorded-run.ts";
import { estimateStep, type StepEstimate } from "../../machine/step.ts";
import type { Machine } from "../../machine/this-machine.ts";
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

/**
 * A process needs this long before its first step: Node, modules, corpus, compilation. Measured at 0.5 to 0.8
 * s; the ladder corrects it.
 */
export const START_SECONDS = 0.7;

export const runSeconds = (run: PlannedRun, estimate: RunEstimate) =>
  START_SECONDS + run.spec.numSteps * estimate.stepSeconds + estimate.evaluationSeconds;

/**
 * Small rungs run side by side, one thread each; these many get every thread, so that the target's step time
 * is forecast from runs like it.
 */
const RUNGS_ON_ALL_THREADS = 2;

/**
 * The ladder's runs in the order in which they are started: longest first, so that no thread waits long at
 * the end.
 */
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

export type Estimates = {
  readonly target: RunEstimate;
  /** Of the ladder, then of the features. */
  readonly rungs: readonly { readonly placed: Placed; readonly estimate: RunEstimate }[];
  /** Ladder, features and target, without preparing, fitting and reporting. */
  readonly trainingSeconds: number;
};

/** Times every distinct shape of the plan: a few seconds in all. */
export async function estimatePlan(plan: Plan, machine: Machine): Promise<Estimates> {
  const known = new Map<string, RunEstimate>();
  const rungs: { placed: Placed; estimate: RunEstimate }[] = [];
  for (const placed of [...placeLadder(plan, machine), ...placeFeatures(plan, machine)]) {
    const { run, numThreads } = placed;
    const key = JSON.stringify([run.spec.shape, run.spec.batchSequences, run.spec.numSteps, numThreads]);
    const estimate = known.get(key) ?? (await estimateRun(run, numThreads, machine));
    known.set(key, estimate);
    rungs.push({ placed, estimate });
  }
  const target = await estimateRun(plan.target, machine.numThreads, machine);
  const timed = rungs.map(({ placed, estimate }) => ({
    numThreads: placed.numThreads,
    seconds: runSeconds(placed.run, estimate),
  }));
  return {
    target,
    rungs,
    trainingSeconds: wallSeconds(timed, machine.numThreads) + runSeconds(plan.target, target),
  };
}
