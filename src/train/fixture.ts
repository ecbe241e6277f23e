/** @file A run of seconds for tests, and the summary of a made-up one, easy to reckon with. */

import { shapeOfWidth } from "../model/dial.ts";
import { NUM_CURVE_POINTS } from "./curve.ts";
import type { RunSpec } from "./run-spec.ts";
import type { RunSummary } from "./summary.ts";

/** Sixty steps of the smallest decoder that learns something. */
export const SMALL_RUN: RunSpec = {
  role: "single",
  shape: shapeOfWidth(16, {
    vocabularySize: 270,
    numLayers: 1,
    queriesPerKeyValue: 1,
    tiedEmbeddings: false,
  }),
  optimiser: {
    learningRate: 0.02,
    baseWidth: 16,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.1,
    clip: 1,
  },
  sequenceLength: 16,
  batchSequences: 4,
  numSteps: 60,
  seed: 1,
  heldOutTokens: 500,
  checkpointSeconds: 1000,
};

const score = (bitsPerByte: number) => ({
  numTokens: 1000,
  numBytes: 3000,
  natsPerToken: 3 * Math.LN2 * bitsPerByte,
  bitsPerByte,
});

/** A run of 100 steps in 2 s: 1 s in steps of 0.01 s; 0.1, 0.5 and 0.4 s between, before and after. */
export function summaryWith(changes: Partial<RunSummary>): RunSummary {
  return {
    matrixParameters: 10_000,
    numSteps: 100,
    tokens: 100_000,
    flops: 6e9,
    heldOut: { all: score(2), sources: { tales: score(2) } },
    curve: new Array<number>(NUM_CURVE_POINTS).fill(2),
    medianStepSeconds: 0.01,
    wallSeconds: 2,
    startSeconds: 0.5,
    stepsSeconds: 1,
    betweenStepsSeconds: 0.1,
    evaluationSeconds: 0.4,
    operationSeconds: { matmul: 0.008, add: 0.001 },
    arenaBytes: 1e6,
    peakBytes: 101e6,
    numAttempts: 1,
    ...changes,
  };
}
