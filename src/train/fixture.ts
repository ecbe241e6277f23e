/** @file The summary of a made-up run for tests, easy to reckon with. */

import { NUM_CURVE_POINTS } from "./curve.ts";
import type { RunSummary } from "./summary.ts";

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
