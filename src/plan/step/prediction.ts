/** @file What a prediction of one step consists of. */

import type { Interval } from "../../math/interval.ts";

/** Seconds of one optimiser step on the slowest device; they add up to `stepSeconds`. */
export type StepParts = {
  /** Matrix products of the layers, forward and backward. */
  readonly matrixProducts: number;
  /** Scores, softmax and weighted sums. */
  readonly attention: number;
  /** Norms, residuals, activations, casts: what moves bytes rather than multiplies. */
  readonly memoryBound: number;
  /** Embedding, head and loss. */
  readonly vocabulary: number;
  /** Forward work done again in the backward pass. */
  readonly recompute: number;
  /** Waiting of the pipeline: filling, draining, uneven stages. */
  readonly bubble: number;
  readonly tensorExposed: number;
  readonly contextExposed: number;
  readonly expertExposed: number;
  readonly pipelineExposed: number;
  readonly dataExposed: number;
  readonly optimiser: number;
  /** The host launching kernels, the loader, the step's fixed costs. */
  readonly host: number;
};

/** Bytes on one device of the fullest pipeline stage. */
export type MemoryBreakdown = {
  /** Pipeline stage that is fullest, from 0. */
  readonly stage: number;
  readonly weights: number;
  readonly gradients: number;
  readonly optimiser: number;
  readonly activations: number;
  /** Logits, gathered layers, communication buffers. */
  readonly workspace: number;
  /** Context of the driver, the collectives' buffers, and what the allocator holds beyond what is in use. */
  readonly overhead: number;
  /** The last of these alone. */
  readonly cached: number;
  readonly totalBytes: number;
  readonly capacityBytes: number;
  readonly fits: boolean;
};

/** A layout's step: time with interval, parts, memory. */
export type StepPrediction = {
  readonly stepSeconds: number;
  /** 90 % interval of stepSeconds, from the spread of the residuals on published runs. */
  readonly stepInterval: Interval;
  /** False: no published run on such accelerators was compared with, and the interval is a guess. */
  readonly validated: boolean;
  readonly parts: StepParts;
  readonly tokensPerSecondPerDevice: number;
  /** Model FLOPs of a step: causal attention counted by half, nothing recomputed, forward and backward. */
  readonly modelFlops: number;
  /** modelFlops over the dense peak of the layout's precision. */
  readonly mfu: number;
  /** As mfu, with what is recomputed. */
  readonly hfu: number;
  readonly memory: MemoryBreakdown;
};
