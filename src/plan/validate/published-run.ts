/** @file A published run: model, cluster, layout, job, what was measured, and the step model's word. */

import { median } from "../../math/statistics.ts";
import type { Constants } from "../constants.ts";
import { peakFlopsOf } from "../hardware/accelerator.ts";
import type { Layout, Setup } from "../layout/layout.ts";
import { modelFlopsPerToken } from "../shape/flops.ts";
import { predictStep } from "../step/predict.ts";
import type { MemoryBreakdown, StepPrediction } from "../step/prediction.ts";
import type { Pair } from "./scores.ts";

/** Tensors in use; what the allocator holds for them; all that is gone from the device. */
export type MemoryKind = "allocated" | "reserved" | "device";

/** One published run. */
export type PublishedRun = Setup & {
  readonly rowId: string;
  readonly family: string;
  readonly source: string;
  readonly layout: Layout;
  /** null: only its memory was measured, or it ran out of it. */
  readonly stepSeconds: number | null;
  readonly memoryBytes: number | null;
  readonly memoryKind: MemoryKind;
  /** Whether the row says what its memory depends on: what is computed again, above all. */
  readonly memoryStated: boolean;
  readonly outcome: "ran" | "out of memory";
  /** Cells that were empty or contradicted others, and what was put there. */
  readonly filled: readonly string[];
  /** The same model, machine and layout measured again has the same text. */
  readonly recipe: string;
};

/** A row that is not predicted, and why. */
export type SkippedRow = {
  readonly rowId: string;
  readonly family: string;
  /** Line of the table, the header being line 1. */
  readonly line: number;
  readonly reason: string;
};

/** Published runs as read, and the rows that were not used. */
export type PublishedRuns = {
  readonly runs: readonly PublishedRun[];
  readonly skipped: readonly SkippedRow[];
};

/** The run as the step model predicts it. */
export function predictRun(run: PublishedRun, constants: Constants): StepPrediction {
  return predictStep(run, run.layout, constants);
}

/** Predicted and measured times of the runs that were timed. */
export function timedPairs(runs: readonly PublishedRun[], constants: Constants): readonly Pair[] {
  return runs.flatMap((run) =>
    run.stepSeconds === null
      ? []
      : [{ predicted: predictRun(run, constants).stepSeconds, measured: run.stepSeconds }],
  );
}

/** The part of a predicted memory that a source's figure can be compared with, in bytes. */
export function comparableBytes(memory: MemoryBreakdown, kind: MemoryKind): number {
  const { totalBytes, cached, overhead } = memory;
  if (kind === "device") return totalBytes;
  return kind === "reserved" ? totalBytes - overhead + cached : totalBytes - overhead;
}

/** Seconds of a step at full use of the dense peak of its precision. */
export function idealSeconds({ model, cluster, layout, job }: PublishedRun): number {
  const flops = modelFlopsPerToken(model, job.sequence) * job.sequence * job.batchSequences;
  return flops / (cluster.numDevices * peakFlopsOf(cluster.accelerator, layout.precision));
}

/** The median utilisation of timed runs, the prediction that any planner has to beat; null if none. */
export function medianUtilisation(runs: readonly PublishedRun[]): number | null {
  const used = runs.flatMap((run) => (run.stepSeconds === null ? [] : [idealSeconds(run) / run.stepSeconds]));
  return used.length > 0 ? median(used) : null;
}
