/** @file FLOPs of a model per token, by shapes: matrix products, attention and head apart. */

import { type ModelShape, numExpertLayers } from "./model-shape.ts";

/** Forward FLOPs per token (a multiplication and an addition are two); backward is twice as much. */
export type TokenFlops = {
  readonly attentionProjections: number;
  /** Scores and weighted sums with every token seen from every other: what a causal mask halves. */
  readonly scoresFull: number;
  readonly feedForward: number;
  readonly head: number;
};

/** The share of scores that a causal mask leaves: (s + 1) / 2 s. */
export function causalShare(sequence: number): number {
  return (sequence + 1) / (2 * sequence);
}

export function tokenFlops(shape: ModelShape, sequence: number): TokenFlops {
  const { hidden, experts, extraPredictions } = shape;
  const layers = shape.numLayers + extraPredictions;
  const expertLayers = numExpertLayers(shape) + (experts ? extraPredictions : 0);
  const matrices = shape.gated ? 3 : 2;
  const dense = 2 * matrices * hidden * shape.feedForwardWidth;
  const sparse = experts
    ? 2 * matrices * hidden * (experts.topK * experts.width + experts.sharedWidth) +
      2 * hidden * experts.count
    : 0;
  const { projections, scores } = attentionFlops(shape, sequence);
  return {
    attentionProjections: layers * projections + extraPredictions * 4 * hidden * hidden,
    scoresFull: layers * scores,
    feedForward: (layers - expertLayers) * dense + expertLayers * sparse,
    head: 2 * hidden * shape.vocabularySize * (1 + extraPredictions),
  };
}

function attentionFlops(
  { hidden, attention }: ModelShape,
  sequence: number,
): { readonly projections: number; readonly scores: number } {
  if (attention.kind === "latent") {
    const { numHeads, queryRank, keyValueRank, plainDim, rotaryDim, valueDim } = attention;
    const headDim = plainDim + rotaryDim;
    const query = queryRank
      ? hidden * queryRank + queryRank * numHeads * headDim
      : hidden * numHeads * headDim;
    const keyValue = hidden * (keyValueRank + rotaryDim) + keyValueRank * numHeads * (plainDim + valueDim);
    return {
      projections: 2 * (query + keyValue + numHeads * valueDim * hidden),
      scores: 2 * sequence * numHeads * (headDim + valueDim),
    };
  }
  const { numHeads, numKeyValueHeads, headDim } = attention;
  return {
    projections: 2 * hidden * headDim * (2 * numHeads + 2 * numKeyValueHeads),
    scores: 4 * sequence * numHeads * headDim,
  };
}

/** FLOPs of one token by the planner's convention: causal scores by half, nothing recomputed. */
export function modelFlopsPerToken(shape: ModelShape, sequence: number): number {
  const flops = tokenFlops(shape, sequence);
  const scores = flops.scoresFull * causalShare(sequence);
  return 3 * (flops.attentionProjections + flops.feedForward + flops.head + scores);
}
