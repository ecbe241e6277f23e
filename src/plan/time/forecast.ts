/**
 * @file A whole run with its failures: wall-clock, goodput, lost work, spares, energy and cost, each with its
 * 90 % interval.
 */

import { UserError } from "../../errors.ts";
import { drawFrom, type Interval, intervalOfDraws, intervalsAround } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { DAY_SECONDS, HOUR_SECONDS } from "../../units/kinds.ts";
import { formatSeconds, significant } from "../../units/print.ts";
import { type Breakdown, breakdownOf, type CauseForecast, failuresByCause } from "./breakdown.ts";
import { burnInOf } from "./burn-in.ts";
import { type ChancedRun, withChance } from "./chance.ts";
import { availabilityOptimalInterval, bestInterval, youngInterval } from "./checkpoint.ts";
import { type Conditions, expectedRun, lossesAt, shareAt } from "./expected-run.ts";
import {
  type CauseRate,
  causeRates,
  drawCauseFactor,
  drawClusterFactor,
  type Hazard,
  hazardAt,
  hazardOf,
} from "./hazard.ts";
import type { RunInputs, Work } from "./run-inputs.ts";
import { type Spares, sparesFor } from "./spares.ts";

/** How long a run takes with its failures, and what that costs. */
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

/** Forecasts the run. The same inputs have the same forecast to the last digit. */
export function forecastRun(inputs: RunInputs, numDraws = NUM_DRAWS): RunForecast {
  const { numDevices, plannedPerDay, work } = inputs;
  const rates = causeRates(inputs.record, numDevices, inputs.devicesPerNode);
  const middle = middleConditions(inputs, rates);
  const expected = expectedRun(middle, limitOf(work));
  const random = new Random(SEED, "plan time");
  const draws = Array.from({ length: numDraws }, () =>
    drawRun(inputs, rates, middle.intervalSeconds, random),
  );
  const of = (pick: (draw: RunDraw) => number) => intervalOfDraws(draws.map(pick));
  return {
    elapsedSeconds: of((draw) => draw.elapsed),
    productiveSeconds: of((draw) => draw.productive),
    goodput: of((draw) => draw.productive / draw.elapsed),
    failures: of((draw) => draw.failures),
    failureSeconds: of((draw) => draw.elapsed / draw.expectedFailures),
    restarts: of((draw) => draw.failures + (draw.elapsed / DAY_SECONDS) * plannedPerDay),
    deviceHours: of((draw) => (draw.elapsed / HOUR_SECONDS) * numDevices),
    energyItKwh: of((draw) => draw.energyItKwh),
    energyKwh: of((draw) => draw.energyItKwh * draw.pue),
    cost: inputs.pricePerDeviceHour === null ? null : of((draw) => draw.cost),
    checkpoint: checkpointChoice(middle, expected.failures / expected.elapsedSeconds),
    spares: sparesFor(draws.map(({ nodesOut }) => nodesOut)),
    // The middle's parts add up; each has the interval of the draws.
    breakdown: intervalsAround(
      breakdownOf(middle, expected),
      draws.map((draw) => draw.breakdown),
    ),
    causes: failuresByCause(rates, inputs.clusterLogSd, expected),
  };
}

/** Below this share a run is no plan: it spends its time restarting. */
const LEAST_GOODPUT = 0.01;

/** Throws a `UserError` where next to nothing would get done. */
export function refuseHopeless(inputs: RunInputs, { goodput, failureSeconds }: RunForecast): void {
  if (goodput.median >= LEAST_GOODPUT) return;
  const { detectionSeconds, restartSeconds, stallSeconds, intervalSeconds, plannedPerDay } = inputs;
  const between = failureSeconds.median;
  if (!Number.isFinite(between))
    throw new UserError(
      `${significant(plannedPerDay, 2)} planned stops a day, ${formatSeconds(restartSeconds.median)} each ` +
        "to restart: nothing else gets done",
      "time to train between two stops",
      "a faster restart (--restart), or fewer planned stops (--planned-per-day)",
    );
  const little = "less than 1 % of the time is productive";
  if (intervalSeconds !== null && intervalSeconds > between)
    throw new UserError(
      `a save every ${formatSeconds(intervalSeconds)}, an interruption every ` +
        `${formatSeconds(between)}: ${little}`,
      "saves closer together than interruptions",
      "shorten --checkpoint-interval, or leave it out to take the best",
    );
  const recovery = formatSeconds(detectionSeconds.median + restartSeconds.median);
  throw new UserError(
    `an interruption every ${formatSeconds(between)}, ${recovery} to notice and restart, ` +
      `${formatSeconds(stallSeconds.median)} to save: ${little}`,
    "time to train between two interruptions",
    "fewer devices, rarer failures, a faster restart or save (--restart, --storage, --save-mode async)",
  );
}

