/** @file A layout: how a step is cut over a cluster's devices, and what is kept or computed again. */

import type { Precision } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import type { ModelShape } from "../shape/model-shape.ts";

/** What the data-parallel ranks share out. ZeRO 0, 1, 2 and 3 (arXiv 1910.02054); full is FSDP. */
export const SHARDINGS = ["none", "optimiser", "gradients", "full"] as const;

/** What replicas share out among themselves (ZeRO's stages). */
export type Sharding = (typeof SHARDINGS)[number];

export const SCHEDULES = ["gpipe", "1f1b", "interleaved", "zero-bubble", "dualpipe"] as const;

/** The order in which a pipeline works off its micro-batches. */
export type PipelineSchedule = (typeof SCHEDULES)[number];

export const RECOMPUTES = ["none", "selective", "full"] as const;

/** Which activations are computed twice instead of kept. */
export type Recompute = (typeof RECOMPUTES)[number];

/** How a job lies on a cluster. */
export type Layout = {
  /** Replicas: data x tensor x pipeline x context = devices. Experts lie over data x context (x tensor). */
  readonly data: number;
  readonly tensor: number;
  readonly pipeline: number;
  readonly context: number;
  readonly expert: number;
  readonly sharding: Sharding;
  /** Data-parallel ranks over which states are shared out; fewer than data x context: hybrid sharding. */
  readonly shardGroup: number;
  /** Norms and dropouts split over the tensor ranks along the sequence (arXiv 2205.05198). */
  readonly sequenceParallel: boolean;
  readonly schedule: PipelineSchedule;
  /** Model chunks per pipeline rank; 1 unless interleaved. */
  readonly virtualStages: number;
  /** Sequences of one micro batch. */
  readonly microBatch: number;
  readonly recompute: Recompute;
  readonly precision: Precision;
};

/** What is trained, whatever the layout. */
export type Job = {
  readonly sequence: number;
  /** Sequences of one optimiser step. */
  readonly batchSequences: number;
  readonly software: Software;
};

/** What is trained, and on what: all that a layout is chosen for. */
export type Setup = {
  readonly model: ModelShape;
  readonly cluster: Cluster;
  readonly job: Job;
};

/** What the training software does. Two generations differ by more than any layout: say which. */
export type Software = {
  /**
   * "unfused": scores are stored, softmax is a kernel of its own. "flash": arXiv 2205.14135 and 2307.08691,
   * products and exponentials take turns. "overlapped": arXiv 2407.08608 and cuDNN, they run at once.
   */
  readonly attention: "unfused" | "flash" | "overlapped";
  /** Norms, residuals and activations: one kernel each ("eager"), or fused with their neighbours. */
  readonly kernels: "eager" | "fused";
  /** "blocking": the host waits for every kernel (CUDA_LAUNCH_BLOCKING=1): its work adds up. */
  readonly launches: "queued" | "blocking";
  /** Gradients are reduced, and weights gathered, beside the computation. */
  readonly overlapData: boolean;
  /**
   * Tensor-parallel exchanges run beside matrix products: "backward" beside those of the weights' gradients
   * (arXiv 2205.05198), "both" also forward, piece by piece.
   */
  readonly overlapTensor: "none" | "backward" | "both";
  /** Bytes of one gradient on the wire. */
  readonly wireBytes: number;
  /** Bytes kept per gradient between micro batches: 2, 4, or 6 for a 16-bit and a 32-bit copy. */
  readonly gradientBytes: number;
};

/** Megatron-LM and relatives before FlashAttention: BLOOM, GPT-3-like runs on A100 until 2022. */
export const SOFTWARE_2021: Software = {
  attention: "unfused",
  kernels: "fused",
  launches: "queued",
  overlapData: false,
  overlapTensor: "none",
  wireBytes: 2,
  gradientBytes: 4,
};

/** PyTorch's first fully sharded training, uncompiled, with flash attention. */
export const SOFTWARE_2023: Software = {
  attention: "flash",
  kernels: "eager",
  launches: "queued",
  overlapData: true,
  overlapTensor: "backward",
  wireBytes: 2,
  gradientBytes: 4,
};

/** Fused kernels and overlapped exchanges: Megatron-Core, torchtitan, MaxText. The default. */
export const SOFTWARE_2024: Software = {
  attention: "overlapped",
  kernels: "fused",
  launches: "queued",
  overlapData: true,
  overlapTensor: "both",
  wireBytes: 2,
  gradientBytes: 4,
};

/** Devices that a layout uses. */
export function devicesOf({ data, tensor, pipeline, context }: Layout): number {
  return data * tensor * pipeline * context;
}

/** Micro batches that one pipeline works through in a step. */
export function microBatches(layout: Layout, job: Job): number {
  return job.batchSequences / (layout.data * layout.microBatch);
}

/** An expert still so wide when cut is cut like a dense layer (assumption: else products are too narrow). */
const LEAST_CUT_WIDTH = 4096;

/**
 * Tensor ranks over which one expert of this width is cut. Small experts stay whole and are spread over the
 * tensor ranks instead, as Megatron-Core advises.
 */
export function expertTensor(expertWidth: number, tensor: number): number {
  return expertWidth / tensor >= LEAST_CUT_WIDTH ? tensor : 1;
}

/** Devices with the same parameters, experts apart: over these gradients are summed. */
export function replicas({ data, context }: Layout): number {
  return data * context;
}

/** Devices with the same experts. */
export function expertReplicas({ data, context, tensor, expert }: Layout): number {
  return Math.max(1, (data * context * tensor) / expert);
}

/** Replicas among which what is shared out is divided; 1: nothing is. */
export function shardCount(layout: Layout): number {
  return layout.sharding === "none" ? 1 : Math.min(layout.shardGroup, replicas(layout));
}

/** The same for experts. */
export function expertShardCount(layout: Layout): number {
  return layout.sharding === "none" ? 1 : Math.min(shardCount(layout), expertReplicas(layout));
}

/** A layout with one of everything, to be changed by spreading. */
export const SINGLE: Layout = {
  data: 1,
  tensor: 1,
  pipeline: 1,
  context: 1,
  expert: 1,
  sharding: "none",
  shardGroup: 1,
  sequenceParallel: false,
  schedule: "1f1b",
  virtualStages: 1,
  microBatch: 1,
  recompute: "none",
  precision: "bf16",
};
