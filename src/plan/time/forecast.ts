/** @file A whole run with its failures: wall-clock, goodput, lost work, spares, energy and cost, each with its 90 % interval. */

import { UserError } from "../../errors.ts";
import { drawGamma, drawPoisson } from "../../math/gamma.ts";
import { drawFrom, type Interval, intervalOfDraws } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";
import { formatSeconds, significant } from "../../units/print.ts";
import {
  type Breakdown,
  breakdownOf,
  breakdownOver,
  type CauseForecast,
  failuresByCause,
} from "./breakdown.ts";
import { drawBurnIn, typicalBurnIn } from "./burn-in.ts";
import { availabilityOptimalInterval, bestInterval, type Losses, youngInterval } from "./checkpoint.ts";
import { causeRates, drawHazard, rateAt, typicalHazard } from "./hazard.ts";
import { cycleVariation, lossMoments, type Passage, passThrough, type Setting, shareAt } from "./pass.ts";
import type { RunQuestion } from "./question.ts";
import { type Spares, sparesFor } from "./spares.ts";

export type RunForecast = {
  readonly elapsedSeconds: Interval;
  readonly productiveSeconds: Interval;
  readonly goodput: Interval;
  readonly failures: Interval;
  readonly failureSeconds: Interval;
  /** Failures and planned stops: each is followed by one. */
  readonly restarts: Interval;
  readonly deviceHours: Interval;
  readonly energyItKwh: Interval;
  readonly energyKwh: Interval;
  readonly cost: Interval | null;
  readonly checkpoint: {
    readonly youngSeconds: number;
    readonly availabilityOptimalSeconds: number;
    readonly bestSeconds: number;
    readonly usedSeconds: number;
    /** Productive share at the interval used and at twice and half of it, everything else at its middle. */
    readonly goodputAt: readonly { readonly intervalSeconds: number; readonly goodput: number }[];
  };
  readonly spares: Spares;
  /** Seconds; the medians are those of the middle of everything, and add up to its time. */
  readonly breakdown: Breakdown<Interval>;
  readonly causes: readonly CauseForecast[];
};

const NUM_DRAWS = 2000;
const SEED = 20_241;
const HOUR = 3600;

/** Answers the question. The same question has the same answer to the last digit. */
export function forecastRun(question: RunQuestion, numDraws = NUM_DRAWS): RunForecast {
  const rates = causeRates(question.record, question.numDevices, question.devicesPerNode);
  const typical = typicalSetting(question, rates);
  const middle = passThrough(typical, limitOf(question));
  const random = new Random(SEED, "plan time");
  const draws = Array.from({ length: numDraws }, () => drawRun(question, rates, typical, random));
  const of = (pick: (draw: RunDraw) => number) => intervalOfDraws(draws.map(pick));
  return {
    elapsedSeconds: of((draw) => draw.elapsed),
    productiveSeconds: of((draw) => draw.productive),
    goodput: of((draw) => draw.productive / draw.elapsed),
    failures: of((draw) => draw.failures),
    failureSeconds: of((draw) => draw.elapsed / draw.expectedFailures),
    restarts: of((draw) => draw.failures + (draw.elapsed / DAY_SECONDS) * question.plannedPerDay),
    deviceHours: of((draw) => (draw.elapsed / HOUR) * question.numDevices),
    energyItKwh: of((draw) => draw.energyItKwh),
    energyKwh: of((draw) => draw.energyItKwh * draw.pue),
    cost: question.pricePerDeviceHour === null ? null : of((draw) => draw.cost),
    checkpoint: checkpointChoice(typical, middle),
    spares: sparesFor(draws.map(({ nodesOut }) => nodesOut)),
    breakdown: breakdownOver(
      breakdownOf(typical, middle),
      draws.map((draw) => draw.breakdown),
    ),
    causes: failuresByCause(rates, question.record, question.clusterLogSd, middle),
  };
}

/** Below this share a run is no plan: it spends its time restarting. */
const LEAST_GOODPUT = 0.01;

