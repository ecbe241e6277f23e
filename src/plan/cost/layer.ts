/** @file Time of one layer on one device for one micro batch: every matrix product, attention, what moves bytes, what the host launches. */

import { expertTensor, type Layout, type Software } from "../layout/layout.ts";
import { causalShare } from "../shape/flops.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import { productSeconds, type Rates } from "./matrix-product.ts";

/** Seconds of one pass over one layer, by what limits it. */
export type PassCost = {
  readonly products: number;
  readonly attention: number;
  readonly memory: number;
  readonly host: number;
};

export type LayerCost = {
  readonly forward: PassCost;
  readonly backward: PassCost;
  /** Seconds done again in the backward pass by selective, and by full recomputation. */
  readonly selectiveAgain: number;
  readonly fullAgain: number;
};

/** What the cost of a layer depends on beside the model. */
export type LayerSetting = {
  readonly rates: Rates;
  readonly layout: Pick<Layout, "tensor" | "context" | "expert" | "microBatch" | "sequenceParallel">;
  readonly sequence: number;
  readonly software: Software;
};

/** Tokens that one device's tensor-parallel group works on in a micro batch. */
export function tokensPerMicroBatch({ layout, sequence }: LayerSetting): number {
  return (layout.microBatch * sequence) / layout.context;
}

export type Product = readonly [m: number, n: number, k: number, count: number];

/** The products of the attention part, forward; each has two more in the backward pass. */
export function attentionProducts(
  { hidden, attention }: ModelShape,
  tokens: number,
  tensor: number,
): readonly Product[] {
  if (attention.kind === "latent") {
    const { numHeads, queryRank, keyValueRank, plainDim, rotaryDim, valueDim } = attention;
    const heads = numHeads / tensor;
    const query: readonly Product[] = queryRank
      ? [
          [tokens, queryRank, hidden, 1],
          [tokens, heads * (plainDim + rotaryDim), queryRank, 1],
        ]
      : [[tokens, heads * (plainDim + rotaryDim), hidden, 1]];
    return [
      ...query,
      [tokens, keyValueRank + rotaryDim, hidden, 1],
      [tokens, heads * (plainDim + valueDim), keyValueRank, 1],
      [tokens, hidden, heads * valueDim, 1],
    ];
  }
  const { numHeads, numKeyValueHeads, headDim } = attention;
  const keyValueHeads = Math.max(1, numKeyValueHeads / tensor);
  return [
    [tokens, (numHeads / tensor + 2 * keyValueHeads) * headDim, hidden, 1],
    [tokens, hidden, (numHeads / tensor) * headDim, 1],
  ];
}

export function feedForwardProducts(
  { hidden, gated }: ModelShape,
  tokens: number,
  width: number,
  count: number,
): readonly Product[] {
  return [
    [tokens, gated ? 2 * width : width, hidden, count],
    [tokens, hidden, width, count],
  ];
}

/** Rows that one device's experts work on, all of them together: evenly spread over the experts. */
export function routedRows(shape: ModelShape, setting: LayerSetting): number {
  const { experts } = shape;
  if (!experts) return 0;
  const { tensor } = setting.layout;
  return (tokensPerMicroBatch(setting) * experts.topK * expertTensor(experts.width, tensor)) / tensor;
}

/** Time of a layer; `kind` says whether its feed-forward part is dense or a choice among experts. */
export function layerCost(shape: ModelShape, setting: LayerSetting, kind: "dense" | "experts"): LayerCost {
  const { rates, layout, software } = setting;
  const { experts } = shape;
  const tokens = tokensPerMicroBatch(setting);
  const { tensor } = layout;
  const products = [...attentionProducts(shape, tokens, tensor)];
  let activated = 0;
  if (kind === "dense" || !experts) {
    products.push(...feedForwardProducts(shape, tokens, shape.feedForwardWidth / tensor, 1));
    activated = (tokens * shape.feedForwardWidth) / tensor;
  } else {
    const rows = routedRows(shape, setting);
    const local = experts.count / layout.expert;
    const width = experts.width / expertTensor(experts.width, tensor);
    products.push(...feedForwardProducts(shape, rows / local, width, local));
    if (experts.sharedWidth > 0)
      products.push(...feedForwardProducts(shape, tokens, experts.sharedWidth / tensor, 1));
    activated = rows * width + (tokens * experts.sharedWidth) / tensor;
  }
  let [forwardProducts, backwardProducts, castForward, castBackward, lastProduct] = [0, 0, 0, 0, 0];
  for (const [m, n, k, count] of products) {
    lastProduct = productSeconds(rates, rates.product, m, n, k, count, rates.elementBytes);
    forwardProducts += lastProduct;
    backwardProducts += productSeconds(rates, rates.product, m, k, n, count, rates.elementBytes);
    backwardProducts += productSeconds(rates, rates.product, n, k, m, count, rates.elementBytes);
    castForward += m * k * count;
    castBackward += m * n * count;
  }
  const routedBytes =
    kind === "experts" ? rates.constants.expertPasses * 2 * routedRows(shape, setting) * shape.hidden : 0;
  const streamed = streamedBytes(shape, setting, activated);
  const core = attentionCore(shape, setting);
  const { constants } = rates;
  const host = constants.layerHostSeconds + (kind === "experts" ? constants.expertHostSeconds : 0);
  const gaps = 6 * constants.kernelSeconds;
  const unfused = software.attention === "unfused";
  const forwardMemory =
    (streamed.forward + routedBytes + rates.castBytes * castForward) / rates.memory + gaps;
  return {
    forward: {
      products: forwardProducts,
      attention: core.forward,
      memory: forwardMemory,
      host,
    },
    backward: {
      products: backwardProducts,
      attention: core.backward,
      memory: (streamed.backward + routedBytes + rates.castBytes * castBackward) / rates.memory + gaps,
      host: 2 * host,
    },
    // What is stored without flash attention are the scores; with it, the results of the products, and the rest is done again.
    selectiveAgain: core.forward + (unfused ? 0 : streamed.forward / rates.memory),
    // Later software stops when the last tensor that the backward pass needs is there: the last product's result is not.
    fullAgain: forwardProducts + core.forward + forwardMemory - (unfused ? 0 : lastProduct),
  };
}

