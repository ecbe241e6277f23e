/**
 * @file The goodput that `plan time` would forecast from what a run has shown of itself: how often it failed,
 * what a save, a detection and a restart took. What is left between the two has a cause.
 */

import { breakdownOf, PARTS, type PartOfTime } from "../../plan/time/breakdown.ts";
import { burnInOf } from "../../plan/time/burn-in.ts";
import { productiveShare } from "../../plan/time/checkpoint.ts";
import { type Conditions, expectedRun, lossesAt } from "../../plan/time/expected-run.ts";
import { formatSeconds, formatShare } from "../../units/print.ts";
import { type RunTime, type SecondsByCause, TIME_CAUSES, type TimeCause } from "./goodput.ts";

/** Means over what has been seen. Seconds. */
export type SeenConditions = {
  readonly failures: number;
  /** Time in which a failure would have struck. */
  readonly exposedSeconds: number;
  readonly saveSeconds: number;
  /** Training between two saves. */
  readonly intervalSeconds: number;
  readonly detectionSeconds: number;
  readonly restartSeconds: number;
};

/** What was to be expected under these conditions, and how far from it the run is. */
export type ExpectedGoodput = {
  readonly conditions: SeenConditions;
  readonly goodput: number;
  /** Shares of the time, as in `RunTime.seconds`. */
  readonly shares: Readonly<Partial<Record<TimeCause, number>>>;
  /** Measured less expected, in percentage points; what most of it comes from, in words. */
  readonly gapPoints: number;
  readonly reason: string;
};

/** A run without a failure tells only that there are few: the formula then has one in so many runs of it. */
const RUNS_PER_UNSEEN_FAILURE = 1e6;

/** Null before the first checkpoint of a run that did a step: there is nothing to go by. */
export function expectedGoodput(time: RunTime): ExpectedGoodput | null {
  const seen = conditionsSeen(time);
  if (seen === null) return null;
  const rate = Math.max(seen.failures, 1 / RUNS_PER_UNSEEN_FAILURE) / seen.exposedSeconds;
  const conditions: Conditions = {
    hazard: { hardware: rate, software: 0, removing: 0 },
    burnIn: burnInOf({ hardwareDays: null, softwareDays: null, observed: null }, ({ median }) => median),
    stallSeconds: seen.saveSeconds,
    lagSeconds: 0,
    // Neither is ever nothing, and the parts are shared out by their ratio.
    detectionSeconds: Math.max(seen.detectionSeconds, 1e-6),
    restartSeconds: Math.max(seen.restartSeconds, 1e-6),
    plannedPerDay: 0,
    intervalSeconds: seen.intervalSeconds,
  };
  const elapsedSeconds = time.wallSeconds - time.seconds.start - time.seconds.evaluation;
  const parts = breakdownOf(conditions, expectedRun(conditions, { elapsedSeconds }));
  const isExpected = (part: PartOfTime) => seen.failures > 0 || part === "productive" || part === "saving";
  const shares = Object.fromEntries(
    PARTS.flatMap((part) =>
      part in CAUSE_OF_PART
        ? [[CAUSE_OF_PART[part], isExpected(part) ? parts[part] / elapsedSeconds : 0]]
        : [],
    ),
  ) as ExpectedGoodput["shares"];
  const goodput = productiveShare(lossesAt(conditions, rate), seen.intervalSeconds);
  const gapPoints = 100 * (time.goodput - goodput);
  return {
    conditions: seen,
    goodput,
    shares,
    gapPoints,
    reason: reasonOf(time.seconds, elapsedSeconds, shares, seen),
  };
}

const CAUSE_OF_PART: Readonly<Partial<Record<PartOfTime, TimeCause>>> = {
  productive: "productive",
  saving: "checkpoint",
  lostWork: "recomputed",
  detection: "detection",
  restart: "restart",
};

function conditionsSeen({ attempts, seconds, wallSeconds }: RunTime): SeenConditions | null {
  const numSaves = attempts.reduce((sum, attempt) => sum + attempt.numSaves, 0);
  if (numSaves === 0 || seconds.productive === 0) return null;
  const failures = attempts.filter(({ outcome }) => ["failed", "vanished"].includes(outcome.kind)).length;
  const each = (total: number) => (failures === 0 ? 0 : total / failures);
  return {
    failures,
    exposedSeconds: wallSeconds - seconds.start - seconds.evaluation - seconds.waiting,
    saveSeconds: seconds.checkpoint / numSaves,
    intervalSeconds: seconds.productive / numSaves,
    detectionSeconds: each(seconds.detection),
    restartSeconds: each(seconds.restart),
  };
}

/** Below, a difference is printed as 0.0 %. */
const LEAST_TOLD_SHARE = 0.0005;

/** The cause that took most beyond its forecast, or saved most. */
function reasonOf(
  seconds: SecondsByCause,
  elapsedSeconds: number,
  shares: ExpectedGoodput["shares"],
  { failures }: SeenConditions,
): string {
  const lost = TIME_CAUSES.filter((cause) => !["productive", "start", "evaluation"].includes(cause));
  const [most] = lost
    .map((cause) => ({ cause, share: seconds[cause] / elapsedSeconds, expected: shares[cause] ?? 0 }))
    .toSorted((a, b) => Math.abs(b.share - b.expected) - Math.abs(a.share - a.expected));
  const { cause, share, expected } = most!;
  if (Math.abs(share - expected) < LEAST_TOLD_SHARE) return "no cause takes more or less than expected";
  return (
    `most of it is ${cause}: ${formatShare(share)} of the time (${formatSeconds(seconds[cause])}) ` +
    `where ${formatShare(expected)} are to be expected of ${failures} failure${failures === 1 ? "" : "s"}`
  );
}
