/** @file A step's operations one by one: shape on one device, and how much of the peak each reaches. */

import { CONSTANTS, type Constants } from "../constants.ts";
import {
  headProduct,
  type LayerSetting,
  layerCost,
  layerProducts,
  tokensPerMicroBatch,
} from "../cost/layer.ts";
import { type Product, productPasses, ratesOf } from "../cost/matrix-product.ts";
import { peakFlopsOf } from "../hardware/accelerator.ts";
import type { Layout, Setup } from "../layout/layout.ts";
import { causalShare } from "../shape/flops.ts";
import { headDims, type ModelShape } from "../shape/model-shape.ts";

/** One operation of one layer for one micro batch on one device, forward and backward together. */
export type StepOperation = {
  readonly name: string;
  /** `count` x [m, k] x [k, n]; null where it is no plain product. */
  readonly shape: Omit<Product, "name"> | null;
  readonly flops: number;
  readonly seconds: number;
  /** FLOP/s over the peak rate of the layout's precision. */
  readonly efficiency: number;
};

/**
 * The operations of each kind of layer that the model has, and the head's, largest part of the time first.
 */
export function operationsOf(
  { model, cluster, job }: Setup,
  layout: Layout,
  constants: Constants = CONSTANTS,
): readonly StepOperation[] {
  const rates = ratesOf(cluster.accelerator, layout.precision, constants);
  const setting: LayerSetting = { rates, layout, sequence: job.sequence, software: job.software };
  const peak = peakFlopsOf(cluster.accelerator, layout.precision);
  const operation = (
    name: string,
    shape: StepOperation["shape"],
    flops: number,
    seconds: number,
  ): StepOperation => ({
    name,
    shape,
    flops,
    seconds,
    efficiency: flops / (seconds * peak),
  });
  // Forward, and backward towards the input and the weights: three products of the same FLOPs.
  const product = ({ name, ...shape }: Product, passes: readonly number[]) => {
    const seconds = passes.reduce((sum, each) => sum + each, 0);
    return operation(name, shape, 6 * shape.m * shape.n * shape.k * shape.count, seconds);
  };
  const dense = model.feedForwardWidth > 0 ? layerProducts(model, setting, "dense") : [];
  const sparse = model.experts ? layerProducts(model, setting, "experts") : [];
  const products = [...new Map([...dense, ...sparse].map((each) => [each.name, each])).values()];
  const head = headProduct(model, setting);
  const attention = layerCost(model, setting, model.experts ? "experts" : "dense");
  return [
    ...products.map((each) => product(each, productPasses(rates, each))),
    operation(
      "scores and weighted sums",
      null,
      scoreFlops(model, setting),
      attention.forward.attention + attention.backward.attention,
    ),
    product(head, productPasses(rates, head, rates.bf16, 2)),
  ].sort((a, b) => b.seconds - a.seconds);
}

/** Useful FLOPs only: the causal half of the scores, nothing done twice. */
function scoreFlops({ attention }: ModelShape, setting: LayerSetting): number {
  const { queryDim, valueDim } = headDims(attention);
  const { sequence, layout } = setting;
  const heads = attention.numHeads / layout.tensor;
  return 6 * tokensPerMicroBatch(setting) * sequence * causalShare(sequence) * heads * (queryDim + valueDim);
}
