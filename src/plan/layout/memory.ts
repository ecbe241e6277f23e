/** @file Memory of one device by component, on the pipeline stage that is fullest. */

import type { Constants } from "../constants.ts";
import { widthOn } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { ADAM, GRADIENT_BYTES, WEIGHT_BYTES } from "../optimiser.ts";
import { headDims, type ModelShape, numExpertLayers, numKeyHeads } from "../shape/model-shape.ts";
import { countParameters, type ParameterCount } from "../shape/parameters.ts";
import type { MemoryBreakdown } from "../step/prediction.ts";
import { expertShardCount, expertTensor, type Job, type Layout, microBatches, shardCount } from "./layout.ts";
import { inFlight, stageLayers } from "./stages.ts";

/** Where gradients are kept in 16 bits, the update works on a 32-bit copy of its share. */
const COPIED_GRADIENT_BYTES = 4;

/** Under pressure the allocator returns whole free blocks: so much of what it holds unused (assumption). */
const GIVEN_BACK = 0.5;

/** Parameters of one device's share of a stage: those every data-parallel rank has, and its experts. */
export type StageParameters = {
  readonly shared: number;
  readonly experts: number;
};

/** What does not depend on the layout, counted once. */
export type MemoryModel = {
  readonly shape: ModelShape;
  readonly parameters: ParameterCount;
  /** Part of the layers that have experts. */
  readonly expertShare: number;
};

export function memoryModel(shape: ModelShape): MemoryModel {
  return {
    shape,
    parameters: countParameters(shape),
    expertShare: numExpertLayers(shape) / shape.numLayers,
  };
}

/** Parameters on one device of a stage with so many layers, with the embedding (first) or the head (last). */
export function stageParameters(
  { parameters, expertShare, shape }: MemoryModel,
  layout: Layout,
  layers: number,
  ends: { readonly first: boolean; readonly last: boolean },
): StageParameters {
  const { tensor, expert } = layout;
  const perLayer =
    (parameters.attentionPerLayer +
      (1 - expertShare) * parameters.densePerLayer +
      expertShare * parameters.sharedPerLayer) /
      tensor +
    parameters.normsPerLayer;
  const embedding = ends.first ? parameters.embedding / tensor : 0;
  // A tied head has the table of the embedding again where the last stage is another device.
  const tied = shape.tiedEmbeddings && !ends.first ? shape.vocabularySize * shape.hidden : parameters.head;
  const head = ends.last ? tied / tensor : 0;
  const extra = ends.last ? shape.extraPredictions : 0;
  const cut = shape.experts ? expertTensor(shape.experts.width, tensor) : 1;
  return {
    shared: (layers + extra) * perLayer + embedding + head,
    experts: ((layers + extra) * expertShare * parameters.routedPerLayer) / (expert * cut),
  };
}

/** Bytes per token that a layer keeps for the backward pass: shared out by tensor ranks, and not. */
export function activationBytes(
  shape: ModelShape,
  layout: Layout,
  job: Job,
  expertShare: number,
  quantised: boolean,
): { readonly whole: number; readonly split: number; readonly scores: number } {
  const { hidden, attention, experts, gated } = shape;
  const heads = attention.numHeads;
  const { queryDim, valueDim } = headDims(attention);
  const keyHeads = numKeyHeads(attention);
  const stored = quantised ? 1 : 2;
  const unfused = job.software.attention === "unfused";
  // With flash attention, selective recomputation keeps the results of products and forgets norms, attention
  // and activations.
  const lean = layout.recompute === "selective" && !unfused;
  // Inputs of both norms and of both halves; dropout masks of one byte in the older software (arXiv
  // 2205.05198, section 4.1).
  const whole = 4 * hidden + (lean ? 0 : 2 * stored * hidden) + (unfused ? 2 * hidden : 0);
  const kept =
    2 * heads * queryDim + 2 * keyHeads * (queryDim + valueDim) + (lean ? 0 : stored * heads * valueDim);
  const forward = (width: number) => (gated ? 4 * width : 2 * width) + (lean ? 0 : stored * width);
  const dense = forward(shape.feedForwardWidth);
  // The rows that go to experts, kept for the weights' gradients as any product's input is; and what comes
  // back, for the router's gradient, unless the router's weights are applied before the last product, as lean
  // software does (Megatron-Core's fused permutation).
  const sparse = experts
    ? experts.topK * ((stored + (lean ? 0 : 2)) * hidden + forward(experts.width)) +
      forward(experts.sharedWidth)
    : 0;
  const scores = unfused && layout.recompute !== "selective" ? 5 * heads * job.sequence : 4 * heads;
  return { whole, split: kept + (1 - expertShare) * dense + expertShare * sparse, scores };
}

