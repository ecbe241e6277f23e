/** @file From compute to a run: the width whose tokens per parameter come out as asked, tokens that spend the compute, a batch that fits them. */

import { z } from "zod";
import { flopsOf } from "../engine/compile.ts";
import type { Family } from "../model/dial.ts";
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
 * Tokens a batch = BATCH_FACTOR D^BATCH_EXPONENT for D tokens of training. The best batch grows with the data alone, by an exponent near 0.4
 * (Bergsma et al. 2025, arXiv 2505.13738); the factor is ours, measured on runs of 0.15 to 2 M tokens (docs/recipe.md). Larger
 * batches leave small rungs too few steps to learn attention, and the ladder bends.
 */
const BATCH_EXPONENT = 0.4;
const BATCH_FACTOR = 2;
const FEWEST_SEQUENCES = 2;

export function batchSequencesFor(tokens: number, sequenceLength: number): number {
  return Math.max(FEWEST_SEQUENCES, Math.round((BATCH_FACTOR * tokens ** BATCH_EXPONENT) / sequenceLength));
}

/** FLOPs of one run of a program: a share for each sequence of the batch, and what the batch shares (the optimiser's update). */
type ProgramFlops = {
  readonly fixed: number;
  readonly perSequence: number;
};

/** FLOPs of a program by [layers - 1][sequences - 1], one and two of each. */
type Counts = Readonly<Record<"train" | "evaluate", readonly (readonly number[])[]>>;

/** Widths come up again and again while a plan is searched, and compiling them takes milliseconds. */
const knownCounts = new Map<string, Counts>();

function countsOf({ numLayers: _, ...rest }: DecoderShape, recipe: Recipe): Counts {
  const key = JSON.stringify([rest, recipe.sequenceLength]);
  const known = knownCounts.get(key);
  if (known) return known;
  const compiled = [1, 2].map((numLayers) =>
    [1, 2].map((batch) =>
      trainingPrograms(
        { ...rest, numLayers },
        { batch, sequenceLength: recipe.sequenceLength },
        optimiserOf(recipe),
      ),
    ),
  );
  const count = (program: string) =>
    compiled.map((row) => row.map(({ programs }) => flopsOf(programs.get(program)!)));
  const counts = { train: count("train"), evaluate: count("evaluate") };
  knownCounts.set(key, counts);
  return counts;
}

/**
 * Counted from the table of operations. Every cost is linear in the number of layers and in the number of sequences, so four small
 * programs (one and two of each) give the count for any number of both, exactly.
 */
function programFlops(
  shape: DecoderShape,
  recipe: Recipe,
): Readonly<Record<"train" | "evaluate", ProgramFlops>> {
  const counts = countsOf(shape, recipe);
  const linear = ([oneLayer, twoLayers]: readonly (readonly number[])[]): ProgramFlops => {
    const atDepth = (batch: number) =>
      oneLayer![batch]! + (shape.numLayers - 1) * (twoLayers![batch]! - oneLayer![batch]!);
    return { fixed: 2 * atDepth(0) - atDepth(1), perSequence: atDepth(1) - atDepth(0) };
  };
  return { train: linear(counts.train), evaluate: linear(counts.evaluate) };
}

