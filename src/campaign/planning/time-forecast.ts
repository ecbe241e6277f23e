/**
 * @file Forecasts the target's time and memory: its instructions timed alone on this machine, corrected by
 * what the rungs that ran on as many threads took against the same kind of estimate. Pure.
 */

import { type Interval, within } from "../../math/interval.ts";
import { lineThrough } from "../../math/line.ts";
import { mean, median, standardDeviation, sum } from "../../math/statistics.ts";
import type { PlannedRun } from "../../train/planned-run.ts";
import type { RunSummary } from "../../train/summary.ts";
import { fixed } from "../../units/print.ts";
import type { LadderRun } from "../stages/ladder.ts";
import type { RunEstimate } from "./estimate.ts";

export type Prediction = Interval & {
  readonly basis: string;
};

export type CostForecast = {
  readonly stepSeconds: Prediction;
  readonly wallSeconds: Prediction;
  readonly peakBytes: Prediction;
  /** Seconds a step in each operation. */
  readonly operationSeconds: Readonly<Record<string, number>>;
  /** The parts of the wall time, seconds. */
  readonly parts: {
    readonly steps: number;
    readonly betweenSteps: number;
    readonly start: number;
    readonly evaluation: number;
  };
  readonly arenaBytes: number;
};

/** A finished rung beside the estimate that was made of it. */
export type Compared = {
  readonly run: LadderRun;
  readonly estimate: RunEstimate;
};

/** Least relative standard deviation: shared machines drift by this from minute to minute. */
const LEAST_TIME_DEVIATION = 0.045;
/** The same where no rung ran on as many threads as the target will: an assumption. */
const LEAST_DEVIATION_ACROSS_THREADS = 0.15;
const LEAST_MEMORY_DEVIATION = 0.04;

/**
 * @param compared rungs that ran on as many threads as the target will, or, where there are none, all of them
 * @param all every run of the ladder that has as many processes, for what does not depend on threads
 */
export function forecastCost(
  target: PlannedRun,
  estimate: RunEstimate,
  compared: readonly Compared[],
  all: readonly RunSummary[],
): CostForecast {
  const logs = compared.map(({ run, estimate: own }) =>
    Math.log(run.summary.medianStepSeconds / own.stepSeconds),
  );
  const correction = Math.exp(mean(logs));
  const alike = compared.every(({ run }) => run.numThreads === estimate.numThreads);
  const least = alike ? LEAST_TIME_DEVIATION : LEAST_DEVIATION_ACROSS_THREADS;
  const deviation = Math.max(least, logs.length > 1 ? standardDeviation(logs) : 0);
  const step = correction * estimate.stepSeconds;
  const parts = {
    steps: target.spec.numSteps * step * meanOverMedian(compared),
    betweenSteps:
      target.tokens *
      median(compared.map(({ run: { summary } }) => summary.betweenStepsSeconds / summary.tokens)),
    start: median(compared.map(({ run }) => run.summary.startSeconds)),
    evaluation: estimate.evaluationSeconds * evaluationCorrection(compared),
  };
  const wall = parts.steps + parts.betweenSteps + parts.start + parts.evaluation;
  const beside = besideArena(all, estimate.arenaBytes);
  const peak = estimate.arenaBytes + beside.bytes;
  const memoryDeviation = Math.max(LEAST_MEMORY_DEVIATION, beside.deviation / peak);
  const ground = `${target.spec.torch ? "the builtin engine's instructions of the target, each" : "each instruction of the target"} timed alone on ${estimate.numThreads} threads, times ${fixed(correction, 3)}, the ratio of ${target.spec.torch ? "PyTorch's step time to that estimate" : "measured to so estimated step time"} on ${compared.length} runs of the ladder${alike ? "" : ", none of which ran on as many threads"}`;
  return {
    stepSeconds: { ...within(step, deviation), basis: ground },
    wallSeconds: {
      ...within(wall, deviation),
      basis: `${target.spec.numSteps} steps of that time, and start, batches, checkpoints and evaluation as the rungs needed them`,
    },
    peakBytes: {
      ...within(peak, memoryDeviation),
      basis: `the ${target.spec.torch ? "builtin engine's " : ""}arena of the target, planned to the byte, plus what ${all.length} runs of the ladder took beside theirs${beside.grows ? ", and how that grows with it" : ""}`,
    },
    operationSeconds: correctedOperations(estimate, compared, step),
    parts,
    arenaBytes: estimate.arenaBytes,
  };
}

/**
 * What a process takes beside its arena: Node, the corpus, and what grows with the run (text read, heap,
 * starting values). A line over the arenas of the rungs, with its standard error there; the median where
 * nothing grows. First light's rungs and its target gain about a byte a byte of arena (docs/log.md).
 */
function besideArena(runs: readonly RunSummary[], arenaBytes: number) {
  const arenas = runs.map((run) => run.arenaBytes);
  const others = runs.map((run) => run.peakBytes - run.arenaBytes);
  const { intercept, slope } = lineThrough(arenas, others);
  if (!(slope > 0 && runs.length > 2))
    return { grows: false, bytes: median(others), deviation: standardDeviation(others) };
  const squares = sum(others.map((other, i) => (other - intercept - slope * arenas[i]!) ** 2));
  const middle = mean(arenas);
  const leverage =
    1 / runs.length + (arenaBytes - middle) ** 2 / sum(arenas.map((arena) => (arena - middle) ** 2));
  return {
    grows: true,
    bytes: intercept + slope * arenaBytes,
    deviation: Math.sqrt((squares / (runs.length - 2)) * (1 + leverage)),
  };
}

/** Steps are forecast by their median; a few slow ones make the mean larger. */
function meanOverMedian(rungs: readonly Compared[]): number {
  return median(
    rungs.map(({ run: { summary } }) => summary.stepsSeconds / summary.numSteps / summary.medianStepSeconds),
  );
}

function evaluationCorrection(rungs: readonly Compared[]): number {
  return median(rungs.map(({ run, estimate }) => run.summary.evaluationSeconds / estimate.evaluationSeconds));
}

/** Each operation is corrected by its ratio on the rungs; all together are scaled to the step's forecast. */
function correctedOperations(
  estimate: RunEstimate,
  rungs: readonly Compared[],
  stepSeconds: number,
): Record<string, number> {
  const corrected = Object.entries(estimate.operationSeconds).map(([operation, seconds]) => {
    const ratios = rungs.map(
      ({ run, estimate: own }) =>
        (run.summary.operationSeconds[operation] ?? 0) / (own.operationSeconds[operation] || 1),
    );
    return [operation, seconds * median(ratios)] as const;
  });
  const total = corrected.reduce((sum, [, seconds]) => sum + seconds, 0);
  // PyTorch does not time its operations.
  if (total === 0) return {};
  return Object.fromEntries(
    corrected.map(([operation, seconds]) => [operation, (seconds * stepSeconds) / total]),
  );
}
