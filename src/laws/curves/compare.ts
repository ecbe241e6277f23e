/** @file Schedules side by side: which ends lowest, how surely, and how long a decay ends lowest of all. */

import { type Interval, intervalAround } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { expectedLosses } from "./fit-curves.ts";
import { type CurveForecaster, type Expected, expectedAt } from "./forecast-curve.ts";
import { endOf, type RateSchedule } from "./schedule.ts";

/** Draws of the misfit on top of every resampled fit. */
const DRAWS_PER_REPLICATE = 64;

/**
 * The probability that each schedule ends lowest. The resampled fits move all schedules together, which
 * cancels in part; the law's misfit is drawn for each schedule by itself.
 */
export function lowestProbabilities(
  forecaster: CurveForecaster,
  schedules: readonly RateSchedule[],
  seed = 1,
): readonly number[] {
  const { fit, replicates, misfit, widening } = forecaster;
  const random = new Random(seed, "compare schedules");
  const logEnds = (theta: Float64Array) => finalLosses(forecaster, theta, schedules).map(Math.log);
  const centre = logEnds(fit.theta);
  const wins = schedules.map(() => 0);
  for (const theta of replicates) {
    const own = logEnds(theta).map((log, i) => centre[i]! + widening * (log - centre[i]!));
    for (let draw = 0; draw < DRAWS_PER_REPLICATE; draw++)
      wins[indexOfLowest(own.map((log) => log + widening * misfit * random.normal()))]!++;
  }
  return wins.map((count) => count / (replicates.length * DRAWS_PER_REPLICATE));
}

function finalLosses({ fit }: CurveForecaster, theta: Float64Array, schedules: readonly RateSchedule[]) {
  return schedules.map((schedule) => expectedLosses({ ...fit, theta }, schedule, [endOf(schedule)])[0]!);
}

/** The best length of a decay, as a share of all steps, and how little it matters. */
export type BestDecay = {
  /** 90 % of the resampled fits have their own best between `lo` and `hi`. */
  readonly share: Interval;
  readonly schedule: RateSchedule;
  readonly final: Expected;
  /** Shares whose final loss is expected within .1 % of the best. */
  readonly within: { readonly lo: number; readonly hi: number };
  /** Every share tried and the final loss expected of it. */
  readonly tried: readonly { readonly share: number; readonly loss: number }[];
  /** True where the best lies at an end of what was tried: then it is no optimum, only a direction. */
  readonly atEdge: boolean;
};

const SHARES = Array.from({ length: 33 }, (_, i) => 0.01 * 100 ** (i / 32));

/** Tries decays from 1 % of the steps to all of them. */
export function bestDecay(forecaster: CurveForecaster, make: (share: number) => RateSchedule): BestDecay {
  const { fit, replicates } = forecaster;
  const schedules = SHARES.map(make);
  const losses = finalLosses(forecaster, fit.theta, schedules);
  const best = indexOfLowest(losses);
  const own = replicates.map((theta) => SHARES[indexOfLowest(finalLosses(forecaster, theta, schedules))]!);
  const close = SHARES.filter((_, i) => losses[i]! <= losses[best]! * 1.001);
  const schedule = schedules[best]!;
  return {
    share: intervalAround(SHARES[best]!, own),
    schedule,
    final: expectedAt(forecaster, schedule, [endOf(schedule)])[0]!,
    within: { lo: close[0]!, hi: close.at(-1)! },
    tried: SHARES.map((share, i) => ({ share, loss: losses[i]! })),
    atEdge: best === 0 || best === SHARES.length - 1,
  };
}

function indexOfLowest(values: readonly number[]): number {
  return values.indexOf(Math.min(...values));
}
