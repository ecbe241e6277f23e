/** @file From the peak to what is achieved: a step's seconds beyond useful FLOPs at peak, by cause. */

import { assert } from "../../errors.ts";
import { peakFlopsOf } from "../hardware/accelerator.ts";
import type { Layout, Setup } from "../layout/layout.ts";
import { causalShare, tokenFlops } from "../shape/flops.ts";
import type { StepParts, StepPrediction } from "../step/prediction.ts";

/** One cause of a step's length. */
export type WaterfallStep = {
  /** The part of the step that it comes from; "peak": the useful FLOPs at the peak rate. */
  readonly part: "peak" | keyof StepParts;
  readonly label: string;
  readonly seconds: number;
  /** Seconds of all causes up to this one. */
  readonly reached: number;
  /** Model FLOPs utilisation if nothing below this cause existed. */
  readonly mfu: number;
};

/** What a part of the step costs beyond the peak, in words. */
const LABELS: Readonly<Record<keyof StepParts, string>> = {
  matrixProducts: "matrix products below peak",
  attention: "attention below peak",
  vocabulary: "embedding, head and loss below peak",
  memoryBound: "norms, residuals, activations",
  recompute: "forward computed again",
  bubble: "pipeline bubble",
  tensorExposed: "tensor-parallel exchange",
  contextExposed: "context-parallel exchange",
  expertExposed: "expert exchange",
  pipelineExposed: "pipeline sends",
  dataExposed: "data-parallel exchange",
  optimiser: "optimiser",
  host: "host, loader and fixed costs",
};

/** Seconds at the peak rate of the parts that hold useful FLOPs. */
export type UsefulSeconds = Readonly<Record<"matrixProducts" | "attention" | "vocabulary", number>>;

/** Useful seconds at the peak rate, by part; they add up to all model FLOPs over the cluster's peak. */
export function peakSeconds({ model, cluster, job }: Setup, layout: Layout): UsefulSeconds {
  const flops = tokenFlops(model, job.sequence);
  const tokens = job.batchSequences * job.sequence;
  const peak = peakFlopsOf(cluster.accelerator, layout.precision) * cluster.numDevices;
  const seconds = (perToken: number) => (3 * perToken * tokens) / peak;
  return {
    matrixProducts: seconds(flops.attentionProjections + flops.feedForward),
    attention: seconds(flops.scoresFull * causalShare(job.sequence)),
    vocabulary: seconds(flops.head),
  };
}

/**
 * The waterfall. Its first step is the useful FLOPs at the dense peak of the layout's precision, spread over
 * all devices; each further one is what a part of the prediction takes beyond its share of that. They add up
 * to the step.
 *
 * The parts are those of the slowest stage. Where that is not the one with the head, the head is missing from
 * it and other work stands in its place: then head and products are one bar.
 */
export function waterfallOf(
  { parts, stepSeconds }: Pick<StepPrediction, "parts" | "stepSeconds">,
  useful: UsefulSeconds,
): readonly WaterfallStep[] {
  const ideal = Object.values(useful).reduce((sum, seconds) => sum + seconds, 0);
  const steps: WaterfallStep[] = [
    { part: "peak", label: "useful FLOPs at the peak rate", seconds: ideal, reached: ideal, mfu: 1 },
  ];
  let reached = ideal;
  for (const [part, label, seconds] of losses(parts, useful)) {
    reached += seconds;
    if (seconds !== 0) steps.push({ part, label, seconds, reached, mfu: ideal / reached });
  }
  assert(
    Math.abs(reached - stepSeconds) <= 1e-9 * stepSeconds,
    `the parts of a step add up to ${reached} s, the step takes ${stepSeconds} s`,
  );
  return steps;
}

type Loss = readonly [part: keyof StepParts, label: string, seconds: number];

function losses(parts: StepParts, useful: UsefulSeconds): readonly Loss[] {
  const names = Object.keys(LABELS) as readonly (keyof StepParts)[];
  const beyond = (part: keyof StepParts) =>
    parts[part] - (part in useful ? useful[part as keyof UsefulSeconds] : 0);
  const isElsewhere = parts.vocabulary < useful.vocabulary;
  return names
    .filter((part) => !(isElsewhere && part === "vocabulary"))
    .map((part) =>
      isElsewhere && part === "matrixProducts"
        ? [part, "products, head and loss below peak", beyond("matrixProducts") + beyond("vocabulary")]
        : [part, LABELS[part], beyond(part)],
    );
}
