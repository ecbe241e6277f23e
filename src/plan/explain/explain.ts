/** @file Why a step takes so long: waterfall, operations, memory by stage, what more of each buys. */

import { CONSTANTS, type Constants } from "../constants.ts";
import { peakFlopsOf } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { type Layout, microBatches, type Setup } from "../layout/layout.ts";
import { memoryModel, stageMemory } from "../layout/memory.ts";
import { stageLayers } from "../layout/stages.ts";
import { predictStep } from "../step/predict.ts";
import type { MemoryBreakdown, StepPrediction } from "../step/prediction.ts";
import { operationsOf, type StepOperation } from "./operations.ts";
import { type Balance, type BestOn, balanceOf, type Sensitivity, sensitivityOf } from "./sensitivity.ts";
import { peakSeconds, type WaterfallStep, waterfallOf } from "./waterfall.ts";

/** Stages next to one another that hold the same. */
export type StageMemory = {
  readonly firstStage: number;
  readonly lastStage: number;
  readonly numLayers: number;
  readonly memory: MemoryBreakdown;
};

/** Where a step's time and memory go, and what more of each resource buys. */
export type Explanation = {
  readonly layout: Layout;
  readonly prediction: StepPrediction;
  /** FLOP/s of one device at the dense peak of the layout's precision. */
  readonly peakFlops: number;
  readonly numMicroBatches: number;
  readonly waterfall: readonly WaterfallStep[];
  readonly operations: readonly StepOperation[];
  readonly stages: readonly StageMemory[];
  readonly sensitivities: readonly Sensitivity[];
  readonly balance: Balance;
  /** The fastest layout that fits; null: none does. */
  readonly best: ReturnType<BestOn>;
};

/** Explains one layout. `bestOn`: seconds of a cluster's fastest layout, for what more memory buys. */
export function explainStep(
  setup: Setup,
  layout: Layout,
  bestOn: BestOn,
  constants: Constants = CONSTANTS,
): Explanation {
  const { cluster, job } = setup;
  const prediction = predictStep(setup, layout, constants);
  const step = (changed: Cluster) => predictStep({ ...setup, cluster: changed }, layout, constants);
  const best = bestOn(cluster);
  const sensitivities = sensitivityOf(cluster, step, (changed) =>
    changed === cluster ? best : bestOn(changed),
  );
  return {
    layout,
    prediction,
    peakFlops: peakFlopsOf(cluster.accelerator, layout.precision),
    numMicroBatches: microBatches(layout, job),
    waterfall: waterfallOf(prediction, peakSeconds(setup, layout)),
    operations: operationsOf(setup, layout, constants),
    stages: stagesOf(setup, layout, constants),
    sensitivities,
    balance: balanceOf(sensitivities),
    best,
  };
}

/** Memory of every pipeline stage; each holds something else, since early ones keep more micro batches. */
function stagesOf(
  { model, cluster, job }: Setup,
  layout: Layout,
  constants: Constants,
): readonly StageMemory[] {
  const ofStage = stageMemory(memoryModel(model), cluster, layout, job, constants);
  const layers = stageLayers(model.numLayers, layout);
  const last = layout.pipeline - 1;
  const stages: StageMemory[] = [];
  for (let stage = 0; stage <= last; stage++) {
    const memory = ofStage(stage);
    const numLayers = stage === 0 ? layers.first : stage === last ? layers.last : layers.inner;
    const before = stages.at(-1);
    if (before && before.numLayers === numLayers && isSame(before.memory, memory))
      stages[stages.length - 1] = { ...before, lastStage: stage };
    else stages.push({ firstStage: stage, lastStage: stage, numLayers, memory });
  }
  return stages;
}

function isSame(a: MemoryBreakdown, b: MemoryBreakdown): boolean {
  return a.weights === b.weights && a.activations === b.activations && a.totalBytes === b.totalBytes;
}
