/** @file A task's accuracy at a target: by two-step and direct law, and by both, weighed by back-tests. */

import { UserError } from "../../errors.ts";
import type { Design } from "../../law/law.ts";
import { certain, holds, type Interval, intervalOfDraws } from "../../math/interval.ts";
import { logistic, logit } from "../../math/logit.ts";
import { Z_90 } from "../../math/normal.ts";
import { Random } from "../../math/random.ts";
import { median, sum } from "../../math/statistics.ts";
import { fixed } from "../../units/print.ts";
import { againstLoss } from "./fit.ts";
import { noiseOf, posteriorDraws, type ScoredPoint } from "./posterior.ts";
import { directLaw, sigmoidLaw, type TaskLaw } from "./task-laws.ts";
import { checkTaskPoints, type TaskPoint } from "./task-point.ts";

/** A finished run of the ladder with its score. */
export type TaskRun = Design & TaskPoint;

/** One forecast of the back-test: fitted below the cut, tested on a run above it. */
export type TaskBackTestRow = {
  readonly cut: number;
  readonly reach: number;
  readonly measured: number;
  readonly twoStep: Interval;
  readonly direct: Interval;
};

/** A larger model's accuracy, by two laws and their mixture. */
export type TaskForecast = Interval & {
  /** loss -> accuracy, fed with the forecast of the loss. */
  readonly twoStep: Interval;
  /** compute -> accuracy. */
  readonly direct: Interval;
  /** Share of each law in the forecast. */
  readonly weights: { readonly twoStep: number; readonly direct: number };
  /** Factor on the intervals, learnt from the back-test; 1 where its forecasts held. */
  readonly widening: number;
  readonly backTest: readonly TaskBackTestRow[];
  /** Target compute over the largest run's. */
  readonly reach: number;
  readonly basis: string;
  readonly warnings: readonly string[];
};

const NUM_DRAWS = 640;
const NUM_BACK_TEST_DRAWS = 160;
/** A law must be fitted to at least so many levels of compute below a cut. */
const FEWEST_LEVELS = 4;
/** Back-test forecasts, as wide as they should be, that the widening starts from: a few say little. */
const PRIOR_ROWS = 4;
/** Log scores are capped, and count half, since forecasts of one back-test share their errors. */
const MOST_LOG_SCORE = 4;
const LEAST_WEIGHT = 0.1;

/**
 * The accuracy that would be measured at the target, on as many items as the ladder's runs were scored on.
 * `loss` is the forecast of the same loss that the runs carry: held-out loss, or the task's own. Throws a
 * `UserError` where all runs are at chance.
 */
export function forecastTask(runs: readonly TaskRun[], target: Design, loss: Interval): TaskForecast {
  checkTaskPoints(runs);
  checkTarget(target, loss);
  const ordered = runs.toSorted((a, b) => a.c - b.c);
  const backTest = backTestOf(ordered);
  const widening = wideningOf(backTest);
  const weights = weightsOf(backTest);
  const posteriors = posteriorsOf(ordered, NUM_DRAWS);
  const [bySigmoid, byPower] = [posteriors.twoStep(loss), posteriors.direct(target.c)];
  const [twoStep, direct] = [intervalOf(bySigmoid, widening), intervalOf(byPower, widening)];
  // Draws come in no order that matters, so a stretch of them is a sample.
  const numTwoStep = Math.round(weights.twoStep * NUM_DRAWS);
  const pooled = [...bySigmoid.slice(0, numTwoStep), ...byPower.slice(numTwoStep)];
  const reach = target.c / ordered.at(-1)!.c;
  return {
    ...intervalOf(pooled, widening),
    twoStep,
    direct,
    weights,
    widening,
    backTest,
    reach,
    basis: basisOf(ordered, reach, backTest, widening),
    warnings: warningsOf(ordered, target, twoStep, direct),
  };
}

function checkTarget(target: Design, loss: Interval): void {
  if (target.c > 0 && loss.lo > 0 && loss.lo <= loss.median && loss.median <= loss.hi && loss.hi < Infinity)
    return;
  throw new UserError(
    `a target of ${target.c} FLOPs with a loss of ${loss.median} (${loss.lo} to ${loss.hi})`,
    "positive compute, and a loss forecast with an interval",
    "forecast the loss first",
  );
}

/** Both laws' posteriors, ready to say what would be measured at any design above the runs. */
type Posteriors = {
  readonly twoStep: (loss: Interval) => readonly number[];
  readonly direct: (c: number) => readonly number[];
};

function posteriorsOf(runs: readonly TaskRun[], numDraws: number): Posteriors {
  const chance = runs[0]!.chance;
  const random = new Random(0, "laws.tasks.forecast");
  const twoStep = sigmoidLaw(
    runs.map(({ loss }) => loss),
    chance,
  );
  const direct = directLaw(Math.log(Math.max(...runs.map(({ c }) => c))), chance);
  const sampler = (law: TaskLaw, points: readonly ScoredPoint[]) => {
    const draws = posteriorDraws(law, points, numDraws, random);
    // A draw of the parameters, of x, and of the measurement's own noise.
    return (x: () => number) =>
      draws.map((draw) => {
        const score = law.curve(draw)(x());
        return clamped(score + noiseOf(law, draw, itemSd(runs, score)) * random.normal());
      });
  };
  const sampleTwoStep = sampler(twoStep, runs.map(againstLoss));
  const sampleDirect = sampler(
    direct,
    runs.map(({ c, score, sd }) => ({ x: Math.log(c), score, sd })),
  );
  return {
    twoStep: (loss) => sampleTwoStep(() => drawLoss(loss, random)),
    direct: (c) => sampleDirect(() => Math.log(c)),
  };
}

