/** @file The published run most like a plan in size, accelerator, devices, sequence and layout. */

import type { Constants } from "../constants.ts";
import { peakFlopsOf } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import type { Layout, Setup } from "../layout/layout.ts";
import { layoutText } from "../layout/parse.ts";
import { countParameters } from "../shape/parameters.ts";
import { predictStep } from "../step/predict.ts";
import type { PublishedRun } from "../validate/published-run.ts";

/** A run, planned or measured. */
export type RunTraits = Setup & { readonly layout: Layout };

/** One way in which two runs differ, and how much it weighs. */
export type Difference = {
  readonly what: string;
  readonly distance: number;
};

type Trait = readonly [what: string, weight: number, of: (run: RunTraits) => number | string];

/**
 * Weight of one doubling of a number, or of one difference in kind. A judgement, not a fit: they say what
 * moves utilisation most. Another accelerator or number format changes every kernel; a model twice as large
 * changes little on its own; the layout matters as far as it changes what is exchanged.
 */
const TRAITS: readonly Trait[] = [
  ["accelerator", 2, ({ cluster }) => cluster.accelerator.name],
  ["peak", 1, ({ cluster }) => peakFlopsOf(cluster.accelerator, "bf16")],
  ["active parameters", 1, ({ model }) => countParameters(model).active],
  ["sparsity", 1, ({ model }) => countParameters(model).total / countParameters(model).active],
  ["devices", 0.5, ({ cluster }) => cluster.numDevices],
  ["sequence", 0.5, ({ job }) => job.sequence],
  ["tokens per device", 0.25, ({ job, cluster }) => (job.sequence * job.batchSequences) / cluster.numDevices],
  ["tensor", 0.5, ({ layout }) => layout.tensor],
  ["pipeline", 0.5, ({ layout }) => layout.pipeline],
  ["context", 0.5, ({ layout }) => layout.context],
  ["expert", 0.3, ({ layout }) => layout.expert],
  ["micro batch", 0.3, ({ layout }) => layout.microBatch],
  ["sharding", 1, ({ layout }) => (layout.sharding === "full" ? "full" : "part")],
  ["recompute", 0.5, ({ layout }) => layout.recompute],
  ["precision", 1, ({ layout }) => layout.precision],
];

/** How two runs differ, the heaviest difference first; what agrees is left out. */
export function differences(wanted: RunTraits, other: RunTraits): readonly Difference[] {
  return TRAITS.map(([what, weight, of]) => {
    const [a, b] = [of(wanted), of(other)];
    if (typeof a === "number" && typeof b === "number")
      return { what, distance: weight * Math.abs(Math.log2(a / b)) };
    return { what, distance: a === b ? 0 : weight };
  })
    .filter(({ distance }) => distance > 0)
    .sort((first, second) => second.distance - first.distance);
}

/** The nearest of them by the sum of weighted differences; of equals the first. Null if there are none. */
export function mostSimilar<Run extends RunTraits>(wanted: RunTraits, runs: readonly Run[]): Run | null {
  let best: Run | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const run of runs) {
    const distance = differences(wanted, run).reduce((sum, each) => sum + each.distance, 0);
    if (distance < least) [best, least] = [run, distance];
  }
  return best;
}

/** The published run that is most like a layout. */
export type SimilarRun = {
  readonly rowId: string;
  readonly source: string;
  readonly model: string;
  readonly accelerator: string;
  readonly kind: Cluster["accelerator"]["kind"];
  readonly numDevices: number;
  readonly layout: string;
  readonly measuredStepSeconds: number;
  readonly measuredTokensPerSecondPerDevice: number;
  readonly predictedStepSeconds: number;
  readonly errorPercent: number;
  readonly differsIn: readonly string[];
};

/** The most similar of the runs that were timed, beside its own prediction; null if none was. */
export function similarRun(
  wanted: RunTraits,
  measured: readonly PublishedRun[],
  constants?: Constants,
): SimilarRun | null {
  const timed = measured.filter(({ stepSeconds }) => stepSeconds !== null);
  const run = mostSimilar(wanted, timed);
  if (!run || run.stepSeconds === null) return null;
  const { model, cluster, layout, job, stepSeconds } = run;
  const predicted = predictStep(run, layout, constants).stepSeconds;
  return {
    rowId: run.rowId,
    source: run.source,
    model: model.name,
    accelerator: cluster.accelerator.label,
    kind: cluster.accelerator.kind,
    numDevices: cluster.numDevices,
    layout: layoutText(layout),
    measuredStepSeconds: stepSeconds,
    measuredTokensPerSecondPerDevice: (job.batchSequences * job.sequence) / stepSeconds / cluster.numDevices,
    predictedStepSeconds: predicted,
    errorPercent: 100 * (predicted / stepSeconds - 1),
    differsIn: differences(wanted, run).map(({ what }) => what),
  };
}
