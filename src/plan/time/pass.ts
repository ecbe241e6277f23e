/** @file One run from its start to its end with everything known but chance: time that passes, work done, interruptions. */

import { DAY_SECONDS } from "../../units/kinds.ts";
import { type BurnIn, hardwareFactor } from "./burn-in.ts";
import { lossPerFailure, productiveShare } from "./checkpoint.ts";
import { type Hazard, rateAt, softwareRateAt, stretches } from "./hazard.ts";

/** What is known of one run. Seconds, but for days of age. */
export type Setting = {
  readonly hazard: Hazard;
  readonly youth: BurnIn;
  readonly stallSeconds: number;
  readonly lagSeconds: number;
  readonly detectionSeconds: number;
  readonly restartSeconds: number;
  readonly plannedPerDay: number;
  readonly intervalSeconds: number;
};

/** Expected values over a run. */
export type Passage = {
  readonly elapsedSeconds: number;
  readonly productiveSeconds: number;
  readonly failures: number;
  /** Those of them that software brings about. */
  readonly softwareFailures: number;
  /** Time in detection and restart; one that a failure strikes begins again. */
  readonly recoverySeconds: number;
  /** Greatest rate of node removals, per second: at the start, while all is young. */
  readonly removingPerSecond: number;
};

/** Until one of the two limits is reached, in expectation. Work that would take a thousand years ends there. */
export function passThrough(
  setting: Setting,
  until: { readonly elapsedSeconds?: number; readonly productiveSeconds?: number },
): Passage {
  const mostSeconds = until.elapsedSeconds ?? 1000 * 365 * DAY_SECONDS;
  let [elapsed, productive, failures, software, recovery] = [0, 0, 0, 0, 0];
  const recoverySeconds = setting.detectionSeconds + setting.restartSeconds;
  // The rate is constant from about a year on; one last stretch takes the rest.
  const youngDays = Math.min(mostSeconds / DAY_SECONDS, 400);
  const parts = [...stretches(setting.youth, youngDays), { from: youngDays, to: mostSeconds / DAY_SECONDS }];
  for (const { from, to } of parts) {
    const rate = rateAt(setting.hazard, setting.youth, (from + to) / 2);
    const share = shareAt(setting, rate);
    const seconds = Math.min(
      (to - from) * DAY_SECONDS,
      share > 0 ? ((until.productiveSeconds ?? Infinity) - productive) / share : Infinity,
    );
    elapsed += seconds;
    productive += seconds * share;
    // Nothing fails while it is stopped on purpose.
    const exposed = seconds * (1 - plannedShare(setting));
    failures += exposed * rate;
    software += exposed * softwareRateAt(setting.hazard, setting.youth, (from + to) / 2);
    // A failure is followed by the shorter of a recovery and the time to the next failure: (1 - e^(-rR)) / r on average.
    recovery -= exposed * Math.expm1(-rate * recoverySeconds);
    if (seconds < (to - from) * DAY_SECONDS) {
      productive = until.productiveSeconds ?? productive;
      break;
    }
  }
  const removingPerSecond = setting.hazard.removing * hardwareFactor(setting.youth, 0);
  return {
    elapsedSeconds: until.elapsedSeconds ?? elapsed,
    productiveSeconds: productive,
    failures,
    softwareFailures: software,
    recoverySeconds: recovery,
    removingPerSecond,
  };
}

/** Share of time that is productive at a rate: Daly's, less planned stops, which lose no work but wait for a save and a restart. */
export function shareAt(setting: Setting, failuresPerSecond: number): number {
  const share = productiveShare(lossesAt(setting, failuresPerSecond), setting.intervalSeconds);
  return share * (1 - plannedShare(setting));
}

/** Share of the time that planned stops take. */
export function plannedShare({ plannedPerDay, restartSeconds, stallSeconds }: Setting): number {
  return Math.min(1, (plannedPerDay * (restartSeconds + stallSeconds)) / DAY_SECONDS);
}

/** Mean and variance of what one interruption costs, at a rate. */
export function lossMoments(setting: Setting, failuresPerSecond: number) {
  const cycle = setting.intervalSeconds + setting.stallSeconds;
  const mean = lossPerFailure(lossesAt(setting, failuresPerSecond), setting.intervalSeconds);
  return { mean, variance: cycle ** 2 / 12 };
}

/**
 * Squared coefficient of variation of the time that one saved interval takes: with c = (T + s) r it takes (e^c - 1) / r on average, with
 * variance (e^2c - 2 c e^c - 1) / r^2 (Daly's cycle, recovery left out). 1 where hardly any interval ends undisturbed.
 */
export function cycleVariation(
  { intervalSeconds, stallSeconds }: Setting,
  failuresPerSecond: number,
): number {
  const c = (intervalSeconds + stallSeconds) * failuresPerSecond;
  // Both over e^2c, which would overflow.
  return (1 - 2 * c * Math.exp(-c) - Math.exp(-2 * c)) / Math.expm1(-c) ** 2;
}

function lossesAt(setting: Setting, failuresPerSecond: number) {
  return {
    failureSeconds: 1 / failuresPerSecond,
    stallSeconds: setting.stallSeconds,
    lagSeconds: setting.lagSeconds,
    recoverySeconds: setting.detectionSeconds + setting.restartSeconds,
  };
}
