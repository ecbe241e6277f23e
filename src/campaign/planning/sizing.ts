/** @file From compute to a run: its width at the recipe's tokens per parameter, its tokens, its batch. */

import { type Family, shapeOfWidth, WIDTH_STEP } from "../../model/dial.ts";
import { type DecoderShape, matrixParameters } from "../../model/shape.ts";
import { optimiserOf, type PlannedRun, plannedRun, programFlops } from "../../train/planned-run.ts";
import type { RunSpec } from "../../train/run-spec.ts";
import type { Campaign } from "../spec.ts";

export type Recipe = Campaign["recipe"];

/**
 * Tokens a batch = BATCH_FACTOR D^BATCH_EXPONENT for D tokens of training. The best batch grows with the data
 * alone, by an exponent near 0.4 (Bergsma et al. 2025, arXiv 2505.13738); the factor is ours, measured on
 * runs of 0.15 to 2 M tokens (docs/recipe.md). Larger batches leave small rungs too few steps to learn
 * attention, and the ladder bends.
 */
const BATCH_EXPONENT = 0.4;
const BATCH_FACTOR = 2;
const FEWEST_SEQUENCES = 2;

export function batchSequencesFor(tokens: number, sequenceLength: number): number {
  return Math.max(FEWEST_SEQUENCES, Math.round((BATCH_FACTOR * tokens ** BATCH_EXPONENT) / sequenceLength));
}

/** Training FLOPs a token, without what a batch shares. */
function flopsPerToken(shape: DecoderShape, recipe: Recipe): number {
  return programFlops(shape, recipe.sequenceLength).train.perSequence / recipe.sequenceLength;
}

/** FLOPs of training a width on tokensPerParameter tokens for each of its parameters. */
export function flopsAtWidth(width: number, family: Family, recipe: Recipe): number {
  const shape = shapeOfWidth(width, family);
  return recipe.tokensPerParameter * matrixParameters(shape) * flopsPerToken(shape, recipe);
}

/** One head of 16. */
export const SMALLEST_WIDTH = 16;

/** Widths from here on are never planned: a model of this width needs more than one machine. */
const WIDEST = 16_384;

/** The widest that spends no more than `flops`, below the smallest if none; N and FLOPs a token both rise. */
function widestWithin(flops: number, family: Family, recipe: Recipe): number {
  const fits = (width: number) => width < SMALLEST_WIDTH || flopsAtWidth(width, family, recipe) <= flops;
  let [low, high] = [SMALLEST_WIDTH - WIDTH_STEP, SMALLEST_WIDTH];
  while (high < WIDEST && fits(high)) [low, high] = [high, 2 * high];
  while (high - low > WIDTH_STEP) {
    const middle = low + WIDTH_STEP * Math.floor((high - low) / WIDTH_STEP / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
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
 * Sizes for a ladder of these computes, smallest first. Each gets a width of its own and exactly the recipe's
 * tokens per parameter, because rungs that differ in it zigzag around any law; its compute moves to fit, that
 * of the smallest only downwards, so that the ladder spans as much as was asked for. Where the widths run
 * out, the rungs left over share the smallest width and spread evenly down to the smallest compute.
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
  common: Pick<RunSpec, "heldOutTokens" | "checkpointSeconds" | "torch">,
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
    ...common,
  };
  return plannedRun(name, spec);
}

/** The same run by another recipe: same width, depth and vocabulary, same batches, steps and seed. */
export function runByRecipe({ name, spec }: PlannedRun, recipe: Recipe): PlannedRun {
  const shape = shapeOfWidth(spec.shape.width, familyOf(recipe, spec.shape));
  return plannedRun(name, { ...spec, shape, optimiser: optimiserOf(recipe) });
}

function flopsPerStep(shape: DecoderShape, recipe: Recipe, batchSequences: number): number {
  const { train } = programFlops(shape, recipe.sequenceLength);
  return train.fixed + batchSequences * train.perSequence;
}
