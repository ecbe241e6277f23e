/** @file What one run is: all that decides its numbers, and nothing that does not (threads, folders). */

import { z } from "zod";
import { FEED_FORWARDS } from "../model/shape.ts";
import { numberFrom, wholeFrom } from "../units/limits.ts";

/** Attention takes the square of a sequence: at this length 17 GB for each head of each sequence. */
export const MOST_SEQUENCE = 65_536;
const COMPUTED_HERE = "this engine trains on one machine's processors";
const SMALL = "beyond, 32 bits are left";

/** Numbers by their limits: all that lies within can be planned in seconds, if not trained. */
export const decoderShapeSchema = z.strictObject({
  vocabularySize: wholeFrom(1, 65_536, "tokens have 16 bits"),
  width: wholeFrom(1, 16_384, COMPUTED_HERE),
  numLayers: wholeFrom(1, 64, "compiling takes the cube of it, and at this depth seconds"),
  numHeads: wholeFrom(1, 1024, COMPUTED_HERE),
  numKeyValueHeads: wholeFrom(1, 1024, COMPUTED_HERE),
  headDim: wholeFrom(1, 1024, COMPUTED_HERE),
  feedForwardWidth: wholeFrom(1, 131_072, COMPUTED_HERE),
  tiedEmbeddings: z.boolean(),
  ropeBase: numberFrom(1, 1e9, "the wavelengths of positions"),
  normEpsilon: numberFrom(1e-12, 1, SMALL),
  feedForward: z.enum(FEED_FORWARDS).optional(),
  queryKeyNorm: z.boolean().optional(),
});

export const optimiserSchema = z.strictObject({
  learningRate: numberFrom(1e-30, 1e30, SMALL),
  baseWidth: decoderShapeSchema.shape.width,
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  epsilon: numberFrom(1e-30, 1, SMALL),
  weightDecay: numberFrom(0, 1e6, SMALL),
  clip: numberFrom(1e-12, 1e12, SMALL),
});

/** How PyTorch trains (trainers/torch). */
export const torchSettingsSchema = z.strictObject({
  /** Replicas whose gradients are averaged, or one model of which each rank keeps a part. */
  parallel: z.enum(["ddp", "fsdp2"]).default("ddp"),
  /** bf16: matrix products in bfloat16; parameters, moments and sums in float32. */
  precision: z.enum(["fp32", "bf16"]).default("fp32"),
  compile: z.boolean().default(false),
});

/** All that a run's numbers depend on: shape, batches, steps, optimiser, seed. */
export const runSpecSchema = z.strictObject({
  role: z.enum(["rung", "target", "single"]),
  shape: decoderShapeSchema,
  optimiser: optimiserSchema,
  sequenceLength: wholeFrom(1, MOST_SEQUENCE, "attention takes its square"),
  batchSequences: wholeFrom(1, 1e6, COMPUTED_HERE),
  numSteps: wholeFrom(1, 1e8, COMPUTED_HERE),
  /** Of initialisation and of the order of batches. */
  seed: wholeFrom(0, 0xffff_ffff, "seeds have 32 bits"),
  /** Held-out tokens scored at the end, spread evenly; the same for every run that is to be compared. */
  heldOutTokens: wholeFrom(1, 1e9, COMPUTED_HERE),
  /** Longest stretch of training that a kill can cost. */
  checkpointSeconds: numberFrom(1e-3, 86_400, "a day's training may be lost"),
  /** Trained in PyTorch; absent: by the builtin engine. */
  torch: torchSettingsSchema.optional(),
});

/** A specification that `runSpecSchema` has checked. */
export type RunSpec = z.infer<typeof runSpecSchema>;

/** Tokens trained on: D. */
export function tokensOf({ numSteps, batchSequences, sequenceLength }: RunSpec): number {
  return numSteps * batchSequences * sequenceLength;
}