export function optimiserOf({ learningRate, weightDecay }: Recipe): RunSpec["optimiser"] {
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

/** Training FLOPs a token, without what a batch shares. */
function flopsPerToken(shape: DecoderShape, recipe: Recipe): number {
  return programFlops(shape, recipe).train.perSequence / recipe.sequenceLength;
}

/** FLOPs of training a width on tokensPerParameter tokens for each of its parameters. */
export function flopsAtWidth(width: number, family: Family, recipe: Recipe): number {
  const shape = shapeOfWidth(width, family);
  return recipe.tokensPerParameter * matrixParameters(shape) * flopsPerToken(shape, recipe);
}

/** One head of 16. */
export const SMALLEST_WIDTH = 16;

/** The widest that spends no more than `flops`, below the smallest width if none does; searched upwards, since N and FLOPs a token both rise. */
function widestWithin(flops: number, family: Family, recipe: Recipe): number {
  let width = SMALLEST_WIDTH - WIDTH_STEP;
  while (flopsAtWidth(width + WIDTH_STEP, family, recipe) <= flops) width += WIDTH_STEP;
  return width;
}

/** The width that spends `flops` most nearly. */
export function widthForCompute(flops: number, family: Family, recipe: Recipe): number {
  const width = Math.max(SMALLEST_WIDTH, widestWithin(flops, family, recipe));
  const distance = (candidate: number) => Math.abs(Math.log(flopsAtWidth(candidate, family, recipe) / flops));
  return distance(width) <= distance(width + WIDTH_STEP) ? width : width + WIDTH_STEP;
}

/** A place on the ladder: a width, and the compute to spend on it. */
export type Size = {
  readonly width: number;
  readonly flops: number;
};

/**
 * Sizes for a ladder of these computes, smallest first. Each gets a width of its own and exactly the recipe's tokens per parameter, because rungs
 * that differ in it zigzag around any law; its compute moves to fit, that of the smallest only downwards, so that the ladder spans as much as
 * was asked for. Where the widths run out, the rungs left over share the smallest width and spread evenly down to the smallest compute.
 */
export function ladderSizes(computes: readonly number[], family: Family, recipe: Recipe): readonly Size[] {
  const sizes: Size[] = [];
  const place = (widest: number) => {
    const width = Math.min(widest, (sizes[0]?.width ?? Number.POSITIVE_INFINITY) - WIDTH_STEP);
    if (width >= SMALLEST_WIDTH) sizes.unshift({ width, flops: flopsAtWidth(width, family, recipe) });
  };
  for (const flops of computes.slice(1).toReversed()) place(widthForCompute(flops, family, recipe));
  const smallest = (computes[0]! / computes.at(-1)!) * sizes.at(-1)!.flops;
  place(widestWithin(smallest, family, recipe));
  const numLeft = computes.length - sizes.length;
  const first = sizes[0]!.flops;
  const left = Array.from({ length: numLeft }, (_, i) => ({
    width: SMALLEST_WIDTH,
    flops: Math.min(smallest, first / 2) * (first / Math.min(smallest, first / 2)) ** (i / numLeft),
  }));
  return [...left, ...sizes];
}

/** The family of a recipe. */
export function familyOf(
  { queriesPerKeyValue, tiedEmbeddings, feedForward, queryKeyNorm }: Recipe,
  { vocabularySize, numLayers }: Pick<Family, "vocabularySize" | "numLayers">,
): Family {
  return { vocabularySize, numLayers, queriesPerKeyValue, tiedEmbeddings, feedForward, queryKeyNorm };
}

/** Plans a run of a size; it spends as nearly the size's compute as whole steps allow. */
export function planRun(
  name: string,
  { width, flops }: Size,
  seed: number,
  role: RunSpec["role"],
  recipe: Recipe,
  family: Family,
  { heldOutTokens, checkpointSeconds }: Pick<RunSpec, "heldOutTokens" | "checkpointSeconds">,
): PlannedRun {
  const { sequenceLength } = recipe;
  const shape = shapeOfWidth(width, family);
  const batchSequences = batchSequencesFor(flops / flopsPerToken(shape, recipe), sequenceLength);
  const numSteps = Math.max(1, Math.round(flops / flopsPerStep(shape, recipe, batchSequences)));
  const spec = {
    role,
    shape,
    optimiser: optimiserOf(recipe),
    sequenceLength,
    batchSequences,
    numSteps,
    seed,
    heldOutTokens,
    checkpointSeconds,
  };
  return sized(name, spec, recipe);
}

/** The same run by another recipe: same width, depth and vocabulary, same batches, steps and seed. */
export function runByRecipe(name: string, { spec }: PlannedRun, recipe: Recipe): PlannedRun {
  const shape = shapeOfWidth(spec.shape.width, familyOf(recipe, spec.shape));
  return sized(name, { ...spec, shape, optimiser: optimiserOf(recipe) }, recipe);
}

function flopsPerStep(shape: DecoderShape, recipe: Recipe, batchSequences: number): number {
  const { train } = programFlops(shape, recipe);
  return train.fixed + batchSequences * train.perSequence;
}

function sized(name: string, spec: RunSpec, recipe: Recipe): PlannedRun {
  const { shape, batchSequences, sequenceLength, numSteps, heldOutTokens } = spec;
  const { evaluate } = programFlops(shape, recipe);
  const rows = batchSequences * sequenceLength;
  return {
    name,
    spec,
    matrixParameters: matrixParameters(shape),
    tokens: numSteps * rows,
    flops: numSteps * flopsPerStep(shape, recipe, batchSequences),
    evaluationFlops:
      Math.ceil(heldOutTokens / rows) * (evaluate.fixed + batchSequences * evaluate.perSequence),
  };
}
