/** @file Time of one layer, device and micro batch: products, attention, moved bytes, launches. */

import { expertTensor, type Layout, type Software } from "../layout/layout.ts";
import { causalShare } from "../shape/flops.ts";
import { headDims, type ModelShape } from "../shape/model-shape.ts";
import { type Product, productPasses, productSeconds, type Rates } from "./matrix-product.ts";

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
  readonly layout: Layout;
  readonly sequence: number;
  readonly software: Software;
};

/** Tokens that one device's tensor-parallel group works on in a micro batch. */
export function tokensPerMicroBatch({ layout, sequence }: Pick<LayerSetting, "layout" | "sequence">): number {
  return (layout.microBatch * sequence) / layout.context;
}

/** The products of the attention part, forward; each has two more in the backward pass. */
function attentionProducts(
  { hidden, attention }: ModelShape,
  tokens: number,
  tensor: number,
): readonly Product[] {
  const product = (name: string, n: number, k: number): Product => ({ name, m: tokens, n, k, count: 1 });
  const heads = attention.numHeads / tensor;
  const { queryDim, valueDim } = headDims(attention);
  const output = product("attention output", hidden, heads * valueDim);
  if (attention.kind === "grouped") {
    const keyValueHeads = Math.max(1, attention.numKeyValueHeads / tensor);
    return [product("queries, keys and values", (heads + 2 * keyValueHeads) * queryDim, hidden), output];
  }
  const { queryRank, keyValueRank, plainDim, rotaryDim } = attention;
  const queries = queryRank
    ? [product("queries down", queryRank, hidden), product("queries up", heads * queryDim, queryRank)]
    : [product("queries", heads * queryDim, hidden)];
  return [
    ...queries,
    product("keys and values down", keyValueRank + rotaryDim, hidden),
    product("keys and values up", heads * (plainDim + valueDim), keyValueRank),
    output,
  ];
}

/** Of `count` feed-forward parts side by side, each with its own rows. */
function feedForwardProducts(
  { hidden, gated }: ModelShape,
  whose: string,
  rows: number,
  width: number,
  count = 1,
): readonly Product[] {
  const up = gated ? "gate and up" : "up";
  return [
    { name: `${whose}${up}`, m: rows, n: gated ? 2 * width : width, k: hidden, count },
    { name: `${whose}down`, m: rows, n: hidden, k: width, count },
  ];
}

/** Rows that one device's experts work on, all of them together: evenly spread over the experts. */
export function routedRows(shape: ModelShape, setting: LayerSetting): number {
  const { experts } = shape;
  if (!experts) return 0;
  const { tensor } = setting.layout;
  return (tokensPerMicroBatch(setting) * experts.topK * expertTensor(experts.width, tensor)) / tensor;
}

/** What the feed-forward part of a layer is. */
export type LayerKind = "dense" | "experts";

/** The products of one layer on one device for one micro batch, forward, in the order in which they run. */
export function layerProducts(shape: ModelShape, setting: LayerSetting, kind: LayerKind): readonly Product[] {
  const { tensor, expert } = setting.layout;
  const { experts } = shape;
  const tokens = tokensPerMicroBatch(setting);
  const attention = attentionProducts(shape, tokens, tensor);
  if (kind === "dense" || !experts)
    return [...attention, ...feedForwardProducts(shape, "", tokens, shape.feedForwardWidth / tensor)];
  const local = experts.count / expert;
  const width = experts.width / expertTensor(experts.width, tensor);
  const shared = experts.sharedWidth / tensor;
  return [
    ...attention,
    ...feedForwardProducts(shape, "experts, ", routedRows(shape, setting) / local, width, local),
    ...(shared > 0 ? feedForwardProducts(shape, "shared expert, ", tokens, shared) : []),
  ];
}

