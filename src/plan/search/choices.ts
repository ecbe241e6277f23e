/** @file What a search may choose from, apart from the sizes that the devices allow. */

import type { Precision } from "../hardware/accelerator.ts";
import type { PipelineSchedule, Recompute, Sharding } from "../layout/layout.ts";

/** Which layouts are tried. */
export type Choices = {
  readonly precisions: readonly Precision[];
  readonly schedules: readonly PipelineSchedule[];
  readonly shardings: readonly Sharding[];
  readonly recomputes: readonly Recompute[];
  /** Largest number of devices that share one layer's matrices. */
  readonly mostTensor: number;
  /** Fast domains over which they may lie. */
  readonly mostTensorDomains: number;
  /** Fast domains that a group of hybrid sharding may fill; all replicas are a group in any case. */
  readonly mostShardDomains: number;
  readonly mostContext: number;
  /** Shortest piece of a sequence, in tokens; each context rank has two. */
  readonly leastPiece: number;
  readonly mostMicroBatch: number;
};

/**
 * All but GPipe, which nobody need try: its bubble is that of 1f1b (arXiv 2104.04473, section 2.2.1), and
 * where 1f1b keeps at most as many micro batches as there are stages, GPipe keeps all. Precision stays bf16
 * unless asked: whether a model learns well in 8 bits is not a question of speed. Limits of the search, not
 * of layouts: the sizes end where nobody has measured, and exchanges cost several times the work.
 */
export const ALL_CHOICES: Choices = {
  precisions: ["bf16"],
  schedules: ["1f1b", "interleaved", "zero-bubble", "dualpipe"],
  shardings: ["none", "optimiser", "gradients", "full"],
  recomputes: ["none", "selective", "full"],
  mostTensor: 64,
  mostTensorDomains: 2,
  mostShardDomains: Number.POSITIVE_INFINITY,
  mostContext: 64,
  leastPiece: 128,
  mostMicroBatch: 64,
};

/**
 * The layouts that most people run, for searches repeated hundreds of times: states shared out by ZeRO-1 or
 * fully, the common schedules, small micro batches.
 */
export function commonChoices(precision: Precision): Choices {
  return {
    ...ALL_CHOICES,
    precisions: [precision],
    schedules: ["1f1b", "interleaved"],
    shardings: ["optimiser", "full"],
    recomputes: ["none", "full"],
    mostTensor: 16,
    mostContext: 8,
    mostMicroBatch: 4,
  };
}
