/** @file Why a prediction missed: every gap split into named parts that add up to it, in percent of the predicted median. Pure. */

import { Z_90 } from "../../math/normal.ts";
import type { Cause } from "../../report/data.ts";
import type { RunSummary } from "../../train/summary.ts";
import type { FitResult } from "../stages/fit.ts";

/**
 * The loss. What the held-out text shows and the training text does not is the data's; the rest is split between the law and the
 * luck of the seed in proportion to their variances, which is the expected value of each part given their sum when both are normal.
 */
export function causesOfLoss(fit: FitResult, gapPercent: number, curve: readonly number[]): readonly Cause[] {
  const trainingGap = 100 * (curve.at(-1)! / fit.band.at(-1)!.median - 1);
  const forecastDeviation = (100 * Math.log(fit.loss.hi / fit.loss.lo)) / (2 * Z_90);
  const seedVariance = Math.min(fit.noisePercent ** 2, forecastDeviation ** 2);
  const seedShare = seedVariance / forecastDeviation ** 2;
  return [
    { name: "law", percent: (1 - seedShare) * trainingGap },
    { name: "seed noise", percent: seedShare * trainingGap },
    { name: "data: held-out against training text", percent: gapPercent - trainingGap },
  ];
}

/** The loss on one source: what all text shares, and what is its own. */
export function causesOfSource(gapPercent: number, sharedGapPercent: number): readonly Cause[] {
  return [
    { name: "shared by all text", percent: sharedGapPercent },
    { name: "this source apart", percent: gapPercent - sharedGapPercent },
  ];
}

/**
 * Step time, by operation: what each took more or less than foretold. Operations are measured by their mean, the step by its median, which a
 * few slow steps do not move; the means are scaled to it.
 */
export function causesOfStepTime(fit: FitResult, summary: RunSummary): readonly Cause[] {
  const predicted = fit.stepSeconds.median;
  const total = Object.values(summary.operationSeconds).reduce((sum, seconds) => sum + seconds, 0);
  const scale = summary.medianStepSeconds / total;
  return Object.entries(fit.operationSeconds).map(([name, foretold]) => ({
    name,
    percent: (100 * (scale * (summary.operationSeconds[name] ?? 0) - foretold)) / predicted,
  }));
}

/** Wall time, by part of the run. */
export function causesOfWallTime(fit: FitResult, summary: RunSummary): readonly Cause[] {
  const predicted = fit.wallSeconds.median;
  const part = (name: string, measured: number, foretold: number): Cause => ({
    name,
    percent: (100 * (measured - foretold)) / predicted,
  });
  return [
    part("optimiser steps", summary.stepsSeconds, fit.wallParts.steps),
    part("between steps: batches, checkpoints", summary.betweenStepsSeconds, fit.wallParts.betweenSteps),
    part("start", summary.startSeconds, fit.wallParts.start),
    part("evaluation", summary.evaluationSeconds, fit.wallParts.evaluation),
  ];
}

/** Peak memory: the arena is planned to the byte, so a gap lies beside it unless the plan itself was wrong. */
export function causesOfMemory(fit: FitResult, summary: RunSummary, gapPercent: number): readonly Cause[] {
  const arena = (100 * (summary.arenaBytes - fit.arenaBytes)) / fit.peakBytes.median;
  return [
    { name: "arena: parameters, moments, activations", percent: arena },
    { name: "process beside the arena", percent: gapPercent - arena },
  ];
}
