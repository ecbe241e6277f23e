/** @file Predicts one training step of a layout: time by part, speed, utilisation, memory. */

import { CONSTANTS, type Constants } from "../constants.ts";
import { linksOf, sendSeconds } from "../cost/collectives.ts";
import { tokensPerMicroBatch } from "../cost/layer.ts";
import { type Rates, ratesOf } from "../cost/matrix-product.ts";
import { replicaExchangeSeconds } from "../cost/replica-exchange.ts";
import { type Precision, peakFlopsOf } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { expertShardCount, type Layout, microBatches, type Setup, shardCount } from "../layout/layout.ts";
import {
  type MemoryModel,
  memoryModel,
  memoryOf,
  type StageParameters,
  stageParameters,
} from "../layout/memory.ts";
import { bubbleSeconds, type StageSeconds, slowest } from "../layout/pipeline.ts";
import { type StageLayers, stageLayers } from "../layout/stages.ts";
import { ADAM } from "../optimiser.ts";
import { causalShare, modelFlopsPerToken, tokenFlops } from "../shape/flops.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import { isValidated, stepIntervalOf } from "./interval.ts";
import { type MicroBatchWork, microBatchWork } from "./micro-batch.ts";
import type { StepParts, StepPrediction } from "./prediction.ts";

/** Predicts layouts of one model on one cluster for one job; remembers what they have in common. */
export type StepModel = (layout: Layout) => StepPrediction;

/** Above any degree of parallelism or micro batch, and with its fourth power below 2^53. */
const RADIX = 8192;

/** Prepares predictions for many layouts. */
export function stepModel(setup: Setup, constants: Constants = CONSTANTS): StepModel {
  const { model, cluster, job } = setup;
  const rates = new Map<Precision, Rates>();
  // Two levels, the inner one keyed by a number: a string key takes as long as the prediction.
  const works = new Map<string, Map<number, MicroBatchWork>>();
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
    const same = works.get(kind) ?? new Map<number, MicroBatchWork>();
    if (same.size === 0) works.set(kind, same);
    const key = ((tensor * RADIX + context) * RADIX + expert) * RADIX + microBatch;
    let work = same.get(key);
    if (!work) {
      work = microBatchWork(setup, layout, rate);
      same.set(key, work);
    }
    return assemble({ model, cluster, job, layout, rates: rate, work, memory, flopsPerToken });
  };
}

/** Predicts one layout. Many layouts of one model: prepare with `stepModel`. */
export function predictStep(setup: Setup, layout: Layout, constants: Constants = CONSTANTS): StepPrediction {
  return stepModel(setup, constants)(layout);
}

/** One layout with everything that its prediction is put together from. */
type Prepared = Setup & {
  readonly layout: Layout;
  readonly rates: Rates;
  readonly work: MicroBatchWork;
  readonly memory: MemoryModel;
  readonly flopsPerToken: number;
};

function assemble(prepared: Prepared): StepPrediction {
  const { model, cluster, job, layout, rates, memory, flopsPerToken } = prepared;
  const parts = partsOf(prepared);
  const stepSeconds = totalSeconds(parts);
  const tokens = job.batchSequences * job.sequence;
  const modelFlops = tokens * flopsPerToken;
  const machine = stepSeconds * cluster.numDevices * peakFlopsOf(cluster.accelerator, layout.precision);
  return {
    stepSeconds,
    stepInterval: stepIntervalOf(stepSeconds, model, cluster.accelerator),
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
function partsOf(prepared: Prepared): StepParts {
  const { model, cluster, job, layout, rates, work, memory } = prepared;
  const { layer } = work;
  const m = microBatches(layout, job);
  const layers = stageLayers(model.numLayers, layout);
  const stages = stageSeconds(prepared, layers);
  const slow = slowestStage(prepared, layers, stages);
  const bubble = bubbleSeconds(layout, stages, m);
  const pipelineExposed = pipelineSeconds(prepared, m);
  // The embedding's stage has most parameters to exchange and to update.
  const ends = { first: true, last: layout.pipeline === 1 };
  const parameters = stageParameters(memory, layout, layers.first, ends);
  const dataExposed = dataSeconds(prepared, parameters, m, layers.first);
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
function stageSeconds({ model, layout, work }: Prepared, layers: StageLayers): StageSeconds {
  const alone = layout.pipeline === 1;
  const { total } = work.layer;
  return {
    first: layers.first * total + work.embedding + (alone ? work.head : 0),
    inner: layers.inner * total,
    last: (layers.last + (alone ? 0 : model.extraPredictions)) * total + work.head,
  };
}

/** The stage that others wait for: its seconds for a micro batch, layers, share of embedding and head. */
function slowestStage(
  { model, layout, work }: Prepared,
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
  { cluster, job, layout, rates, work }: Prepared,
  parameters: StageParameters,
  numMicroBatches: number,
  numLayers: number,
): number {
  // Interleaved chunks finish one after another while the last `pipeline` micro batches drain: each chunk's
  // exchange hides behind the others. What leaves after every micro batch has that one alone to hide behind.
  const perMicroBatch = layout.sharding === "full" || layout.sharding === "gradients";
  const staggered =
    layout.virtualStages > 1 && !perMicroBatch ? Math.min(numMicroBatches, layout.pipeline) : 1;
  const windows = {
    forward: numLayers * work.layer.forward * staggered,
    backward: numLayers * work.layer.backward * staggered,
    numMicroBatches,
    numLayers,
  };
  const { software } = job;
  const { constants } = rates;
  return replicaExchangeSeconds({ layout, cluster, parameters, software, windows, constants });
}

function optimiserSeconds(layout: Layout, parameters: StageParameters, rates: Rates): number {
  const updated = parameters.shared / shardCount(layout) + parameters.experts / expertShardCount(layout);
  return (ADAM.movedBytes * updated) / rates.memory;
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
function pipelineSeconds({ model, cluster, job, layout, rates }: Prepared, numMicroBatches: number): number {
  const { pipeline, tensor, virtualStages } = layout;
  if (pipeline === 1) return 0;
  const { constants } = rates;
  const tokens = tokensPerMicroBatch({ layout, sequence: job.sequence });
  const stride = layout.data * layout.context * tensor;
  const send = sendSeconds(
    linksOf(cluster, { size: pipeline, stride }, constants),
    (2 * tokens * model.hidden) / tensor,
  );
  const shown = job.software.overlapData && virtualStages > 1 ? constants.overlapLoss : 1;
  return 2 * send * virtualStages * (numMicroBatches * shown + pipeline - 1);
}
