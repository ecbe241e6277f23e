/** @file Burn-in: how much more often new hardware and new software fail, and how that wears off. */

import type { Interval } from "../../math/interval.ts";

/** Ages when the run starts; null: settled. */
export type Ages = {
  readonly hardwareDays: number | null;
  readonly softwareDays: number | null;
  /** What the cluster's own log says of the days before the run: see reliability-growth.ts. */
  readonly observed: { readonly exponent: Interval; readonly days: number } | null;
};

export type BurnIn = {
  readonly ages: Ages;
  /** Hazard of hardware at age 0 beyond the settled, in settled ones; it falls by e every `decayDays`. */
  readonly excess: number;
  readonly decayDays: number;
  /** Duane's growth slope: while it is new, software's hazard falls as age^-slope. */
  readonly slope: number;
  /**
   * Exponent of the log's expected count; at most 1, for no run plans on a cluster that gets worse and worse.
   */
  readonly exponent: number;
};

/**
 * Assumptions, with wide intervals: the one public trace shows no infant mortality (StepFun's 349 days, whose
 * failures grow as days^1.13), while operators report weeks of burn-in. So it counts only where an age is
 * given.
 */
const EXCESS: Interval = { median: 2, lo: 1, hi: 4 };
const DECAY_DAYS: Interval = { median: 30, lo: 15, hi: 60 };
/** MIL-HDBK-189 finds growth slopes of 0.2 to 0.6 in managed programmes. */
const SLOPE: Interval = { median: 0.35, lo: 0.2, hi: 0.6 };
/** Age at which software counts as settled, and the least age of the power law. Assumptions. */
const SOFTWARE_SETTLED_DAYS = 90;
const LEAST_DAYS = 1;

/** Burn-in with what is picked of each interval: its median, or a draw. */
export function burnInOf(ages: Ages, pick: (interval: Interval) => number): BurnIn {
  return {
    ages,
    excess: pick(EXCESS),
    decayDays: pick(DECAY_DAYS),
    slope: pick(SLOPE),
    exponent: ages.observed ? Math.min(1, pick(ages.observed.exponent)) : 1,
  };
}

/** Hazard of hardware causes over their settled hazard, so many days into the run. 1 where settled. */
export function hardwareFactor({ ages, excess, decayDays }: BurnIn, days: number): number {
  return ages.hardwareDays === null ? 1 : 1 + excess * Math.exp(-(ages.hardwareDays + days) / decayDays);
}

/** The same for software. */
export function softwareFactor({ ages, slope }: BurnIn, days: number): number {
  if (ages.softwareDays === null) return 1;
  const age = Math.max(LEAST_DAYS, ages.softwareDays + days);
  return age >= SOFTWARE_SETTLED_DAYS ? 1 : (age / SOFTWARE_SETTLED_DAYS) ** -slope;
}

/** Hazard of all causes over what the log had at its end, so many days later. 1 without a log. */
export function trendFactor({ ages: { observed }, exponent }: BurnIn, days: number): number {
  return observed === null ? 1 : (1 + days / observed.days) ** (exponent - 1);
}

/** Whether nothing changes with age while the run lasts. */
export function isSettled({ hardwareDays, softwareDays, observed }: Ages): boolean {
  return hardwareDays === null && softwareDays === null && observed === null;
}
