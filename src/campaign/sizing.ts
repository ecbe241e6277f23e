/** @file From compute to a run: the width whose tokens per parameter come out as asked, tokens that spend the compute, a batch that fits them. */

import { z } from "zod";
import { flopsOf } from "../engine/compile.ts";
import { shapeOfWidth, WIDTH_STEP } from "../model/dial.ts";
import type { DecoderShape } from "../model/shape.ts";
import { matrixParameters } from "../model/shape.ts";
import { trainingPrograms } from "../train/programs.ts";
import type { RunSpec } from "../train/run-spec.ts";
import { runSpecSchema } from "../train/run-spec.ts";
import type { Campaign } from "./spec.ts";

export type Recipe = Campaign["recipe"];

/** Width at which the recipe's learning rate is stated. */
export const BASE_WIDTH = 64;

/** A run with its size spelled out. */
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

export type PlannedRun = Readonly<z.infer<typeof plannedRunSchema>>;

/**
 * Tokens a batch: 0.58 D^0.571 (Step Law, Li et al. 2025, arXiv 2503.04715), for D tokens of training; in whole sequences, at least two.
 */
export function batchSequencesFor(tokens: number, sequenceLength: number): number {
  return Math.max(2, Math.round((0.58 * tokens ** 0.571) / sequenceLength));
}

/** FLOPs of one run of a program: a share for each sequence of the batch, and what the batch shares (the optimiser's update). */
interface ProgramFlops {
  readonly fixed: number;
  readonly perSequence: number;
}

/** Shapes come up again and again while a plan is searched, and compiling one takes milliseconds. */
const knownFlops = new Map<string, { readonly train: ProgramFlops; readonly evaluate: ProgramFlops }>();

/** Counted from the table of operations on batches of one and two sequences; every cost is linear in the number of sequences. */
function programFlops(shape: DecoderShape, recipe: Recipe) {
  const key = JSON.stringify([shape, recipe.sequenceLength]);
  const known = knownFlops.get(key);
  if (known) return known;
  const [one, two] = [1, 2].map((batch) => trainingPrograms(shape, { batch, sequenceLength: recipe.sequenceLength }, optimiserOf(recipe)));
  const linear = (program: string): ProgramFlops => {
    const [a, b] = [flopsOf(one!.programs.get(program)!), flopsOf(two!.programs.get(program)!)];
    return { fixed: 2 * a - b, perSequence: b - a };
  };
  const flops = { train: linear("train"), evaluate: linear("evaluate") };
  knownFlops.set(key, flops);
  return flops;
}

export function optimiserOf({ learningRate, weightDecay }: Recipe): RunSpec["optimiser"] {
  return { learningRate, baseWidth: BASE_WIDTH, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay, clip: 1 };
}

/** Training FLOPs a token, without what a batch shares. */
function flopsPerToken(shape: DecoderShape, recipe: Recipe): number {
  return programFlops(shape, recipe).train.perSequence / recipe.sequenceLength;
}

/** The width at which D = tokensPerParameter N spends `flops` most nearly; searched upwards, since N and FLOPs a token both rise. */
export function widthForCompute(flops: number, vocabularySize: number, recipe: Recipe): number {
  const spent = (width: number) => {
    const shape = shapeOfWidth(width, { ...recipe, vocabularySize });
    return recipe.tokensPerParameter * matrixParameters(shape) * flopsPerToken(shape, recipe);
  };
  let width = WIDTH_STEP;
  while (spent(width + WIDTH_STEP) <= flops) width += WIDTH_STEP;
  const nearer = Math.abs(Math.log(spent(width) / flops)) <= Math.abs(Math.log(spent(width + WIDTH_STEP) / flops));
  return nearer ? width : width + WIDTH_STEP;
}

/** Plans a run that spends as nearly `flops` as whole steps allow. */
export function planRun(
  name: string,
  flops: number,
  seed: number,
  role: RunSpec["role"],
  recipe: Recipe,
  { vocabularySize, heldOutTokens, checkpointSeconds }: { readonly vocabularySize: number } & Pick<RunSpec, "heldOutTokens" | "checkpointSeconds">,
): PlannedRun {
  const { sequenceLength } = recipe;
  const shape = shapeOfWidth(widthForCompute(flops, vocabularySize, recipe), { ...recipe, vocabularySize });
  const batchSequences = batchSequencesFor(flops / flopsPerToken(shape, recipe), sequenceLength);
  const { train, evaluate } = programFlops(shape, recipe);
  const flopsPerStep = train.fixed + batchSequences * train.perSequence;
  const numSteps = Math.max(1, Math.round(flops / flopsPerStep));
  const rows = batchSequences * sequenceLength;
  return {
    name,
    spec: { role, shape, optimiser: optimiserOf(recipe), sequenceLength, batchSequences, numSteps, seed, heldOutTokens, checkpointSeconds },
    matrixParameters: matrixParameters(shape),
    tokens: numSteps * rows,
    flops: numSteps * flopsPerStep,
    evaluationFlops: Math.ceil(heldOutTokens / rows) * (evaluate.fixed + batchSequences * evaluate.perSequence),
  };
}
