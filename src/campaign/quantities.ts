/**
 * @file The table of predicted quantities. A row says what is predicted, in which unit, how it is measured
 * and why the two differ: the fit locks what the rows predict, verdict, report and status show what they
 * measure, and a new quantity is a new row.
 */

import type { Manifest } from "../corpus/manifest.ts";
import type { FeatureReport } from "../laws/decide/feature/feature.ts";
import type { BandPoint } from "../laws/forecast/curve.ts";
import { type Interval, logSdOf } from "../math/interval.ts";
import { Z_90 } from "../math/normal.ts";
import type { Cause, ScoredRow } from "../report/data.ts";
import type { RunSummary } from "../train/summary.ts";
import { fixed } from "../units/print.ts";
import { curveAgainstBand, curvePoints } from "./curve-band.ts";
import type { CostForecast, Prediction } from "./planning/time-forecast.ts";

/** A value by its named parts, in the unit of the value. */
type Parts = Readonly<Record<string, number>>;

/** What is locked: the parts, where there are any, add up to the median. */
export type PartedPrediction = Prediction & { readonly parts?: Parts | undefined };

export type Measured = {
  readonly value: number;
  readonly parts?: Parts;
};

/** What the fit stage forecasts of the target. */
export type TargetForecast = {
  readonly loss: Prediction;
  /** By source of the held-out text. */
  readonly sources: Readonly<Record<string, Prediction>>;
  readonly cost: CostForecast;
};

/** What rows measure and explain: the finished target, and what was known of it before. */
export type TargetOutcome = {
  readonly summary: RunSummary;
  readonly band: readonly BandPoint[];
  /** One standard deviation of the final loss from seed to seed. */
  readonly noisePercent: number;
  /** By quantity. */
  readonly predictions: ReadonlyMap<string, PartedPrediction>;
};

export type Quantity = {
  readonly name: string;
  readonly unit: string;
  /** What the report's own sentences call it, where they name it. */
  readonly about: ScoredRow["about"];
  predict(forecast: TargetForecast): PartedPrediction;
  measure(outcome: TargetOutcome): Measured;
  /** Parts of the gap in percent of the predicted median, which add up to it. */
  causes(gapPercent: number, outcome: TargetOutcome): readonly Cause[];
};

export const LOSS: Quantity = {
  name: "held-out loss",
  unit: "bits per byte",
  about: "loss",
  predict: ({ loss }) => loss,
  measure: ({ summary }) => ({ value: summary.heldOut.all.bitsPerByte }),
  causes: causesOfLoss,
};

const lossOfSource = (source: string): Quantity => ({
  name: `held-out loss, ${source}`,
  unit: "bits per byte",
  about: "other",
  predict: ({ sources }) => sources[source]!,
  measure: ({ summary }) => ({ value: summary.heldOut.sources[source]!.bitsPerByte }),
  causes(gapPercent, outcome) {
    const shared = gapOf(LOSS, outcome);
    return [
      { name: "shared by all text", percent: shared },
      { name: "this source apart", percent: gapPercent - shared },
    ];
  },
});

const CURVE: Quantity = {
  name: "loss curve inside its band",
  unit: "share",
  about: "other",
  // A 90 % band should hold nine points in ten; a stretch of luck or drift moves many points together.
  predict: () => ({
    median: 0.9,
    lo: 0.8,
    hi: 1,
    basis: "the loss curve's 90 % band, forecast at 64 fractions of the run as the final loss is",
  }),
  measure({ summary, band }) {
    const { inside, scored } = curveAgainstBand(band, curvePoints(summary.curve));
    return { value: inside / scored };
  },
  causes: (gapPercent) => [{ name: "points of the curve outside the band", percent: gapPercent }],
};

export const STEP_TIME: Quantity = {
  name: "step time",
  unit: "s",
  about: "step-time",
  predict: ({ cost }) => ({ ...cost.stepSeconds, parts: cost.operationSeconds }),
  // Operations are measured by means, the step by its median, unmoved by slow steps: means are scaled to it.
  measure({ summary: { medianStepSeconds: value, operationSeconds } }) {
    const total = Object.values(operationSeconds).reduce((sum, seconds) => sum + seconds, 0);
    const scaled = Object.entries(operationSeconds).map(([name, seconds]) => [
      name,
      (seconds * value) / total,
    ]);
    return { value, parts: Object.fromEntries(scaled) };
  },
  causes: (_, outcome) => causesByPart(STEP_TIME, outcome),
};

export const WALL_TIME: Quantity = {
  name: "wall time",
  unit: "s",
  about: "wall-time",
  predict: ({ cost }) => ({ ...cost.wallSeconds, parts: wallParts(cost.parts) }),
  measure: ({ summary }) => ({
    value: summary.wallSeconds,
    parts: wallParts({
      steps: summary.stepsSeconds,
      betweenSteps: summary.betweenStepsSeconds,
      start: summary.startSeconds,
      evaluation: summary.evaluationSeconds,
    }),
  }),
  causes: (_, outcome) => causesByPart(WALL_TIME, outcome),
};

