/** @file What one run is: all that decides its numbers, and nothing that does not (threads, folders). */

import { z } from "zod";
import { FEED_FORWARDS } from "../model/shape.ts";

const positive = z.int().positive();

export const decoderShapeSchema = z.strictObject({
  vocabularySize: positive,
  width: positive,
  numLayers: positive,
  numHeads: positive,
  numKeyValueHeads: positive,
  headDim: positive,
  feedForwardWidth: positive,
  tiedEmbeddings: z.boolean(),
  ropeBase: z.number().positive(),
  normEpsilon: z.number().positive(),
  feedForward: z.enum(FEED_FORWARDS).optional(),
  queryKeyNorm: z.boolean().optional(),
});

export const optimiserSchema = z.strictObject({
  learningRate: z.number().positive(),
  baseWidth: positive,
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  epsilon: z.number().positive(),
  weightDecay: z.number().nonnegative(),
  clip: z.number().positive(),
});

/** All that a run's numbers depend on: shape, batches, steps, optimiser, seed. */
export const runSpecSchema = z.strictObject({
  role: z.enum(["rung", "target", "single"]),
  shape: decoderShapeSchema,
  optimiser: optimiserSchema,
  sequenceLength: positive,
  batchSequences: positive,
  numSteps: positive,
  /** Of initialisation and of the order of batches. */
  seed: z.int().nonnegative(),
  /** Held-out tokens scored at the end, spread evenly; the same for every run that is to be compared. */
  heldOutTokens: positive,
  /** Longest stretch of training that a kill can cost. */
  checkpointSeconds: z.number().positive(),
});

/** A specification that `runSpecSchema` has checked. */
export type RunSpec = z.infer<typeof runSpecSchema>;

/** Tokens trained on: D. */
export function tokensOf({ numSteps, batchSequences, sequenceLength }: RunSpec): number {
  return numSteps * batchSequences * sequenceLength;
}