/** Numbers that pass through activations, in one layer and direction. */
function activatedNumbers(shape: ModelShape, setting: LayerSetting, kind: LayerKind): number {
  const { tensor } = setting.layout;
  const { experts } = shape;
  const tokens = tokensPerMicroBatch(setting);
  if (kind === "dense" || !experts) return (tokens * shape.feedForwardWidth) / tensor;
  const width = experts.width / expertTensor(experts.width, tensor);
  return routedRows(shape, setting) * width + (tokens * experts.sharedWidth) / tensor;
}

/** Seconds of a layer. */
export function layerCost(shape: ModelShape, setting: LayerSetting, kind: LayerKind): LayerCost {
  const { rates, software } = setting;
  let [forwardProducts, backwardProducts, castForward, castBackward, lastProduct] = [0, 0, 0, 0, 0];
  for (const product of layerProducts(shape, setting, kind)) {
    const [forward, towardsInput, towardsWeights] = productPasses(rates, product);
    lastProduct = forward;
    forwardProducts += forward;
    backwardProducts += towardsInput;
    backwardProducts += towardsWeights;
    castForward += product.m * product.k * product.count;
    castBackward += product.m * product.n * product.count;
  }
  const routedBytes =
    kind === "experts" ? rates.constants.expertPasses * 2 * routedRows(shape, setting) * shape.hidden : 0;
  const streamed = streamedBytes(shape, setting, activatedNumbers(shape, setting, kind));
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
    // What is stored without flash attention are the scores; with it, the results of the products, and the
    // rest is done again.
    selectiveAgain: core.forward + (unfused ? 0 : streamed.forward / rates.memory),
    // Later software stops when the last tensor that the backward pass needs is there: the last product's
    // result is not.
    fullAgain: forwardProducts + core.forward + forwardMemory - (unfused ? 0 : lastProduct),
  };
}

/**
 * Bytes that norms, residuals, rotations and activations move, 2 bytes an element. Forward: each of two norms
 * reads and writes (4), each of two residual sums reads two and writes one (6) over the width; the rotation
 * reads and writes queries and keys; the activation reads its inputs and writes its output. Backward: half as
 * much again over the width, and reads, reads and writes of the activation.
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
/** Fixed work of a row of scores, in multiplications: d / (d + 32) of the rate (assumption). */
const ROW_WORK = 32;

/** Scores, softmax and weighted sums, in bf16 whatever the precision of the products. */
function attentionCore(
  shape: ModelShape,
  setting: LayerSetting,
): { readonly forward: number; readonly backward: number } {
  const { rates, layout, sequence, software } = setting;
  const tokens = tokensPerMicroBatch(setting);
  const heads = shape.attention.numHeads / layout.tensor;
  const { queryDim, valueDim } = headDims(shape.attention);
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

/** Logits in bf16: cast, reduced twice, exponentiated, gradient written and cast (assumption). */
const LOGIT_BYTES = 24;
/** A row of the embedding is read and written (4), its gradient read and summed in fp32 (8): assumption. */
const EMBEDDING_BYTES = 12;

/** The product that makes logits, in bf16 whatever the precision of the layers. */
export function headProduct(shape: ModelShape, setting: LayerSetting): Product {
  const n = shape.vocabularySize / setting.layout.tensor;
  return { name: "head", m: tokensPerMicroBatch(setting), n, k: shape.hidden, count: 1 };
}

/**
 * Seconds of head and loss on the last stage, of the embedding on the first; forward and backward together.
 */
export function vocabularyCost(
  shape: ModelShape,
  setting: LayerSetting,
): { readonly head: number; readonly embedding: number } {
  const { rates } = setting;
  const product = headProduct(shape, setting);
  const [forward, towardsInput, towardsWeights] = productPasses(rates, product, rates.bf16, 2);
  const loss = (LOGIT_BYTES * product.m * product.n) / rates.memory;
  return {
    head: (forward + towardsInput + towardsWeights + loss) * (1 + shape.extraPredictions),
    embedding: (EMBEDDING_BYTES * product.m * shape.hidden) / rates.memory,
  };
}
