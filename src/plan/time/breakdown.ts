/** @file Where a run's time goes, and which causes its interruptions have. */

import { drawGamma, drawPoisson } from "../../math/gamma.ts";
import { type Interval, intervalOfDraws } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { CAUSE, type CauseName, type FailureRecord } from "./causes.ts";
import type { causeRates } from "./hazard.ts";
import { type Passage, plannedShare, type Setting } from "./pass.ts";

/** Seconds by what they go to. */
export type Breakdown<Value> = {
  readonly productive: Value;
  readonly saving: Value;
  /** Training done again, with the saves in it, and what a late save was behind. */
  readonly lostWork: Value;
  readonly detection: Value;
  readonly restart: Value;
  readonly planned: Value;
};

/** Expected parts of one setting; they add up to its time. */
export function breakdownOf(setting: Setting, passage: Passage): Breakdown<number> {
  const { elapsedSeconds, productiveSeconds: productive } = passage;
  // What strikes a recovery strikes detection and restart alike.
  const perRecovery = passage.recoverySeconds / (setting.detectionSeconds + setting.restartSeconds);
  const detection = perRecovery * setting.detectionSeconds;
  const restart = perRecovery * setting.restartSeconds;
  const planned = elapsedSeconds * plannedShare(setting);
  const saving = (productive / setting.intervalSeconds) * setting.stallSeconds;
  const lostWork = elapsedSeconds - productive - saving - detection - restart - planned;
  return { productive, saving, lostWork, detection, restart, planned };
}

/** The middle's parts, which add up, each with the interval that the draws give it. */
export function breakdownOver(
  middle: Breakdown<number>,
  draws: readonly Breakdown<number>[],
): Breakdown<Interval> {
  const part = (name: keyof Breakdown<number>): Interval => {
    const { lo, hi } = intervalOfDraws(draws.map((draw) => draw[name]));
    return { median: middle[name], lo: Math.min(lo, middle[name]), hi: Math.max(hi, middle[name]) };
  };
  return {
    productive: part("productive"),
    saving: part("saving"),
    lostWork: part("lostWork"),
    detection: part("detection"),
    restart: part("restart"),
    planned: part("planned"),
  };
}

export type CauseForecast = {
  readonly cause: CauseName;
  readonly failures: Interval;
};

const NUM_DRAWS = 500;
const SEED = 20_244;

/**
 * Interruptions by cause: the run's, shared out by the causes' settled rates among those that age alike; the interval adds how well each
 * cause's own rate is known, how far clusters differ, and chance.
 */
export function failuresByCause(
  rates: ReturnType<typeof causeRates>,
  record: FailureRecord,
  clusterLogSd: number,
  { failures, softwareFailures }: Passage,
): readonly CauseForecast[] {
  const random = new Random(SEED, "causes");
  const settled = (ages: "hardware" | "software") =>
    rates
      .filter(({ cause }) => CAUSE[cause].ages === ages)
      .reduce((sum, { perSecond }) => sum + perSecond, 0);
  return rates.map(({ cause, perSecond }) => {
    const { ages } = CAUSE[cause];
    const all = ages === "software" ? softwareFailures : failures - softwareFailures;
    const expected = (all * perSecond) / settled(ages);
    const shape = record.counts[cause]! + 0.5;
    const draws = Array.from({ length: NUM_DRAWS }, () => {
      const rate = Math.exp(clusterLogSd * random.normal()) * (drawGamma(random, shape) / shape);
      return drawPoisson(random, expected * rate);
    });
    const { lo, hi } = intervalOfDraws(draws);
    return {
      cause,
      failures: { median: expected, lo: Math.min(lo, expected), hi: Math.max(hi, expected) },
    };
  });
}
