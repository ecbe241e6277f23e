/** @file Shapes that a co-design chooses among, and which of them count as nice. */

import { tokenFlops } from "../shape/flops.ts";
import type { Experts, ModelShape } from "../shape/model-shape.ts";
import { countParameters } from "../shape/parameters.ts";
import { ASPECT_PENALTY, FLAT_ASPECT } from "./assumptions.ts";

/** How many experts, how many of them a token meets; null: dense. */
export type Routing = { readonly count: number; readonly topK: number } | null;

/** One choice. Everything else about the model follows. */
export type ShapeChoice = {
  readonly hidden: number;
  readonly numLayers: number;
  readonly headDim: number;
  /** Feed-forward width that one token meets: of all its experts together where there are any. */
  readonly feedForwardWidth: number;
  readonly routing: Routing;
};

/** How a shape is rounded. Each grid holds all shapes of those below it: nicer is never better. */
export type Grid = {
  readonly name: string;
  /** What it asks for, in words. */
  readonly rule: string;
  readonly width: number;
  readonly layers: number;
  readonly headDims: readonly number[];
};

/** From free to nicest. Free: widths in 64, so that 8-bit products stay aligned after an eightfold split. */
export const GRIDS = [
  {
    name: "free",
    rule: "widths in 64, any depth, head dimension 64, 128 or 256",
    width: 64,
    layers: 1,
    headDims: [64, 128, 256],
  },
  {
    name: "nice",
    rule: "widths in 256, depth in 2, head dimension 128",
    width: 256,
    layers: 2,
    headDims: [128],
  },
  {
    name: "round",
    rule: "widths in 1024, depth in 8, head dimension 128",
    width: 1024,
    layers: 8,
    headDims: [128],
  },
] as const satisfies readonly Grid[];

export function isOn(grid: Grid, { hidden, feedForwardWidth, numLayers, headDim }: ShapeChoice): boolean {
  return (
    hidden % grid.width === 0 &&
    feedForwardWidth % grid.width === 0 &&
    numLayers % grid.layers === 0 &&
    grid.headDims.includes(headDim)
  );
}

/** The head dimension that a grid prefers at a width. */
export function headDimOn(grid: Grid, hidden: number): number {
  return grid.headDims.includes(64) && hidden % 128 !== 0 ? 64 : 128;
}

/**
 * What a feed-forward width is a multiple of: experts share it out, each of those a token meets on the grid.
 */
export function feedForwardUnit(grid: Grid, routing: Routing): number {
  return grid.width * (routing?.topK ?? 1);
}

/** The feed-forward width of a grid nearest to `ratio` times the model's. */
export function feedForwardNear(ratio: number, hidden: number, grid: Grid, routing: Routing): number {
  const unit = feedForwardUnit(grid, routing);
  return Math.max(1, Math.round((ratio * hidden) / unit)) * unit;
}

/** Llama 3's eight key-value heads (arXiv 2407.21783, table 3), or the heads' largest divisor below. */
const KEY_VALUE_HEADS = 8;

/** Llama 3 8B and 70B: 14336 / 4096, 28672 / 8192. */
export const FEED_FORWARD_RATIO = 3.5;

/** The model of a choice: gated, grouped attention, rotary, head apart from the embedding. */
export function modelShapeOf(choice: ShapeChoice, vocabularySize: number): ModelShape {
  const { hidden, numLayers, headDim, feedForwardWidth, routing } = choice;
  const numHeads = hidden / headDim;
  return {
    name: nameOf(choice),
    numLayers,
    hidden,
    vocabularySize,
    attention: {
      kind: "grouped",
      numHeads,
      numKeyValueHeads: largestDivisor(numHeads, KEY_VALUE_HEADS),
      headDim,
    },
    feedForwardWidth: routing ? 0 : feedForwardWidth,
    gated: true,
    tiedEmbeddings: false,
    learnedPositions: 0,
    biases: false,
    experts: routing ? expertsOf(routing, feedForwardWidth) : null,
    extraPredictions: 0,
  };
}

function expertsOf({ count, topK }: NonNullable<Routing>, width: number): Experts {
  return { count, topK, width: width / topK, sharedWidth: 0, denseFirst: 0, every: 1 };
}

function nameOf({ hidden, numLayers, feedForwardWidth, routing }: ShapeChoice): string {
  const experts = routing ? `, ${routing.count} experts, ${routing.topK} a token` : "";
  return `${numLayers} x ${hidden}, feed-forward ${feedForwardWidth}${experts}`;
}

function largestDivisor(number: number, most: number): number {
  for (let candidate = Math.min(most, number); candidate > 1; candidate--)
    if (number % candidate === 0) return candidate;
  return 1;
}

/** Parameters in matrix products, head included, input embedding not: those a token meets, and all. */
export function productParameters(shape: ModelShape): { readonly active: number; readonly all: number } {
  const { attentionProjections, feedForward, head } = tokenFlops(shape, 1);
  const active = (attentionProjections + feedForward + head) / 2;
  const count = countParameters(shape);
  return { active, all: active + count.total - count.active };
}

/** Factor on the loss for a shape that is too wide or too deep; 1 inside the flat range. */
export function aspectPenalty({ hidden, numLayers }: Pick<ShapeChoice, "hidden" | "numLayers">): number {
  const aspect = hidden / numLayers;
  const outside = Math.max(Math.log(aspect / FLAT_ASPECT.hi), Math.log(FLAT_ASPECT.lo / aspect), 0);
  return 1 + ASPECT_PENALTY * outside ** 2;
}

/** The choice of a grid nearest to a number of active parameters at a width; null: no depth fits. */
export function choiceNear(
  params: number,
  hidden: number,
  grid: Grid,
  vocabularySize: number,
  routing: Routing,
  feedForwardRatio = FEED_FORWARD_RATIO,
): ShapeChoice | null {
  const choice = {
    hidden,
    headDim: headDimOn(grid, hidden),
    numLayers: 1,
    feedForwardWidth: feedForwardNear(feedForwardRatio, hidden, grid, routing),
    routing,
  };
  const one = productParameters(modelShapeOf(choice, vocabularySize)).active;
  const head = hidden * vocabularySize;
  const numLayers = Math.round((params - head) / (one - head) / grid.layers) * grid.layers;
  return numLayers >= 1 ? { ...choice, numLayers } : null;
}

/** Hidden / layers of published large models: GPT-3 128, Llama 3 102 to 130, DeepSeek-V3 117. */
const MODERATE = { lo: 80, hi: 140 } as const;

export const MODERATE_RULE = `hidden / layers from ${MODERATE.lo} to ${MODERATE.hi}`;

export function isModerate({ hidden, numLayers }: ShapeChoice): boolean {
  return hidden / numLayers >= MODERATE.lo && hidden / numLayers <= MODERATE.hi;
}