/** Throws a `UserError` where next to nothing would get done. */
export function refuseHopeless(question: RunQuestion, { goodput, failureSeconds }: RunForecast): void {
  if (goodput.median >= LEAST_GOODPUT) return;
  const recovery = question.detectionSeconds.median + question.restartSeconds.median;
  if (!Number.isFinite(failureSeconds.median)) {
    throw new UserError(
      `${significant(question.plannedPerDay, 2)} planned stops a day, ${formatSeconds(question.restartSeconds.median)} each to restart: nothing else gets done`,
      "time to train between two stops",
      "a faster restart (--restart), or fewer planned stops (--planned-per-day)",
    );
  }
  if (question.intervalSeconds !== null && question.intervalSeconds > failureSeconds.median) {
    throw new UserError(
      `a save every ${formatSeconds(question.intervalSeconds)}, an interruption every ${formatSeconds(failureSeconds.median)}: less than 1 % of the time is productive`,
      "saves closer together than interruptions",
      "shorten --checkpoint-interval, or leave it out to take the best",
    );
  }
  throw new UserError(
    `an interruption every ${formatSeconds(failureSeconds.median)}, ${formatSeconds(recovery)} to notice and restart, ${formatSeconds(question.stallSeconds.median)} to save: less than 1 % of the time is productive`,
    "time to train between two interruptions",
    "fewer devices, rarer failures, a faster restart or save (--restart, --storage, --save-mode async)",
  );
}

type RunDraw = {
  readonly elapsed: number;
  readonly productive: number;
  readonly failures: number;
  readonly expectedFailures: number;
  readonly energyItKwh: number;
  readonly pue: number;
  readonly cost: number;
  readonly nodesOut: number;
  readonly breakdown: Breakdown<number>;
};

/** Everything at its middle, with the interval that will be used: a plan has to fix that before it knows better. */
function typicalSetting(question: RunQuestion, rates: ReturnType<typeof causeRates>): Setting {
  const setting = {
    hazard: typicalHazard(rates),
    youth: typicalBurnIn(question.ages),
    stallSeconds: question.stallSeconds.median,
    lagSeconds: question.lagSeconds.median,
    detectionSeconds: question.detectionSeconds.median,
    restartSeconds: question.restartSeconds.median,
    plannedPerDay: question.plannedPerDay,
  };
  if (question.intervalSeconds !== null) return { ...setting, intervalSeconds: question.intervalSeconds };
  // The average rate depends a little on how long the run takes, that on the interval: a second round settles it.
  const { work } = question;
  const most = work.kind === "elapsed" ? work.seconds : work.seconds.median;
  let intervalSeconds = Math.min(
    most,
    bestInterval(lossesOf(setting, rateAt(setting.hazard, setting.youth, 0))),
  );
  for (let round = 0; round < 2; round++) {
    const { failures, elapsedSeconds } = passThrough({ ...setting, intervalSeconds }, limitOf(question));
    intervalSeconds = Math.min(most, bestInterval(lossesOf(setting, failures / elapsedSeconds)));
  }
  return { ...setting, intervalSeconds };
}

function limitOf({ work }: RunQuestion, productiveSeconds?: number) {
  return work.kind === "elapsed"
    ? { elapsedSeconds: work.seconds }
    : { productiveSeconds: productiveSeconds ?? work.seconds.median };
}

function lossesOf(setting: Omit<Setting, "intervalSeconds">, failuresPerSecond: number): Losses {
  return {
    failureSeconds: 1 / failuresPerSecond,
    stallSeconds: setting.stallSeconds,
    lagSeconds: setting.lagSeconds,
    recoverySeconds: setting.detectionSeconds + setting.restartSeconds,
  };
}

