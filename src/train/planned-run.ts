/** @file A run before it is trained: its specification, its size counted from the table of operations. */

import { z } from "zod";
import { countFlops } from "../engine/compile.ts";
import { type DecoderShape, matrixParameters } from "../model/shape.ts";
import { trainingGraphs } from "./programs.ts";
import { type RunSpec, runSpecSchema, tokensOf } from "./run-spec.ts";

export const plannedRunSchema = z.strictObject({
  name: z.string(),
  spec: runSpecSchema,
  /** N */
  matrixParameters: z.number(),
  /** D */
  tokens: z.number(),
  /** C, of the optimiser steps. */
  flops: z.number(),
  /** FLOPs of scoring the held-out text at the end. */
  evaluationFlops: z.number(),
});

/** A run as a plan states it: its size, its length, its recipe. */
export type PlannedRun = Readonly<z.infer<typeof plannedRunSchema>>;

/** Width at which a recipe's learning rate is stated; mu-P takes it to others. */
const BASE_WIDTH = 64;

/** The optimiser of every run that does not say otherwise. */
export function optimiserOf({
  learningRate,
  weightDecay,
}: Pick<RunSpec["optimiser"], "learningRate" | "weightDecay">): RunSpec["optimiser"] {
  return {
    learningRate,
    baseWidth: BASE_WIDTH,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay,
    clip: 1,
  };
}

/** Spells out the size of a run. */
export function plannedRun(name: string, spec: RunSpec): PlannedRun {
  const { shape, batchSequences, sequenceLength, numSteps, heldOutTokens } = spec;
  const { train, evaluate } = programFlops(shape, sequenceLength);
  const numBatches = Math.ceil(heldOutTokens / (batchSequences * sequenceLength));
  return {
    name,
    spec,
    matrixParameters: matrixParameters(shape),
    tokens: tokensOf(spec),
    flops: numSteps * (train.fixed + batchSequences * train.perSequence),
    evaluationFlops: numBatches * (evaluate.fixed + batchSequences * evaluate.perSequence),
  };
}

/** FLOPs of one run of a program: for each sequence of the batch, and once for all (the update). */
export type ProgramFlops = {
  readonly fixed: number;
  readonly perSequence: number;
};

/**
 * Counted from the table of operations. Every cost is linear in the number of layers and in the number of
 * sequences, so four small programs (one and two of each) give the count for any number of both, exactly.
 */
export function programFlops(
  shape: DecoderShape,
  sequenceLength: number,
): Readonly<Record<"train" | "evaluate", ProgramFlops>> {
  const counts = countsOf(shape, sequenceLength);
  const linear = ([oneLayer, twoLayers]: readonly (readonly number[])[]): ProgramFlops => {
    const atDepth = (batch: number) =>
      oneLayer![batch]! + (shape.numLayers - 1) * (twoLayers![batch]! - oneLayer![batch]!);
    return { fixed: 2 * atDepth(0) - atDepth(1), perSequence: atDepth(1) - atDepth(0) };
  };
  return { train: linear(counts.train), evaluate: linear(counts.evaluate) };
}

/** FLOPs of a program by [layers - 1][sequences - 1], one and two of each. */
type Counts = Readonly<Record<"train" | "evaluate", readonly (readonly number[])[]>>;

/** Widths come up again and again while a plan is searched, and counting takes milliseconds. */
const knownCounts = new Map<string, Counts>();

/** No count depends on the optimiser's numbers. */
const ANY_OPTIMISER = optimiserOf({ learningRate: 1, weightDecay: 0.1 });

function countsOf({ numLayers: _, ...rest }: DecoderShape, sequenceLength: number): Counts {
  const key = JSON.stringify([rest, sequenceLength]);
  const known = knownCounts.get(key);
  if (known) return known;
  const counted = [1, 2].map((numLayers) =>
    [1, 2].map((batch) =>
      countFlops(trainingGraphs({ ...rest, numLayers }, { batch, sequenceLength }, ANY_OPTIMISER)),
    ),
  );
  const count = (program: string) => counted.map((row) => row.map((flops) => flops.get(program)!));
  const counts = { train: count("train"), evaluate: count("evaluate") };
  knownCounts.set(key, counts);
  return counts;
}