const clamped = (score: number) => Math.min(1, Math.max(0, score));

/** Normal in log loss, with each side as wide as the interval's. */
function drawLoss({ median, lo, hi }: Interval, random: Random): number {
  const normal = random.normal();
  const edge = normal < 0 ? lo : hi;
  return median * Math.exp((Math.abs(Math.log(edge / median)) / Z_90) * normal);
}

/** Noise of items at another accuracy: sqrt(p (1 - p)) in proportion to what the runs had. */
function itemSd(runs: readonly TaskRun[], score: number): number {
  const spread = (p: number) => Math.sqrt(Math.max(0.01, p * (1 - p)));
  const ratios = runs.map((run) => run.sd / spread(run.score));
  return median(ratios) * spread(score);
}

/** Quantiles of the samples, stretched about their median in log odds, so that they stay within 0..1. */
function intervalOf(samples: readonly number[], widening: number): Interval {
  const interval = intervalOfDraws(samples);
  if (widening === 1) return interval;
  const logOdds = (p: number) => logit(Math.min(1 - 1e-6, Math.max(1e-6, p)));
  const centre = logOdds(interval.median);
  const stretched = (p: number) => logistic(centre + widening * (logOdds(p) - centre));
  return {
    median: interval.median,
    lo: Math.min(interval.lo, stretched(interval.lo)),
    hi: Math.max(interval.hi, stretched(interval.hi)),
  };
}

/** Rolling origin over levels of compute. The tested run's loss is known: the step to accuracy is tested. */
function backTestOf(runs: readonly TaskRun[]): readonly TaskBackTestRow[] {
  const levels = [...new Set(runs.map(({ c }) => c))];
  return levels.slice(FEWEST_LEVELS - 1, -1).flatMap((cut) => {
    const below = runs.filter(({ c }) => c <= cut);
    const above = runs.filter(({ c }) => c > cut);
    if (new Set(below.map(({ loss }) => loss)).size < FEWEST_LEVELS) return [];
    const posteriors = posteriorsOf(below, NUM_BACK_TEST_DRAWS);
    return above.map(({ c, loss, score }) => ({
      cut,
      reach: c / cut,
      measured: score,
      twoStep: intervalOf(posteriors.twoStep(certain(loss)), 1),
      direct: intervalOf(posteriors.direct(c), 1),
    }));
  });
}

/** Distance of the measurement from the median, in standard deviations of the forecast on that side. */
function standardised(measured: number, { median, lo, hi }: Interval): number {
  const half = Math.max(measured < median ? median - lo : hi - median, 1e-3);
  return (Z_90 * (measured - median)) / half;
}

function wideningOf(rows: readonly TaskBackTestRow[]): number {
  const squares = rows.map(
    ({ measured, twoStep, direct }) =>
      (standardised(measured, twoStep) ** 2 + standardised(measured, direct) ** 2) / 2,
  );
  return Math.max(1, Math.sqrt((PRIOR_ROWS + sum(squares)) / (PRIOR_ROWS + squares.length)));
}

function weightsOf(rows: readonly TaskBackTestRow[]): TaskForecast["weights"] {
  const advantage = rows.reduce(
    (sum, { measured, twoStep, direct }) => sum + logScore(measured, twoStep) - logScore(measured, direct),
    0,
  );
  const twoStep = 1 / (1 + Math.exp(-Math.max(-MOST_LOG_SCORE, Math.min(MOST_LOG_SCORE, advantage)) / 2));
  const kept = Math.min(1 - LEAST_WEIGHT, Math.max(LEAST_WEIGHT, twoStep));
  return { twoStep: kept, direct: 1 - kept };
}

function logScore(measured: number, interval: Interval): number {
  return -(standardised(measured, interval) ** 2) / 2 - Math.log(interval.hi - interval.lo + 1e-3);
}

function basisOf(
  runs: readonly TaskRun[],
  reach: number,
  rows: readonly TaskBackTestRow[],
  widening: number,
): string {
  const inside = (which: "twoStep" | "direct") =>
    rows.filter((row) => holds(row[which], row.measured)).length;
  const percent = (share: number, decimals: number) => `${fixed(100 * share, decimals)} %`;
  const best = percent(Math.max(...runs.map(({ score }) => score)), 1);
  const chance = percent(runs[0]!.chance, 0);
  const test =
    rows.length === 0
      ? "too few levels of compute for a back-test"
      : `of ${rows.length} back-test forecasts ${inside("twoStep")} of the two-step and ${inside("direct")} of ` +
        `the direct law held, intervals widened ${fixed(widening, 2)} times`;
  return `${runs.length} runs, accuracy up to ${best} (chance ${chance}), reach ${fixed(reach, 1)}; ${test}`;
}

/** The paper's direct law holds at one D / N; with more spread compute alone is a poor guide. */
const MOST_RATIO_SPREAD = 3;

function warningsOf(
  runs: readonly TaskRun[],
  target: Design,
  twoStep: Interval,
  direct: Interval,
): readonly string[] {
  const ratios = [...runs, target].map(({ n, d }) => d / n);
  const spread = Math.max(...ratios) / Math.min(...ratios);
  const warnings: string[] = [];
  if (spread > MOST_RATIO_SPREAD)
    warnings.push(
      `tokens per parameter differ ${fixed(spread, 1)} times between runs and target: the direct law ` +
        "reads compute alone",
    );
  if (twoStep.lo > direct.hi || direct.lo > twoStep.hi)
    warnings.push("the intervals of the two laws do not overlap: at least one of them is wrong here");
  return warnings;
}
