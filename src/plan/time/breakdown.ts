/** @file Where a run's time goes, and which causes its interruptions have. */

import { drawPoisson } from "../../math/gamma.ts";
import { type Interval, intervalAround } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { CAUSE, type CauseName } from "./causes.ts";
import { type Conditions, type ExpectedRun, plannedShare } from "./expected-run.ts";
import { type CauseRate, drawCauseFactor, drawClusterFactor } from "./hazard.ts";

export const PARTS = ["productive", "saving", "lostWork", "detection", "restart", "planned"] as const;
/** `lostWork`: training done again, with the saves in it, and what a late save was behind. */
export type PartOfTime = (typeof PARTS)[number];

/** Seconds by what they go to. */
export type Breakdown<Value> = Readonly<Record<PartOfTime, Value>>;

/** Expected parts of one run; they add up to its time. */
export function breakdownOf(conditions: Conditions, expected: ExpectedRun): Breakdown<number> {
  const { elapsedSeconds, productiveSeconds: productive } = expected;
  // What strikes a recovery strikes detection and restart alike.
  const perRecovery = expected.recoverySeconds / (conditions.detectionSeconds + conditions.restartSeconds);
  const detection = perRecovery * conditions.detectionSeconds;
  const restart = perRecovery * conditions.restartSeconds;
  const planned = elapsedSeconds * plannedShare(conditions);
  const saving = (productive / conditions.intervalSeconds) * conditions.stallSeconds;
  const lostWork = elapsedSeconds - productive - saving - detection - restart - planned;
  return { productive, saving, lostWork, detection, restart, planned };
}

/** How often one cause will strike. */
export type CauseForecast = {
  readonly cause: CauseName;
  readonly failures: Interval;
};

const NUM_DRAWS = 500;
const SEED = 20_244;

/**
 * Interruptions by cause: the run's, shared out by the causes' settled rates among those that age alike; the
 * interval adds how well each cause's own rate is known, how far clusters differ, and chance.
 */
export function failuresByCause(
  rates: readonly CauseRate[],
  clusterLogSd: number,
  { failures, softwareFailures }: ExpectedRun,
): readonly CauseForecast[] {
  const random = new Random(SEED, "causes");
  const settled = (ages: "hardware" | "software") =>
    rates
      .filter(({ cause }) => CAUSE[cause].ages === ages)
      .reduce((sum, { perSecond }) => sum + perSecond, 0);
  return rates.map((rate) => {
    const { cause, perSecond } = rate;
    const { ages } = CAUSE[cause];
    const all = ages === "software" ? softwareFailures : failures - softwareFailures;
    const expected = (all * perSecond) / settled(ages);
    const draws = Array.from({ length: NUM_DRAWS }, () => {
      const factor = drawClusterFactor(clusterLogSd, random) * drawCauseFactor(rate, random);
      return drawPoisson(random, expected * factor);
    });
    return { cause, failures: intervalAround(expected, draws) };
  });
}
