/** @file A feature on trial as the report sees it, for tests: every number made up. */

import type { FeatureFacts } from "./data.ts";

const TARGET_FLOPS = 1.83e13;
const TARGET_TOKENS = 3_050_496;
const lossAt = (flops: number) => 1.52 + 1.05 * (flops / 1e11) ** -0.132;

/** A change that helps by 1 % of the loss on every rung, its trend and its target as made up as the rest. */
export const featureOnTrial: FeatureFacts = {
  name: "swiglu",
  change: "feedForward swiglu instead of gelu",
  adopted: true,
  line: [1e11, 1e12, TARGET_FLOPS].map((flops) => ({ flops, median: -1, lo: -1.5, hi: -0.5 })),
  stepTimeRatio: { median: 1.08, lo: 1.03, hi: 1.2 },
  onLargestRung: { median: -1.1, lo: -2, hi: -0.2, measured: -1 },
  rungs: [1e11, 3e11, 1e12].map((flops) => ({ flops, without: lossAt(flops), with: 0.99 * lossAt(flops) })),
  report: {
    target: { n: 917_504, d: TARGET_TOKENS, c: TARGET_FLOPS },
    reach: 18.3,
    scales: [1e11, 3e11, 1e12].map((c) => ({
      c,
      n: Math.sqrt(c / 60),
      d: 10 * Math.sqrt(c / 60),
      numDesigns: 1,
      numPairs: 3,
      comparison: "pairs",
      effectPercent: { median: -1, lo: -1.4, hi: -0.6 },
      computeMultiplier: { median: 1.12, lo: 1.07, hi: 1.17 },
      tokenMultiplier: { median: 1.2, lo: 1.1, hi: Number.POSITIVE_INFINITY },
    })),
    trendPercentPerDecade: { median: 0.1, lo: -0.4, hi: 0.6 },
    multiplierPerDecade: { median: 0.99, lo: 0.94, hi: 1.05 },
    pairNoisePercent: 0.31,
    driftPercent: 0.2,
    atTarget: {
      effectPercent: { median: -0.9, lo: -1.8, hi: 0.1 },
      computeMultiplier: { median: 1.11, lo: 0.99, hi: 1.24 },
      tokenMultiplier: null,
      probabilityHelps: 0.94,
    },
    crossover: {
      kind: "stops helping above",
      compute: { median: 1e20, lo: 1e14, hi: Number.POSITIVE_INFINITY },
      params: { median: 1e9, lo: 1e6, hi: Number.POSITIVE_INFINITY },
    },
    minimumDetectable: { atLargestPercent: 0.5, atTargetPercent: 1.4, atTargetMultiplier: 1.15 },
    backTest: [
      {
        c: 1e12,
        reach: 3.3,
        predictedPercent: { median: -1.1, lo: -2, hi: -0.2 },
        actualPercent: -1,
        inside: true,
      },
    ],
    furtherRung: {
      c: 4e12,
      n: 400_000,
      d: 2e6,
      numPairs: 2,
      cost: 1.6e13,
      widthNowPercent: 1.9,
      widthAfterPercent: 1.2,
    },
    verdict: {
      decision: "undecided",
      reason: "undecided: at the target it is worth 1.11 (0.99 to 1.24) times the compute",
    },
    warnings: ["one D / N at each compute"],
  },
};
