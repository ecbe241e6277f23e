/** @file Parameters of a model by part, counted exactly. */

import { type ModelShape, numExpertLayers } from "./model-shape.ts";

/** Numbers that are trained; `active` are those that one token meets. */
export type ParameterCount = {
  readonly attentionPerLayer: number;
  readonly densePerLayer: number;
  /** All routed experts of one layer. */
  readonly routedPerLayer: number;
  /** Router and shared experts of one layer. */
  readonly sharedPerLayer: number;
  readonly normsPerLayer: number;
  readonly embedding: number;
  /** 0 where tied. */
  readonly head: number;
  readonly total: number;
  readonly active: number;
};

/** Matrices of the attention part of one layer. */
function attentionParameters({ attention, hidden, biases }: ModelShape): number {
  if (attention.kind === "latent") {
    const { numHeads, queryRank, keyValueRank, plainDim, rotaryDim, valueDim } = attention;
    const query = queryRank
      ? hidden * queryRank + queryRank + queryRank * numHeads * (plainDim + rotaryDim)
      : hidden * numHeads * (plainDim + rotaryDim);
    const keyValue =
      hidden * (keyValueRank + rotaryDim) + keyValueRank + keyValueRank * numHeads * (plainDim + valueDim);
    return query + keyValue + numHeads * valueDim * hidden;
  }
  const { numHeads, numKeyValueHeads, headDim } = attention;
  const projected = (numHeads + 2 * numKeyValueHeads) * headDim;
  return hidden * projected + numHeads * headDim * hidden + (biases ? projected + hidden : 0);
}

/** Matrices of a feed-forward part of the given width. */
function feedForwardParameters({ hidden, gated, biases }: ModelShape, width: number): number {
  const up = gated ? 2 : 1;
  return (up + 1) * hidden * width + (biases ? up * width + hidden : 0);
}

/** Counts a model's parameters: all of them, and those that a token meets. */
export function countParameters(shape: ModelShape): ParameterCount {
  const { hidden, experts, numLayers } = shape;
  const attentionPerLayer = attentionParameters(shape);
  const densePerLayer = shape.feedForwardWidth > 0 ? feedForwardParameters(shape, shape.feedForwardWidth) : 0;
  const oneExpert = experts ? feedForwardParameters(shape, experts.width) : 0;
  const routedPerLayer = experts ? experts.count * oneExpert : 0;
  const sharedPerLayer = experts
    ? experts.count * hidden +
      (experts.sharedWidth > 0 ? feedForwardParameters(shape, experts.sharedWidth) : 0)
    : 0;
  const normsPerLayer = 2 * hidden * (shape.biases ? 2 : 1);
  const expertLayers = numExpertLayers(shape);
  const embedding = shape.vocabularySize * hidden + shape.learnedPositions * hidden;
  const head = shape.tiedEmbeddings ? 0 : shape.vocabularySize * hidden;
  const finalNorm = hidden * (shape.biases ? 2 : 1);
  const common =
    numLayers * (attentionPerLayer + normsPerLayer) + (numLayers - expertLayers) * densePerLayer + finalNorm;
  // A further prediction: one layer like the last, a matrix that joins two streams, three norms (DeepSeek-V3,
  // section 2.2).
  const lastLayer =
    attentionPerLayer + normsPerLayer + (experts ? routedPerLayer + sharedPerLayer : densePerLayer);
  const extra = shape.extraPredictions * (lastLayer + 2 * hidden * hidden + 3 * hidden);
  const total = common + expertLayers * (routedPerLayer + sharedPerLayer) + embedding + head + extra;
  const unused = experts
    ? (expertLayers + shape.extraPredictions) * (experts.count - experts.topK) * oneExpert
    : 0;
  return {
    attentionPerLayer,
    densePerLayer,
    routedPerLayer,
    sharedPerLayer,
    normsPerLayer,
    embedding,
    head,
    total,
    active: total - unused,
  };
}
