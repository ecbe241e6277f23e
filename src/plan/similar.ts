/**
 * @file The measured run most like a plan: nearest in size, accelerator, number of devices, sequence and
 * layout among published ones.
 */

import { peakOf } from "./hardware/accelerator.ts";
import type { Cluster } from "./hardware/cluster.ts";
import type { Job, Layout } from "./layout/layout.ts";
import type { ModelShape } from "./shape/model-shape.ts";
import { countParameters } from "./shape/parameters.ts";

/** A run, planned or measured. */
export type RunTraits = {
  readonly model: ModelShape;
  readonly cluster: Cluster;
  readonly layout: Layout;
  readonly job: Job;
};

/** One way in which two runs differ, and how much it weighs. */
export type Difference = {
  readonly what: string;
  readonly distance: number;
};

/**
 * Weight of one doubling, or of one difference in kind. A judgement, not a fit: they say what moves
 * utilisation most. Another accelerator or number format changes every kernel; a model twice as large changes
 * little on its own; the layout matters as far as it changes what is exchanged.
 */
const WEIGHTS = {
  accelerator: 2,
  peak: 1,
  "active parameters": 1,
  sparsity: 1,
  devices: 0.5,
  sequence: 0.5,
  "tokens per device": 0.25,
  tensor: 0.5,
  pipeline: 0.5,
  context: 0.5,
  expert: 0.3,
  "micro batch": 0.3,
  sharding: 1,
  recompute: 0.5,
  precision: 1,
} as const;

/** How two runs differ, the heaviest difference first; what agrees is left out. */
export function differences(wanted: RunTraits, other: RunTraits): readonly Difference[] {
  const [a, b] = [measuresOf(wanted), measuresOf(other)];
  const size = (key: keyof Measures) => Math.abs(Math.log2(a[key] / b[key]));
  const kind = (of: (run: RunTraits) => string) => (of(wanted) === of(other) ? 0 : 1);
  const distances: Readonly<Record<keyof typeof WEIGHTS, number>> = {
    accelerator: kind(({ cluster }) => cluster.accelerator.name),
    peak: size("peak"),
    "active parameters": size("active"),
    sparsity: size("sparsity"),
    devices: size("devices"),
    sequence: size("sequence"),
    "tokens per device": size("tokensPerDevice"),
    tensor: size("tensor"),
    pipeline: size("pipeline"),
    context: size("context"),
    expert: size("expert"),
    "micro batch": size("microBatch"),
    sharding: kind(({ layout }) => (layout.sharding === "full" ? "full" : "part")),
    recompute: kind(({ layout }) => layout.recompute),
    precision: kind(({ layout }) => layout.precision),
  };
  return (Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[])
    .map((what) => ({ what, distance: WEIGHTS[what] * distances[what] }))
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

type Measures = Pick<Layout, "tensor" | "pipeline" | "context" | "expert" | "microBatch"> & {
  readonly peak: number;
  readonly active: number;
  readonly sparsity: number;
  readonly devices: number;
  readonly sequence: number;
  readonly tokensPerDevice: number;
};

function measuresOf({ model, cluster, layout, job }: RunTraits): Measures {
  const { total, active } = countParameters(model);
  const { numDevices, accelerator } = cluster;
  return {
    ...layout,
    peak: peakOf(accelerator, "bf16"),
    active,
    sparsity: total / active,
    devices: numDevices,
    sequence: job.sequence,
    tokensPerDevice: (job.sequence * job.batchSequences) / numDevices,
  };
}
