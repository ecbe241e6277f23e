/** @file What to expect of one run under given conditions: time that passes, work done, interruptions. */

import { DAY_SECONDS } from "../../units/kinds.ts";
import { type BurnIn, hardwareFactor } from "./burn-in.ts";
import { type Losses, lossPerFailure, productiveShare } from "./checkpoint.ts";
import { type Hazard, hazardAt, softwareHazardAt, stretches } from "./hazard.ts";

/** The conditions that one run lives under. */
export type Conditions = {
  readonly hazard: Hazard;
  readonly burnIn: BurnIn;
  readonly stallSeconds: number;
  readonly lagSeconds: number;
  readonly detectionSeconds: number;
  readonly restartSeconds: number;
  readonly plannedPerDay: number;
  readonly intervalSeconds: number;
};

/** Expected values over a run. */
export type ExpectedRun = {
  readonly elapsedSeconds: number;
  readonly productiveSeconds: number;
  readonly failures: number;
  /** Those of them that software brings about. */
  readonly softwareFailures: number;
  /** Time in detection and restart; one that a failure strikes begins again. */
  readonly recoverySeconds: number;
  /** Greatest rate of node removals, per second: at the start, while all is new. */
  readonly removingPerSecond: number;
};

/**
 * Until one of the two limits is reached, in expectation. Work that would take a thousand years ends there.
 */
export function expectedRun(
  conditions: Conditions,
  until: { readonly elapsedSeconds?: number; readonly productiveSeconds?: number },
): ExpectedRun {
  const mostSeconds = until.elapsedSeconds ?? 1000 * 365 * DAY_SECONDS;
  let [elapsed, productive, failures, software, recovery] = [0, 0, 0, 0, 0];
  const recoverySeconds = conditions.detectionSeconds + conditions.restartSeconds;
  // The rate is constant from about a year on; one last stretch takes the rest.
  const changingDays = Math.min(mostSeconds / DAY_SECONDS, 400);
  const parts = [
    ...stretches(conditions.burnIn, changingDays),
    { from: changingDays, to: mostSeconds / DAY_SECONDS },
  ];
  for (const { from, to } of parts) {
    const rate = hazardAt(conditions.hazard, conditions.burnIn, (from + to) / 2);
    const share = shareAt(conditions, rate);
    const seconds = Math.min(
      (to - from) * DAY_SECONDS,
      share > 0 ? ((until.productiveSeconds ?? Infinity) - productive) / share : Infinity,
    );
    elapsed += seconds;
    productive += seconds * share;
    // Nothing fails while it is stopped on purpose.
    const exposed = seconds * (1 - plannedShare(conditions));
    failures += exposed * rate;
    software += exposed * softwareHazardAt(conditions.hazard, conditions.burnIn, (from + to) / 2);
    // A failure is followed by the shorter of a recovery and the time to the next failure: (1 - e^(-rR)) / r
    // on average.
    recovery -= exposed * Math.expm1(-rate * recoverySeconds);
    if (seconds < (to - from) * DAY_SECONDS) {
      productive = until.productiveSeconds ?? productive;
      break;
    }
  }
  const removingPerSecond = conditions.hazard.removing * hardwareFactor(conditions.burnIn, 0);
  return {
    elapsedSeconds: until.elapsedSeconds ?? elapsed,
    productiveSeconds: productive,
    failures,
    softwareFailures: software,
    recoverySeconds: recovery,
    removingPerSecond,
  };
}

/** Productive share of time at a rate: Daly's, less planned stops, which wait for save and restart. */
export function shareAt(conditions: Conditions, failuresPerSecond: number): number {
  const share = productiveShare(lossesAt(conditions, failuresPerSecond), conditions.intervalSeconds);
  return share * (1 - plannedShare(conditions));
}

/** Share of the time that planned stops take. */
export function plannedShare({ plannedPerDay, restartSeconds, stallSeconds }: Conditions): number {
  return Math.min(1, (plannedPerDay * (restartSeconds + stallSeconds)) / DAY_SECONDS);
}

/** Mean and variance of what one interruption costs, at a rate. */
export function lossMoments(
  conditions: Conditions,
  failuresPerSecond: number,
): { readonly mean: number; readonly variance: number } {
  const cycle = conditions.intervalSeconds + conditions.stallSeconds;
  const mean = lossPerFailure(lossesAt(conditions, failuresPerSecond), conditions.intervalSeconds);
  return { mean, variance: cycle ** 2 / 12 };
}

/**
 * Squared coefficient of variation of the time that one saved interval takes: with c = (T + s) r it takes
 * (e^c - 1) / r on average, with variance (e^2c - 2 c e^c - 1) / r^2 (Daly's cycle, recovery left out). 1
 * where hardly any interval ends undisturbed.
 */
export function cycleVariation(
  { intervalSeconds, stallSeconds }: Conditions,
  failuresPerSecond: number,
): number {
  const c = (intervalSeconds + stallSeconds) * failuresPerSecond;
  // Both over e^2c, which would overflow.
  return (1 - 2 * c * Math.exp(-c) - Math.exp(-2 * c)) / Math.expm1(-c) ** 2;
}

/** Time constants of the conditions at a rate. */
export function lossesAt(conditions: Omit<Conditions, "intervalSeconds">, failuresPerSecond: number): Losses {
  return {
    failureSeconds: 1 / failuresPerSecond,
    stallSeconds: conditions.stallSeconds,
    lagSeconds: conditions.lagSeconds,
    recoverySeconds: conditions.detectionSeconds + conditions.restartSeconds,
  };
}