type RunDraw = ChancedRun & {
  readonly expectedFailures: number;
  readonly energyItKwh: number;
  readonly pue: number;
  readonly cost: number;
  readonly nodesOut: number;
  readonly breakdown: Breakdown<number>;
};

/** Conditions with a hazard, and what is picked of each interval: its median, or a draw. */
function conditionsOf(
  inputs: RunInputs,
  hazard: Hazard,
  pick: (interval: Interval) => number,
): Omit<Conditions, "intervalSeconds"> {
  return {
    hazard,
    burnIn: burnInOf(inputs.ages, pick),
    stallSeconds: pick(inputs.stallSeconds),
    lagSeconds: pick(inputs.lagSeconds),
    detectionSeconds: pick(inputs.detectionSeconds),
    restartSeconds: pick(inputs.restartSeconds),
    plannedPerDay: inputs.plannedPerDay,
  };
}

/**
 * Everything at its median, with the save interval that all runs use: a plan fixes it before it knows better.
 */
function middleConditions(inputs: RunInputs, rates: readonly CauseRate[]): Conditions {
  const hazard = hazardOf(rates, () => 1);
  const conditions = conditionsOf(inputs, hazard, ({ median }) => median);
  const { work } = inputs;
  if (inputs.intervalSeconds !== null) return { ...conditions, intervalSeconds: inputs.intervalSeconds };
  const most = work.kind === "elapsed" ? work.seconds : work.seconds.median;
  const best = (rate: number) => Math.min(most, bestInterval(lossesAt(conditions, rate)));
  let intervalSeconds = best(hazardAt(hazard, conditions.burnIn, 0));
  // The average rate depends a little on how long the run takes, that on the interval: a second round settles
  // it.
  for (let round = 0; round < 2; round++) {
    const { failures, elapsedSeconds } = expectedRun({ ...conditions, intervalSeconds }, limitOf(work));
    intervalSeconds = best(failures / elapsedSeconds);
  }
  return { ...conditions, intervalSeconds };
}

function limitOf(work: Work, productiveSeconds?: number) {
  return work.kind === "elapsed"
    ? { elapsedSeconds: work.seconds }
    : { productiveSeconds: productiveSeconds ?? work.seconds.median };
}

/** One draw of what is not known, and of chance: the number of failures, and what they cost together. */
function drawRun(
  inputs: RunInputs,
  rates: readonly CauseRate[],
  intervalSeconds: number,
  random: Random,
): RunDraw {
  const draw = (interval: Interval) => drawFrom(interval, random);
  const cluster = drawClusterFactor(inputs.clusterLogSd, random);
  const hazard = hazardOf(rates, (rate) => cluster * drawCauseFactor(rate, random));
  const conditions = { ...conditionsOf(inputs, hazard, draw), intervalSeconds };
  const { work } = inputs;
  const expected = expectedRun(
    conditions,
    limitOf(work, work.kind === "productive" ? draw(work.seconds) : 0),
  );
  const lucky = withChance(conditions, expected, work.kind, random);
  const pricePerHour = inputs.pricePerDeviceHour ? draw(inputs.pricePerDeviceHour) : 0;
  const deviceHours = (lucky.elapsed / HOUR_SECONDS) * inputs.numDevices;
  return {
    ...lucky,
    expectedFailures: expected.failures,
    energyItKwh: (deviceHours * draw(inputs.nodeWattsPerDevice)) / 1000,
    pue: draw(inputs.pue),
    cost: deviceHours * pricePerHour,
    nodesOut: expected.removingPerSecond * draw(inputs.repairSeconds),
    breakdown: breakdownOf(conditions, expected),
  };
}

function checkpointChoice(middle: Conditions, failuresPerSecond: number): RunForecast["checkpoint"] {
  const losses = lossesAt(middle, failuresPerSecond);
  const used = middle.intervalSeconds;
  return {
    youngSeconds: youngInterval(losses),
    availabilityOptimalSeconds: availabilityOptimalInterval(losses),
    bestSeconds: bestInterval(losses),
    usedSeconds: used,
    goodputAt: [used / 4, used / 2, used, used * 2, used * 4].map((intervalSeconds) => ({
      intervalSeconds,
      goodput: shareAt({ ...middle, intervalSeconds }, failuresPerSecond),
    })),
  };
}