/**
 * Bytes that norms, residuals, rotations and activations move, 2 bytes an element. Forward: each of two norms reads and writes (4), each of
 * two residual sums reads two and writes one (6) over the width; the rotation reads and writes queries and keys; the activation reads its
 * inputs and writes its output. Backward: half as much again over the width, and reads, reads and writes of the activation.
 */
function streamedBytes(
  shape: ModelShape,
  setting: LayerSetting,
  activated: number,
): { readonly forward: number; readonly backward: number } {
  const { layout, rates, software } = setting;
  const tokens = tokensPerMicroBatch(setting);
  const wide = (tokens * shape.hidden) / (layout.sequenceParallel ? layout.tensor : 1);
  const { attention } = shape;
  const rotated =
    attention.kind === "latent"
      ? attention.numHeads * attention.rotaryDim
      : (attention.numHeads + attention.numKeyValueHeads) * attention.headDim;
  const turned = shape.learnedPositions > 0 ? 0 : (tokens * rotated) / layout.tensor;
  const scale = 2 * rates.constants.elementwise * (software.kernels === "eager" ? rates.constants.eager : 1);
  return {
    forward: scale * (10 * wide + 2 * turned + (shape.gated ? 3 : 2) * activated),
    backward: scale * (15 * wide + 2 * turned + (shape.gated ? 5 : 3) * activated),
  };
}

/** Head dimension that the attention efficiencies are stated for. */
const ROW_DIM = 128;
/** Fixed work of a row of scores, in multiplications of a head dimension: d / (d + 32) of the rate (assumption; heads of 64 then reach 5 / 6). */
const ROW_WORK = 32;

/** Scores, softmax and weighted sums, in bf16 whatever the precision of the products. */
function attentionCore(
  shape: ModelShape,
  setting: LayerSetting,
): { readonly forward: number; readonly backward: number } {
  const { rates, layout, sequence, software } = setting;
  const { attention } = shape;
  const tokens = tokensPerMicroBatch(setting);
  const heads = attention.numHeads / layout.tensor;
  const queryDim = attention.kind === "latent" ? attention.plainDim + attention.rotaryDim : attention.headDim;
  const valueDim = attention.kind === "latent" ? attention.valueDim : attention.headDim;
  const { constants } = rates;
  if (software.attention === "unfused") {
    const count = (layout.microBatch * heads) / layout.context;
    const slow = queryDim % 8 === 0 ? 1 : constants.misaligned;
    const scores = productSeconds(rates, rates.bf16 / slow, sequence, sequence, queryDim, count, 2);
    const sums = productSeconds(rates, rates.bf16 / slow, sequence, valueDim, sequence, count, 2);
    const moved = (constants.scoreBytes * count * sequence * sequence) / rates.memory;
    return { forward: scores + sums + moved, backward: 2 * (scores + sums) + moved };
  }
  const numScores = tokens * sequence * causalShare(sequence) * heads;
  // Rows of 128 keep the units busy; shorter heads share the fixed work of a row among fewer multiplications.
  const overlapped = software.attention === "overlapped";
  const best = overlapped ? constants.overlappedEfficiency : constants.flashEfficiency;
  const efficiency = (best * (1 + ROW_WORK / ROW_DIM) * queryDim) / (queryDim + ROW_WORK);
  const multiplied =
    (2 * numScores * (queryDim + valueDim)) /
    ((overlapped ? rates.bf16 : rates.legacy) * Math.min(1, efficiency));
  const exponentials = numScores / rates.exponentials;
  // Backward: five products for two (arXiv 2205.14135, section 3), and the exponentials again.
  const both = (products: number) =>
    overlapped ? Math.max(products, exponentials) : products + exponentials;
  return {
    forward: both(multiplied) + constants.kernelSeconds,
    backward: both(2.5 * multiplied) + 2 * constants.kernelSeconds,
  };
}

/** Logits in bf16 are cast to fp32, reduced twice, exponentiated, and their gradient written and cast back (assumption, counted by kernel). */
const LOGIT_BYTES = 24;
/** A row of the embedding is read and written forward (4), its gradient read and summed in fp32 backward (8) (assumption). */
const EMBEDDING_BYTES = 12;

/** Seconds of head and loss on the last stage, of the embedding on the first; forward and backward together. */
export function vocabularyCost(
  shape: ModelShape,
  setting: LayerSetting,
): { readonly head: number; readonly embedding: number } {
  const { rates, layout } = setting;
  const tokens = tokensPerMicroBatch(setting);
  const columns = shape.vocabularySize / layout.tensor;
  const { hidden } = shape;
  const products =
    productSeconds(rates, rates.bf16, tokens, columns, hidden, 1, 2) +
    productSeconds(rates, rates.bf16, tokens, hidden, columns, 1, 2) +
    productSeconds(rates, rates.bf16, columns, hidden, tokens, 1, 2);
  const loss = (LOGIT_BYTES * tokens * columns) / rates.memory;
  return {
    head: (products + loss) * (1 + shape.extraPredictions),
    embedding: (EMBEDDING_BYTES * tokens * hidden) / rates.memory,
  };
}
