/** @file Predicts one training step of a layout: time by part, speed, utilisation, memory. */

import { CONSTANTS, type Constants } from "../constants.ts";
import { linksOf, sendSeconds } from "../cost/collectives.ts";
import { dataExchangeSeconds, exposed } from "../cost/data-exchange.ts";
import { type ExchangeCost, exchangeCost } from "../cost/exchange.ts";
import {
  type LayerCost,
  type LayerSetting,
  layerCost,
  tokensPerMicroBatch,
  vocabularyCost,
} from "../cost/layer.ts";
import { type Rates, ratesOf } from "../cost/matrix-product.ts";
import { type Precision, peakOf } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { type Job, type Layout, microBatches } from "../layout/layout.ts";
import {
  type MemoryModel,
  memoryModel,
  memoryOf,
  type StageParameters,
  stageParameters,
} from "../layout/memory.ts";
import { bubbleSeconds, type StageSeconds, slowest } from "../layout/pipeline.ts";
import { type StageLayers, stageLayers } from "../layout/stages.ts";
import { causalShare, modelFlopsPerToken, tokenFlops } from "../shape/flops.ts";
import { type ModelShape, numExpertLayers } from "../shape/model-shape.ts";
import { intervalOf, isValidated } from "./interval.ts";
import type { StepParts, StepPrediction } from "./prediction.ts";

/** Kernels of a forward pass over one layer; a backward pass has twice as many (assumption: counted on Megatron-LM's layer, rounded). */
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

type StageWork = {
  readonly layer: AverageLayer;
  readonly head: number;
  readonly embedding: number;
};

/** Predicts the steps of layouts of one model on one cluster for one job; remembers what layouts have in common. */
export type StepModel = (layout: Layout) => StepPrediction;

/** Above any degree of parallelism or micro batch, and with its fourth power below 2^53. */
const RADIX = 8192;

/** Prepares predictions for many layouts. */
export function stepModel(
  model: ModelShape,
  cluster: Cluster,
  job: Job,
  constants: Constants = CONSTANTS,
): StepModel {
  const rates = new Map<Precision, Rates>();
  // Two levels, the inner one keyed by a number: a string key takes as long as the prediction.
  const works = new Map<string, Map<number, StageWork>>();
  const memory = memoryModel(model);
  const flopsPerToken = modelFlopsPerToken(model, job.sequence);
  return (layout) => {
    const { tensor, context, expert, microBatch, sequenceParallel, recompute, precision } = layout;
    let rate = rates.get(precision);
    if (!rate) {
      rate = ratesOf(cluster.accelerator, precision, constants);
      rates.set(precision, rate);
    }
    const kind = `${sequenceParallel},${recompute},${precision},${layout.schedule === "dualpipe"}`;
    const same = works.get(kind) ?? new Map<number, StageWork>();
    if (same.size === 0) works.set(kind, same);
    const key = ((tensor * RADIX + context) * RADIX + expert) * RADIX + microBatch;
    let work = same.get(key);
    if (!work) {
      work = stageWork(model, cluster, job, layout, rate);
      same.set(key, work);
    }
    return assemble({ model, cluster, job, layout, rates: rate, work, memory, flopsPerToken });
  };
}

/** Predicts one layout. Many layouts of one model: prepare with `stepModel`. */
export function predictStep(
  model: ModelShape,
  cluster: Cluster,
  layout: Layout,
  job: Job,
  constants: Constants = CONSTANTS,
): StepPrediction {
  return stepModel(model, cluster, job, constants)(layout);
}