/** One belief and one run of luck: the number of failures, and what they cost together. */
function drawRun(
  question: RunQuestion,
  rates: ReturnType<typeof causeRates>,
  typical: Setting,
  random: Random,
): RunDraw {
  const setting: Setting = {
    hazard: drawHazard(rates, question.record, question.clusterLogSd, random),
    youth: drawBurnIn(question.ages, random),
    stallSeconds: drawFrom(question.stallSeconds, random),
    lagSeconds: drawFrom(question.lagSeconds, random),
    detectionSeconds: drawFrom(question.detectionSeconds, random),
    restartSeconds: drawFrom(question.restartSeconds, random),
    plannedPerDay: question.plannedPerDay,
    intervalSeconds: typical.intervalSeconds,
  };
  const { work } = question;
  const wanted = work.kind === "productive" ? drawFrom(work.seconds, random) : 0;
  const expected = passThrough(setting, limitOf(question, wanted));
  const lucky = withChance(setting, expected, work.kind, random);
  const pricePerHour = question.pricePerDeviceHour ? drawFrom(question.pricePerDeviceHour, random) : 0;
  const deviceHours = (lucky.elapsed / HOUR) * question.numDevices;
  return {
    ...lucky,
    expectedFailures: expected.failures,
    energyItKwh: (deviceHours * drawFrom(question.nodeWattsPerDevice, random)) / 1000,
    pue: drawFrom(question.pue, random),
    cost: deviceHours * pricePerHour,
    nodesOut: expected.removingPerSecond * drawFrom(question.repairSeconds, random),
    breakdown: breakdownOf(setting, expected),
  };
}

/** Failures are a Poisson count; what they cost beyond expectation is added to the time, or taken off the work. */
function withChance(setting: Setting, expected: Passage, kind: RunQuestion["work"]["kind"], random: Random) {
  const failures = drawPoisson(random, expected.failures);
  const perSecond = expected.failures / expected.elapsedSeconds;
  if ((setting.intervalSeconds + setting.stallSeconds) * perSecond > 1) {
    return { failures, ...withRareSaves(setting, expected, kind, random) };
  }
  const loss = lossMoments(setting, expected.failures / expected.elapsedSeconds);
  const beyond =
    (failures - expected.failures) * loss.mean + Math.sqrt(failures * loss.variance) * random.normal();
  const { elapsedSeconds, productiveSeconds } = expected;
  if (kind === "productive") {
    const least = productiveSeconds * (1 + setting.stallSeconds / setting.intervalSeconds);
    return { failures, productive: productiveSeconds, elapsed: Math.max(least, elapsedSeconds + beyond) };
  }
  const most = elapsedSeconds / (1 + setting.stallSeconds / setting.intervalSeconds);
  const done = productiveSeconds - beyond / (1 + setting.stallSeconds / setting.intervalSeconds);
  return { failures, elapsed: elapsedSeconds, productive: Math.min(most, Math.max(0, done)) };
}

/**
 * Saves further apart than failures: what counts is how soon an interval ends undisturbed. So many of them take a time that is near a
 * Gamma's, so much time holds a number of them that is near one with the same shape; the means stay Daly's.
 */
function withRareSaves(
  setting: Setting,
  { elapsedSeconds, productiveSeconds, failures }: Passage,
  kind: RunQuestion["work"]["kind"],
  random: Random,
) {
  const shape =
    productiveSeconds / setting.intervalSeconds / cycleVariation(setting, failures / elapsedSeconds);
  // Nothing is ever saved: Gamma has no such shape.
  const factor = shape > 0 ? drawGamma(random, shape) / shape : 1;
  return kind === "productive"
    ? { productive: productiveSeconds, elapsed: elapsedSeconds * factor }
    : { elapsed: elapsedSeconds, productive: Math.min(elapsedSeconds, productiveSeconds * factor) };
}

function checkpointChoice(
  typical: Setting,
  { failures, elapsedSeconds }: Passage,
): RunForecast["checkpoint"] {
  const rate = failures / elapsedSeconds;
  const losses = lossesOf(typical, rate);
  const used = typical.intervalSeconds;
  return {
    youngSeconds: youngInterval(losses),
    availabilityOptimalSeconds: availabilityOptimalInterval(losses),
    bestSeconds: bestInterval(losses),
    usedSeconds: used,
    goodputAt: [used / 4, used / 2, used, used * 2, used * 4].map((intervalSeconds) => ({
      intervalSeconds,
      goodput: shareAt({ ...typical, intervalSeconds }, rate),
    })),
  };
}
