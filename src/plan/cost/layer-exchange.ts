/** @file A layer's exchanges in one micro batch: tensor, context, expert, before and after overlap. */

import type { Cluster } from "../hardware/cluster.ts";
import { expertTensor } from "../layout/layout.ts";
import { headDims, type ModelShape, numKeyHeads } from "../shape/model-shape.ts";
import { allReduceSeconds, allToAllSeconds, gatherSeconds, linksOf } from "./collectives.ts";
import { type LayerKind, type LayerSetting, routedRows, tokensPerMicroBatch } from "./layer.ts";

/** Exposed seconds of one pass. */
export type ExchangeCost = {
  readonly tensorForward: number;
  readonly tensorBackward: number;
  readonly context: number;
  readonly expert: number;
  /** The same exchange, nothing of it hidden. */
  readonly expertUnhidden: number;
};

/** Key and value numbers of one token that context ranks hand round. */
function keyValueWidth({ attention }: ModelShape): number {
  const { queryDim, valueDim } = headDims(attention);
  return numKeyHeads(attention) * (queryDim + valueDim);
}

/** One of the two exchanges of a half is done once more: the gather (arXiv 2205.05198, section 4.2.2). */
const GATHERED_AGAIN = 0.5;

/**
 * Forward, each of the two halves of a layer gathers its input and scatters the sum of its output over the
 * tensor ranks (with sequence parallelism), or sums its output (without): the same bytes. Backward is the
 * mirror image, and the inputs are gathered again for the gradients of the weights (arXiv 2205.05198, section
 * 4.2.2).
 */
export function exchangeCost(
  shape: ModelShape,
  setting: LayerSetting,
  cluster: Cluster,
  kind: LayerKind,
  attentionSeconds: number,
): ExchangeCost {
  const { constants } = setting.rates;
  const { software, layout } = setting;
  const bytes = 2 * tokensPerMicroBatch(setting) * shape.hidden;
  const tensorLinks = linksOf(cluster, { size: layout.tensor, stride: 1 }, constants);
  const halves = kind === "dense" || (shape.experts?.sharedWidth ?? 0) > 0 ? 2 : 1;
  const once = layout.sequenceParallel
    ? 2 * gatherSeconds(tensorLinks, bytes)
    : allReduceSeconds(tensorLinks, bytes);
  const again = layout.sequenceParallel ? GATHERED_AGAIN * once : 0;
  const shownIf = (hidden: boolean) => (hidden ? 1 - constants.tensorHidden : 1);
  const contextLinks = linksOf(cluster, { size: layout.context, stride: layout.tensor }, constants);
  const ring =
    3 *
    gatherSeconds(
      contextLinks,
      (2 * layout.context * tokensPerMicroBatch(setting) * keyValueWidth(shape)) / layout.tensor,
    );
  const cut = shape.experts ? expertTensor(shape.experts.width, layout.tensor) : 1;
  const routedBytes = 2 * routedRows(shape, setting) * shape.hidden;
  const expertLinks = linksOf(cluster, { size: layout.expert, stride: cut }, constants);
  const dispatch = allToAllSeconds(expertLinks, routedBytes / cut, shape.experts?.topK ?? 1);
  // Where an expert is cut, its tensor ranks gather the rows and scatter the sums.
  const spread = cut > 1 ? gatherSeconds(tensorLinks, routedBytes) : 0;
  const expertShown = software.overlapData ? 1 - constants.expertHidden : 1;
  // There and back, forward and backward.
  const expertUnhidden = kind === "experts" ? 4 * (dispatch + spread) : 0;
  return {
    tensorForward: halves * once * shownIf(software.overlapTensor === "both"),
    tensorBackward: halves * (once + again) * shownIf(software.overlapTensor !== "none"),
    context: Math.max(ring - attentionSeconds, constants.overlapLoss * ring),
    expert: expertUnhidden * expertShown,
    expertUnhidden,
  };
}
