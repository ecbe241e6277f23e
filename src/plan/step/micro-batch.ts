/** @file Seconds of an average layer, head and embedding in a micro batch: what many layouts share. */

import { type LayerKind, type LayerSetting, layerCost, vocabularyCost } from "../cost/layer.ts";
import { exchangeCost } from "../cost/layer-exchange.ts";
import type { Rates } from "../cost/matrix-product.ts";
import { exposed } from "../cost/replica-exchange.ts";
import type { Cluster } from "../hardware/cluster.ts";
import type { Layout, Setup } from "../layout/layout.ts";
import { type ModelShape, numExpertLayers } from "../shape/model-shape.ts";

/** Kernels of a layer's forward pass; a backward has twice as many (assumption: Megatron-LM's, rounded). */
const KERNELS_PER_PASS = 30;

/** Seconds of one average layer for one micro batch, forward and backward, by part. */
type AverageLayer = {
  readonly products: number;
  readonly attention: number;
  readonly memory: number;
  readonly recompute: number;
  readonly tensor: number;
  readonly context: number;
  readonly expert: number;
  readonly host: number;
  readonly forward: number;
  readonly backward: number;
  readonly total: number;
};

/** What a stage's time is made of: average layers, the head on the last, the embedding on the first. */
export type MicroBatchWork = {
  readonly layer: AverageLayer;
  readonly head: number;
  readonly embedding: number;
};

/** The work of one micro batch of a layout. */
export function microBatchWork({ model, cluster, job }: Setup, layout: Layout, rates: Rates): MicroBatchWork {
  const setting: LayerSetting = { rates, layout, sequence: job.sequence, software: job.software };
  const share = numExpertLayers(model) / model.numLayers;
  const dense = share < 1 ? averageLayer(model, cluster, setting, "dense") : null;
  const sparse = share > 0 ? averageLayer(model, cluster, setting, "experts") : null;
  const vocabulary = vocabularyCost(model, setting);
  if (!dense || !sparse) return { layer: (dense ?? sparse)!, ...vocabulary };
  const mixed = Object.fromEntries(
    (Object.keys(dense) as (keyof AverageLayer)[]).map((part) => [
      part,
      (1 - share) * dense[part] + share * sparse[part],
    ]),
  ) as unknown as AverageLayer;
  return { layer: mixed, ...vocabulary };
}

function averageLayer(
  model: ModelShape,
  cluster: Cluster,
  setting: LayerSetting,
  kind: LayerKind,
): AverageLayer {
  const { layout } = setting;
  const cost = layerCost(model, setting, kind);
  const attention = cost.forward.attention + cost.backward.attention;
  const exchange = exchangeCost(model, setting, cluster, kind, attention);
  const forwardWork = cost.forward.products + cost.forward.attention + cost.forward.memory;
  const backwardWork = cost.backward.products + cost.backward.attention + cost.backward.memory;
  const again =
    layout.recompute === "full" ? cost.fullAgain : layout.recompute === "selective" ? cost.selectiveAgain : 0;
  const repeats = layout.recompute === "full" ? 2 : 1;
  const tensor = exchange.tensorForward * repeats + exchange.tensorBackward;
  const passes = layout.recompute === "full" ? 1.5 : 1;
  // DualPipe runs the exchange of one micro batch beside the work of another (arXiv 2412.19437, section
  // 3.2.1).
  const expert =
    layout.schedule === "dualpipe"
      ? exposed(passes * exchange.expertUnhidden, forwardWork + backwardWork + again, setting.rates.constants)
      : passes * exchange.expert;
  const expertForward = expert / (2 * passes);
  const forward = forwardWork + exchange.tensorForward + expertForward + exchange.context / 3;
  const backward =
    backwardWork +
    again +
    tensor -
    exchange.tensorForward +
    expert -
    expertForward +
    (2 / 3) * exchange.context;
  const host = cost.forward.host * repeats + cost.backward.host;
  // Where the host launches more slowly than the device works, the device waits; where launches block, it
  // waits at every kernel.
  const blocked =
    setting.software.launches === "blocking"
      ? KERNELS_PER_PASS * (2 + repeats) * setting.rates.constants.blockedSeconds
      : 0;
  const waiting = Math.max(blocked, host - forward - backward);
  return {
    products: cost.forward.products + cost.backward.products,
    attention,
    memory: cost.forward.memory + cost.backward.memory,
    recompute: again,
    tensor,
    context: exchange.context,
    expert,
    host: waiting,
    forward: forward + waiting / 3,
    backward: backward + (2 / 3) * waiting,
    total: forward + backward + waiting,
  };
}
