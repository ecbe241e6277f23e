/** @file The matrix products of a step one by one: their shape on one device, and how much of the peak each reaches. */

import { CONSTANTS, type Constants } from "../constants.ts";
import {
  attentionProducts,
  feedForwardProducts,
  type LayerSetting,
  layerCost,
  type Product,
  routedRows,
  tokensPerMicroBatch,
} from "../cost/layer.ts";
import { productSeconds, type Rates, ratesOf } from "../cost/matrix-product.ts";
import { peakOf } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import type { Job, Layout } from "../layout/layout.ts";
import { causalShare } from "../shape/flops.ts";
import type { ModelShape } from "../shape/model-shape.ts";

/** One operation of one layer for one micro batch on one device, forward and backward together. */
export type Operation = {
  readonly name: string;
  /** "count x [m, k] x [k, n]"; null where it is no plain product. */
  readonly shape: {
    readonly m: number;
    readonly n: number;
    readonly k: number;
    readonly count: number;
  } | null;
  readonly flops: number;
  readonly seconds: number;
  /** FLOP/s over the peak rate of the layout's precision. */
  readonly efficiency: number;
};

/** The operations of a layer, and the head's, largest part of the time first. */
export function operationsOf(
  model: ModelShape,
  cluster: Cluster,
  layout: Layout,
  job: Job,
  constants: Constants = CONSTANTS,
): readonly Operation[] {
  const rates = ratesOf(cluster.accelerator, layout.precision, constants);
  const setting: LayerSetting = { rates, layout, sequence: job.sequence, software: job.software };
  const peak = peakOf(cluster.accelerator, layout.precision);
  const tokens = tokensPerMicroBatch(setting);
  const product = (name: string, shape: Product) =>
    productOf(name, shape, rates, rates.product, rates.elementBytes, peak);
  const operations = namedProducts(model, setting, tokens).map(([name, shape]) => product(name, shape));
  const head: Product = [tokens, model.vocabularySize / layout.tensor, model.hidden, 1];
  return [
    ...operations,
    attentionOf(model, setting, peak),
    productOf("head", head, rates, rates.bf16, 2, peak),
  ].sort((a, b) => b.seconds - a.seconds);
}

function namedProducts(
  model: ModelShape,
  setting: LayerSetting,
  tokens: number,
): readonly (readonly [string, Product])[] {
  const { layout } = setting;
  const { experts, attention } = model;
  const projections = attentionProducts(model, tokens, layout.tensor);
  const names =
    attention.kind === "grouped"
      ? ["queries, keys and values", "attention output"]
      : latentNames(projections.length);
  const named = projections.map((shape, i) => [names[i]!, shape] as const);
  const feed = (kind: string, rows: number, width: number, count: number) =>
    feedForwardProducts(model, rows, width, count).map(
      (shape, i) => [`${kind}${i === 0 ? (model.gated ? "gate and up" : "up") : "down"}`, shape] as const,
    );
  if (model.feedForwardWidth > 0) named.push(...feed("", tokens, model.feedForwardWidth / layout.tensor, 1));
  if (experts) {
    const local = experts.count / layout.expert;
    named.push(...feed("experts, ", routedRows(model, setting) / local, experts.width, local));
    if (experts.sharedWidth > 0)
      named.push(...feed("shared expert, ", tokens, experts.sharedWidth / layout.tensor, 1));
  }
  return named;
}

function latentNames(count: number): readonly string[] {
  const query = count === 5 ? ["queries down", "queries up"] : ["queries"];
  return [...query, "keys and values down", "keys and values up", "attention output"];
}

/** Forward, and backward towards the input and the weights: three products of the same FLOPs. */
function productOf(
  name: string,
  [m, n, k, count]: Product,
  rates: Rates,
  rate: number,
  elementBytes: number,
  peak: number,
): Operation {
  const one = (a: number, b: number, c: number) => productSeconds(rates, rate, a, b, c, count, elementBytes);
  const seconds = one(m, n, k) + one(m, k, n) + one(n, k, m);
  const flops = 6 * m * n * k * count;
  return { name, shape: { m, n, k, count }, flops, seconds, efficiency: flops / (seconds * peak) };
}

/** Useful FLOPs only: the causal half of the scores, nothing done twice. */
function attentionOf(model: ModelShape, setting: LayerSetting, peak: number): Operation {
  const { forward, backward } = layerCost(model, setting, model.experts ? "experts" : "dense");
  const { attention } = model;
  const dims =
    attention.kind === "latent"
      ? attention.plainDim + attention.rotaryDim + attention.valueDim
      : 2 * attention.headDim;
  const heads = attention.numHeads / setting.layout.tensor;
  const scores = tokensPerMicroBatch(setting) * setting.sequence * causalShare(setting.sequence) * heads;
  const flops = 3 * 2 * scores * dims;
  const seconds = forward.attention + backward.attention;
  return {
    name: "scores and weighted sums",
    shape: null,
    flops,
    seconds,
    efficiency: flops / (seconds * peak),
  };
}