/** Memory of the fullest stage. */
export function memoryOf(
  model: MemoryModel,
  cluster: Cluster,
  layout: Layout,
  job: Job,
  constants: Constants,
): MemoryBreakdown {
  const ofStage = stageMemory(model, cluster, layout, job, constants);
  const last = layout.pipeline - 1;
  let fullest = ofStage(0);
  // Of the inner stages the first keeps most micro batches.
  for (const stage of last > 1 ? [1, last] : last === 1 ? [1] : []) {
    const other = ofStage(stage);
    if (other.totalBytes > fullest.totalBytes) fullest = other;
  }
  return fullest;
}

/** Prepares the memory of single stages, numbered from 0. */
export function stageMemory(
  model: MemoryModel,
  cluster: Cluster,
  layout: Layout,
  job: Job,
  constants: Constants,
): (stage: number) => MemoryBreakdown {
  const { shape, expertShare } = model;
  const { data, context, tensor, pipeline, expert } = layout;
  const capacityBytes = cluster.accelerator.memoryBytes;
  const layers = stageLayers(shape.numLayers, layout);
  const width = widthOn(cluster.accelerator, layout.precision);
  const quantised = width === "fp8" || width === "fp4";
  const full = layout.sharding === "full";
  const [shards, expertShards] = [shardCount(layout), expertShardCount(layout)];
  // DualPipe feeds from both ends and keeps two stages' weights on each device (arXiv 2412.19437, table 2).
  const copies = layout.schedule === "dualpipe" ? 2 : 1;
  const { gradientBytes } = job.software;
  const tokens = (layout.microBatch * job.sequence) / context;
  const wholeCut = layout.sequenceParallel ? tensor : 1;
  const each = activationBytes(shape, layout, job, expertShare, quantised);
  const perLayer = tokens * (each.whole / wholeCut + (each.split + each.scores) / tensor);
  const input = (2 * tokens * shape.hidden) / wholeCut;
  const working = 4 * tokens * shape.hidden;
  const numMicroBatches = microBatches(layout, job);
  const axes = Number(data * context > 1) + Number(tensor > 1) + Number(pipeline > 1) + Number(expert > 1);
  const fixed = constants.contextBytes + axes * constants.axisBytes;
  return (stage) => {
    const ends = { first: stage === 0, last: stage === pipeline - 1 };
    const numLayers = ends.first ? layers.first : ends.last ? layers.last : layers.inner;
    const { shared, experts } = stageParameters(model, layout, numLayers, ends);
    const held = (bytes: number, isCut: boolean) =>
      bytes * (isCut ? shared / shards + experts / expertShards : shared + experts);
    // 8-bit copies live beside the bf16 weights unless weights are gathered layer by layer.
    const weights = copies * held(WEIGHT_BYTES + (quantised && !full ? 1 : 0), full);
    const gradients = copies * held(gradientBytes, full || layout.sharding === "gradients");
    const copied = gradientBytes < GRADIENT_BYTES.most ? COPIED_GRADIENT_BYTES : 0;
    const optimiser = held(ADAM.keptBytes + copied, layout.sharding !== "none");
    const waiting = inFlight(layout, stage, numMicroBatches) * numLayers;
    const activations = layout.recompute === "full" ? waiting * input + perLayer : waiting * perLayer;
    const logits = ends.last ? (6 * tokens * shape.vocabularySize) / tensor : 0;
    const gathered = full ? (2 * 2 * (shared + experts)) / Math.max(1, numLayers) : 0;
    const used = weights + gradients + optimiser + activations + logits + gathered + working;
    const cached = (constants.allocator - 1) * used;
    const totalBytes = used + cached + fixed;
    return {
      stage,
      weights,
      gradients,
      optimiser,
      activations,
      workspace: logits + gathered + working,
      overhead: cached + fixed,
      cached,
      totalBytes,
      capacityBytes,
      fits: totalBytes - GIVEN_BACK * cached <= capacityBytes,
    };
  };
}
