/** @file A published run as the planner can predict it: model, cluster, layout, job, and what was measured. */

import type { Cluster } from "../hardware/cluster.ts";
import type { Job, Layout } from "../layout/layout.ts";
import type { ModelShape } from "../shape/model-shape.ts";

/** Tensors in use; what the allocator holds for them; all that is gone from the device. */
export type MemoryKind = "allocated" | "reserved" | "device";

export type PublishedRun = {
  readonly rowId: string;
  readonly family: string;
  readonly source: string;
  readonly model: ModelShape;
  readonly cluster: Cluster;
  readonly layout: Layout;
  readonly job: Job;
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

export type PublishedRuns = {
  readonly runs: readonly PublishedRun[];
  readonly skipped: readonly SkippedRow[];
};
