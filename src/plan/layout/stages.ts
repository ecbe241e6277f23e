/** @file How layers are dealt to pipeline stages, and how many micro batches each stage keeps at once. */

import type { Layout } from "./layout.ts";

/** Layers on the first, the fullest inner and the last stage of a pipeline. */
export type StageLayers = {
  readonly first: number;
  readonly inner: number;
  readonly last: number;
};

/**
 * Even where the layers divide; else embedding and head each count as a layer where that divides (Llama 3's
 * 126 = 16 x 8 - 2); else the early stages are filled up and the last takes what is left.
 */
export function stageLayers(
  numLayers: number,
  { pipeline, virtualStages }: Pick<Layout, "pipeline" | "virtualStages">,
): StageLayers {
  if (pipeline === 1) return { first: numLayers, inner: numLayers, last: numLayers };
  const chunks = pipeline * virtualStages;
  if (numLayers % chunks === 0) {
    const each = numLayers / pipeline;
    return { first: each, inner: each, last: each };
  }
  if ((numLayers + 2) % chunks === 0) {
    const inner = (numLayers + 2) / pipeline;
    return { first: inner - 1, inner, last: inner - 1 };
  }
  const inner = Math.ceil(numLayers / pipeline);
  return { first: inner, inner, last: Math.max(0, numLayers - inner * (pipeline - 1)) };
}

/** Activations that a stage holds at its fullest, in units of its own layers: micro batches in flight. */
export function inFlight(layout: Layout, stage: number, numMicroBatches: number): number {
  const { pipeline, virtualStages, schedule } = layout;
  if (schedule === "gpipe") return numMicroBatches;
  const waiting = pipeline - stage;
  if (schedule === "interleaved" && virtualStages > 1) {
    // Warm-up of the interleaved schedule: 2 (p - stage - 1) + (v - 1) p chunks, then one forward more; a
    // chunk is 1 / v of the stage.
    const chunks = 2 * (waiting - 1) + (virtualStages - 1) * pipeline + 1;
    return Math.min(numMicroBatches, chunks / virtualStages);
  }
  if (schedule === "dualpipe") return Math.min(numMicroBatches, pipeline + 1);
  return Math.min(numMicroBatches, waiting);
}
