/** @file What is held of runs before they are seen: one table of priors with reasons, for all alike. */

import { logistic, logit } from "../../math/logit.ts";

/** A normal over a transformed number: log for scales, logit for shares; `spread` is its deviation there. */
export type Prior = {
  readonly scale: "log" | "logit" | "plain";
  readonly median: number;
  readonly spread: number;
  readonly reason: string;
};

export const PRIORS = {
  exponent: {
    scale: "log",
    median: 0.32,
    spread: 0.5,
    reason:
      "alpha and beta of N and D, twice the exponent of compute: .27 to .48 over the well-tuned of 14 public tables, to .68 where small runs are tuned badly",
  },
  exponentRatio: {
    scale: "log",
    median: 1,
    spread: 0.25,
    reason: "beta / alpha: .8 to 1.2 over the same tables; an untuned recipe has .5",
  },
  sizeShare: {
    scale: "logit",
    median: 0.5,
    spread: 0.4,
    reason:
      "what size makes up of the reducible loss at 20 tokens a parameter: half at the compute optimum where both exponents are alike",
  },
  floorShare: {
    scale: "logit",
    median: 0.45,
    spread: 0.5,
    reason:
      "the floor's share of the loss at 1e17 FLOPs; it moves with compute (FLOOR_GAIN). Small recipes that were not tuned look like .8 there, which costs 3 to 7 % two decades on",
  },
  bend: {
    scale: "log",
    median: 1,
    spread: 0.5,
    reason: "the power on the sum of both terms (arXiv 2502.08606); 1 is Chinchilla's law",
  },
  dataDecay: {
    scale: "log",
    median: 15,
    spread: 1,
    reason: "repeats that are worth their tokens (arXiv 2305.16264), hardly identified",
  },
  sizeDecay: {
    scale: "log",
    median: 5,
    spread: 0.7,
    reason: "the same of parameters beyond those that the distinct tokens can fill",
  },
  expertGain: {
    scale: "plain",
    median: 0.03,
    spread: 0.03,
    reason: "log loss gained per factor e of experts: .03 to .06 in arXiv 2202.01169",
  },
  expertGainLost: {
    scale: "plain",
    median: 0.005,
    spread: 0.01,
    reason: "how much of it a factor e of size takes away again: .008 there",
  },
  scatter: {
    scale: "log",
    median: 0.004,
    spread: 0.6,
    reason:
      "log loss between runs of one design at the largest compute: .1 to .5 % between seeds, more where a recipe is tuned by hand",
  },
  scatterOff: {
    scale: "plain",
    median: 0.3,
    spread: 0.5,
    reason:
      "log scatter per decade of tokens a parameter away from 20, either way: no law here describes runs far off well",
  },
  scatterBelow: {
    scale: "plain",
    median: 0.1,
    spread: 0.3,
    reason: "log scatter per decade of compute below the largest",
  },
  drift: {
    scale: "log",
    median: 0.005,
    spread: 0.6,
    reason:
      "departure of log loss from any law per root decade of compute: .2 to 2 % over the same tables, and more below them (DRIFT_GAIN)",
  },
  pairNoise: {
    scale: "log",
    median: 0.003,
    spread: 1,
    reason:
      "scatter of the difference of a pair: as between seeds, wider: pairs share batches, and that may help little or much",
  },
  effectSlope: {
    scale: "log",
    median: 0.0005,
    spread: 1,
    reason:
      "log loss per decade that the effect of a change of no size moves; larger effects move more (decide/feature/trend.ts)",
  },
  effectBend: {
    scale: "log",
    median: 1,
    spread: 0.8,
    reason: "how much that slope changes over a decade, as a share of its own size",
  },
} as const satisfies Record<string, Prior>;

/** The unknowns that have a prior. */
export type PriorName = keyof typeof PRIORS;

/** FLOPs: about where the public tables begin. */
const TABLES_BEGIN = 1e17;

/**
 * Log odds that the floor's share gains per decade of compute. As compute grows the reducible part shrinks:
 * Chinchilla's refit (E = 1.817) gives .53 at 1e18 FLOPs and .86 at 1e22. Below the tables our own ladders of
 * 1e10 to 1e13 FLOPs are straight in log loss against log compute, or bend the other way.
 */
const FLOOR_GAIN = { above: 0.42, below: 0.45 };

/** What the drift gains per decade below the tables: .5 % becomes 1.2 % at 1e12 FLOPs (our ladders). */
const DRIFT_GAIN = 0.28;

/** The floor's share of the loss of a run of this compute. */
export function floorSharePrior(topCompute: number): Prior {
  const decades = Math.log10(topCompute / TABLES_BEGIN);
  const moved = (decades > 0 ? FLOOR_GAIN.above : FLOOR_GAIN.below) * decades;
  return { ...PRIORS.floorShare, median: logistic(logit(PRIORS.floorShare.median) + moved) };
}

/** The drift where the largest run has this compute: small models leave any law sooner. */
export function driftPrior(topCompute: number): Prior {
  const decadesBelow = Math.max(0, Math.log10(TABLES_BEGIN / topCompute));
  return { ...PRIORS.drift, median: PRIORS.drift.median * (1 + DRIFT_GAIN * decadesBelow) };
}

/** Size's share of the reducible loss at D / N over 20: A N^-a over B D^-a grows as that ratio to the a. */
function sizeSharePrior(ratio: number): Prior {
  return { ...PRIORS.sizeShare, median: logistic(PRIORS.exponent.median * Math.log(ratio)) };
}

/** Where runs lie: their largest compute, and tokens a parameter near it over 20. */
export type PriorContext = { readonly topCompute: number; readonly ratio: number };

/** The prior of a quantity for runs that lie there. */
export function priorAt(name: PriorName, { topCompute, ratio }: PriorContext): Prior {
  if (name === "floorShare") return floorSharePrior(topCompute);
  if (name === "drift") return driftPrior(topCompute);
  return name === "sizeShare" ? sizeSharePrior(ratio) : PRIORS[name];
}

/** The number that lies `z` standard deviations from the median. */
export function valueAt({ scale, median, spread }: Prior, z: number): number {
  if (scale === "plain") return median + spread * z;
  if (scale === "log") return median * Math.exp(spread * z);
  return logistic(logit(median) + spread * z);
}

export type PriorNode = { readonly value: number; readonly logWeight: number };

/** How far out, in standard deviations, a grid goes: 2.2 holds 97 % of the bell. */
const GRID_REACH = 2.2;

/** The prior as evenly spaced nodes with log weights. */
export function nodesOf(prior: Prior, count: number): readonly PriorNode[] {
  return Array.from({ length: count }, (_, i) => {
    const z = GRID_REACH * ((2 * i) / (count - 1) - 1);
    return { value: valueAt(prior, z), logWeight: (-z * z) / 2 };
  });
}
