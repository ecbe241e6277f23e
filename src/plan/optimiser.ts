/** @file Bytes of a parameter in mixed precision: its weight and gradient, and what an optimiser adds. */

/** The bf16 copy of a weight that the products read. */
export const WEIGHT_BYTES = 2;

/** A gradient in bf16, or in fp32 where it is accumulated there. */
export const GRADIENT_BYTES = { least: 2, most: 4 } as const;

/** What an optimiser costs for each parameter. */
export type Optimiser = {
  /** Kept from step to step, beside weight and gradient. */
  readonly keptBytes: number;
  /** Read and written by an update. */
  readonly movedBytes: number;
};

/**
 * Adam in fp32 (ZeRO, arXiv 1910.02054, section 3.1): master weight and two moments, 4 bytes each. An update
 * reads and writes all three, reads an fp32 gradient and writes the weight.
 */
export const ADAM: Optimiser = {
  keptBytes: 3 * 4,
  movedBytes: 2 * 3 * 4 + GRADIENT_BYTES.most + WEIGHT_BYTES,
};

/** What a checkpoint holds for each parameter: 14 bytes with Adam. */
export const CHECKPOINT_BYTES = WEIGHT_BYTES + ADAM.keptBytes;