function stageWork(model: ModelShape, cluster: Cluster, job: Job, layout: Layout, rates: Rates): StageWork {
  const setting: LayerSetting = { rates, layout, sequence: job.sequence, software: job.software };
  const share = numExpertLayers(model) / model.numLayers;
  const dense = share < 1 ? averageLayer(model, cluster, layout, setting, "dense") : null;
  const sparse = share > 0 ? averageLayer(model, cluster, layout, setting, "experts") : null;
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
  layout: Layout,
  setting: LayerSetting,
  kind: "dense" | "experts",
): AverageLayer {
  const cost: LayerCost = layerCost(model, setting, kind);
  const attention = cost.forward.attention + cost.backward.attention;
  const exchange: ExchangeCost = exchangeCost(model, setting, layout, cluster, kind, attention);
  const forwardWork = cost.forward.products + cost.forward.attention + cost.forward.memory;
  const backwardWork = cost.backward.products + cost.backward.attention + cost.backward.memory;
  const again =
    layout.recompute === "full" ? cost.fullAgain : layout.recompute === "selective" ? cost.selectiveAgain : 0;
  const repeats = layout.recompute === "full" ? 2 : 1;
  const tensor = exchange.tensorForward * repeats + exchange.tensorBackward;
  const passes = layout.recompute === "full" ? 1.5 : 1;
  // DualPipe runs the exchange of one micro batch beside the work of another (arXiv 2412.19437, section 3.2.1).
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
  // Where the host launches more slowly than the device works, the device waits; where launches block, it waits at every kernel.
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

/** One layout's question, and what is already worked out for it. */
type Question = {
  readonly model: ModelShape;
  readonly cluster: Cluster;
  readonly job: Job;
  readonly layout: Layout;
  readonly rates: Rates;
  readonly work: StageWork;
  readonly memory: MemoryModel;
  readonly flopsPerToken: number;
};

function assemble(question: Question): StepPrediction {
  const { model, cluster, job, layout, rates, memory, flopsPerToken } = question;
  const parts = partsOf(question);
  const stepSeconds = totalSeconds(parts);
  const tokens = job.batchSequences * job.sequence;
  const modelFlops = tokens * flopsPerToken;
  const machine = stepSeconds * cluster.numDevices * peakOf(cluster.accelerator, layout.precision);
  const { low, high } = intervalOf(stepSeconds, model, cluster.accelerator);
  return {
    stepSeconds,
    stepSecondsLow: low,
    stepSecondsHigh: high,
    validated: isValidated(cluster.accelerator),
    parts,
    tokensPerSecondPerDevice: tokens / stepSeconds / cluster.numDevices,
    modelFlops,
    mfu: modelFlops / machine,
    hfu: (modelFlops + tokens * recomputedFlops(model, job.sequence, layout)) / machine,
    memory: memoryOf(memory, cluster, layout, job, rates.constants),
  };
}

/** The parts of the step on the slowest pipeline stage. */
function partsOf(question: Question): StepParts {
  const { model, cluster, job, layout, rates, work, memory } = question;
  const { layer } = work;
  const m = microBatches(layout, job);
  const layers = stageLayers(model.numLayers, layout);
  const stages = stageSeconds(question, layers);
  const slow = slowestStage(question, layers, stages);
  const bubble = bubbleSeconds(layout, stages, m);
  const pipelineExposed = pipelineSeconds(cluster, layout, job, m, rates, model.hidden);
  // The embedding's stage has most parameters to exchange and to update.
  const ends = { first: true, last: layout.pipeline === 1 };
  const parameters = stageParameters(memory, layout, layers.first, ends);
  const dataExposed = dataSeconds(question, parameters, m, layers.first);
  const optimiser = optimiserSeconds(layout, parameters, rates);
  const steady = m * slow.seconds + bubble + pipelineExposed + dataExposed + optimiser;
  const n = m * slow.numLayers;
  return {
    matrixProducts: n * layer.products,
    attention: n * layer.attention,
    memoryBound: n * layer.memory,
    vocabulary: m * slow.vocabulary,
    recompute: n * layer.recompute,
    bubble,
    tensorExposed: n * layer.tensor,
    contextExposed: n * layer.context,
    expertExposed: n * layer.expert,
    pipelineExposed,
    dataExposed,
    optimiser,
    host: n * layer.host + fixedSeconds(cluster, rates, steady),
  };
}

/** Seconds of one micro batch on each kind of stage. */
function stageSeconds({ model, layout, work }: Question, layers: StageLayers): StageSeconds {
  const alone = layout.pipeline === 1;
  const { total } = work.layer;
  return {
    first: layers.first * total + work.embedding + (alone ? work.head : 0),
    inner: layers.inner * total,
    last: (layers.last + (alone ? 0 : model.extraPredictions)) * total + work.head,
  };
}

/** The stage that the others wait for: its seconds for one micro batch, its layers, and its share of embedding and head. */
function slowestStage(
  { model, layout, work }: Question,
  layers: StageLayers,
  stages: StageSeconds,
): { readonly seconds: number; readonly numLayers: number; readonly vocabulary: number } {
  const alone = layout.pipeline === 1;
  const seconds = slowest(stages, layout.pipeline);
  const atEnd = !alone && seconds === stages.last;
  const atStart = alone || (seconds === stages.first && !atEnd);
  return {
    seconds,
    numLayers: atEnd ? layers.last + model.extraPredictions : atStart ? layers.first : layers.inner,
    vocabulary: (atStart ? work.embedding : 0) + (alone || atEnd ? work.head : 0),
  };
}

/** Exposed exchanges between replicas, on the first stage. */
function dataSeconds(
  { cluster, job, layout, rates, work }: Question,
  parameters: StageParameters,
  numMicroBatches: number,
  numLayers: number,
): number {
  // Interleaved chunks finish one after another while the last `pipeline` micro batches drain: each chunk's exchange hides behind the others.
  // What leaves after every micro batch has that one alone to hide behind.
  const perMicroBatch = layout.sharding === "full" || layout.sharding === "gradients";
  const staggered =
    layout.virtualStages > 1 && !perMicroBatch ? Math.min(numMicroBatches, layout.pipeline) : 1;
  const windows = {
    forward: numLayers * work.layer.forward * staggered,
    backward: numLayers * work.layer.backward * staggered,
    numMicroBatches,
    numLayers,
  };
  return dataExchangeSeconds(layout, cluster, parameters, job.software, windows, rates.constants);
}

/** Adam reads and writes the master weight and two moments (24 bytes), reads the gradient and writes the weight (6). */
const ADAM_BYTES = 30;

function optimiserSeconds(layout: Layout, parameters: StageParameters, rates: Rates): number {
  const replicas = layout.data * layout.context;
  const group = layout.sharding === "none" ? 1 : Math.min(replicas, layout.shardGroup);
  const expertGroup =
    layout.sharding === "none" ? 1 : Math.min(group, Math.max(1, (replicas * layout.tensor) / layout.expert));
  return (ADAM_BYTES * (parameters.shared / group + parameters.experts / expertGroup)) / rates.memory;
}

/** What every step pays, and what many nodes lose by waiting for the slowest. */
function fixedSeconds(cluster: Cluster, { constants }: Rates, steady: number): number {
  const nodes = Math.max(1, cluster.numDevices / cluster.accelerator.devicesPerNode);
  return constants.stepSeconds + steady * constants.straggler * Math.log2(nodes);
}

/** Spelt out: the search takes this sum a million times. */
function totalSeconds(parts: StepParts): number {
  return (
    parts.matrixProducts +
    parts.attention +
    parts.memoryBound +
    parts.vocabulary +
    parts.recompute +
    parts.bubble +
    parts.tensorExposed +
    parts.contextExposed +
    parts.expertExposed +
    parts.pipelineExposed +
    parts.dataExposed +
    parts.optimiser +
    parts.host
  );
}

/** Forward FLOPs of a token that are done twice. */
function recomputedFlops(model: ModelShape, sequence: number, { recompute }: Layout): number {
  if (recompute === "none") return 0;
  const flops = tokenFlops(model, sequence);
  const scores = flops.scoresFull * causalShare(sequence);
  return recompute === "selective" ? scores : scores + flops.attentionProjections + flops.feedForward;
}

/** Handing activations and their gradients from stage to stage; tensor ranks each send their share. */
function pipelineSeconds(
  cluster: Cluster,
  layout: Layout,
  job: Job,
  numMicroBatches: number,
  rates: Rates,
  hidden: number,
): number {
  const { pipeline, tensor, virtualStages } = layout;
  if (pipeline === 1) return 0;
  const { constants } = rates;
  const tokens = tokensPerMicroBatch({ rates, layout, sequence: job.sequence, software: job.software });
  const stride = layout.data * layout.context * tensor;
  const send = sendSeconds(
    linksOf(cluster, { size: pipeline, stride }, constants),
    (2 * tokens * hidden) / tensor,
  );
  const shown = job.software.overlapData && virtualStages > 1 ? constants.overlapLoss : 1;
  return 2 * send * virtualStages * (numMicroBatches * shown + pipeline - 1);
}