const wallParts = ({ steps, betweenSteps, start, evaluation }: CostForecast["parts"]): Parts => ({
  "optimiser steps": steps,
  "between steps: batches, checkpoints": betweenSteps,
  start,
  evaluation,
});

export const MEMORY: Quantity = {
  name: "peak memory",
  unit: "bytes",
  about: "memory",
  predict: ({ cost }) => ({ ...cost.peakBytes, parts: memoryParts(cost.arenaBytes, cost.peakBytes.median) }),
  measure: ({ summary: { arenaBytes, peakBytes } }) => ({
    value: peakBytes,
    parts: memoryParts(arenaBytes, peakBytes),
  }),
  causes: (_, outcome) => causesByPart(MEMORY, outcome),
};

/** The arena is planned to the byte, so a gap lies beside it unless the plan itself was wrong. */
const memoryParts = (arenaBytes: number, peakBytes: number): Parts => ({
  "arena: parameters, moments, activations": arenaBytes,
  "process beside the arena": peakBytes - arenaBytes,
});

/** The rows of a campaign whose held-out text comes from these sources. */
export function targetQuantities({ sources }: Pick<Manifest, "sources">): readonly Quantity[] {
  return [LOSS, ...sources.map(({ name }) => lossOfSource(name)), CURVE, STEP_TIME, WALL_TIME, MEMORY];
}

function gapOf(quantity: Quantity, outcome: TargetOutcome): number {
  const { median } = outcome.predictions.get(quantity.name)!;
  return 100 * (quantity.measure(outcome).value / median - 1);
}

/**
 * What the held-out text shows and the training text does not is the data's; the rest is split between the
 * law and the luck of the seed in proportion to their variances, which is the expected value of each part
 * given their sum when both are normal.
 */
function causesOfLoss(gapPercent: number, outcome: TargetOutcome): readonly Cause[] {
  const trainingGap = 100 * (outcome.summary.curve.at(-1)! / outcome.band.at(-1)!.median - 1);
  const forecastVariance = (100 * logSdOf(outcome.predictions.get(LOSS.name)!)) ** 2;
  const seedShare = Math.min(1, outcome.noisePercent ** 2 / forecastVariance);
  return [
    { name: "law", percent: (1 - seedShare) * trainingGap },
    { name: "seed noise", percent: seedShare * trainingGap },
    { name: "data: held-out against training text", percent: gapPercent - trainingGap },
  ];
}

/** Each predicted part against the measured one of the same name. */
function causesByPart(quantity: Quantity, outcome: TargetOutcome): readonly Cause[] {
  const { median, parts = {} } = outcome.predictions.get(quantity.name)!;
  const measured = quantity.measure(outcome).parts ?? {};
  return Object.entries(parts).map(([name, predicted]) => ({
    name,
    percent: (100 * ((measured[name] ?? 0) - predicted)) / median,
  }));
}

/** Of a change on trial, from a report on pairs of runs; null where it has no bounds to score. */
type FeatureQuantity = {
  readonly name: string;
  readonly unit: string;
  predict(report: FeatureReport): Prediction | null;
};

/** Log ratio of held-out losses with against without the change, at equal compute; negative helps. */
export const EFFECT_ON_RUNG = {
  name: "effect on the held-out loss on the largest rung",
  unit: "percent",
  /**
   * The mean difference of `numPairs` pairs on the rung that the report was made for. The report's interval
   * is that of the effect itself; the noise of the pairs, which the measurement will have too, is added in
   * quadrature.
   */
  predict({ report, numPairs }: { readonly report: FeatureReport; readonly numPairs: number }) {
    const effect = bounded(report.atTarget.effectPercent, report);
    if (effect === null) return null;
    const { median, lo, hi, basis } = effect;
    const noise = (Z_90 * report.pairNoisePercent) / Math.sqrt(numPairs);
    return {
      median,
      lo: median - Math.hypot(median - lo, noise),
      hi: median + Math.hypot(hi - median, noise),
      basis,
    };
  },
  /** By a report that has seen the rung. */
  measure({ scales }: FeatureReport) {
    const { numPairs, effectPercent } = scales.at(-1)!;
    return { value: effectPercent.median, source: `${numPairs} pairs of runs` };
  },
};

/** A multiplier may have no bound; the effect on the loss always has. */
export const FEATURE_QUANTITIES: readonly FeatureQuantity[] = [
  {
    name: "effect on the held-out loss at the target",
    unit: "percent",
    predict: (report) => bounded(report.atTarget.effectPercent, report),
  },
  {
    /** Times the compute that the target without it would need for the same loss. */
    name: "compute multiplier at the target",
    unit: "times",
    predict: (report) => bounded(report.atTarget.computeMultiplier, report),
  },
];

function bounded({ median, lo, hi }: Interval, report: FeatureReport): Prediction | null {
  return [median, lo, hi].every(Number.isFinite) ? { median, lo, hi, basis: basisOf(report) } : null;
}

function basisOf({ scales, reach }: FeatureReport): string {
  const numPairs = scales.reduce((sum, scale) => sum + scale.numPairs, 0);
  const rungs = `${numPairs} pairs of runs on ${scales.length} rungs`;
  return `${rungs}, with and without the change, reach ${fixed(reach, 1)}`;
}
