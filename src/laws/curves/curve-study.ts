/** @file Curves and schedules in; fit, errors on what was left out, bands and comparison out. */

import { UserError } from "../../errors.ts";
import { fixed, formatCount, formatList, formatShare } from "../../units/print.ts";
import { type BestDecay, bestDecay, lowestProbabilities } from "./compare.ts";
import type { CurveLaw } from "./curve-laws.ts";
import { expectedLosses } from "./fit-curves.ts";
import {
  type CurveErrors,
  type CurveForecaster,
  type CurveParameter,
  curveParameters,
  type Expected,
  errorsOf,
  expectedAt,
  forecasterOf,
  type TellFits,
} from "./forecast-curve.ts";
import { parseSchedule } from "./parse-schedule.ts";
import { type CurveOptions, type LossCurve, readCurve, readSchedule } from "./read-curve.ts";
import { endOf, peakRate, type RateSchedule, warmupOf } from "./schedule.ts";

/** The text of a file, and its name for messages. */
export type NamedText = { readonly name: string; readonly text: string };

/** Curves to learn from, and schedules to forecast under. */
export type CurveQuestion = {
  readonly law: CurveLaw;
  readonly curves: readonly NamedText[];
  /** As a person writes them: `parseSchedule`. */
  readonly schedules: readonly string[];
  readonly scheduleTables: readonly NamedText[];
  readonly options: CurveOptions;
  /** Told how many of the fits are done. */
  readonly tell?: TellFits;
};

/** What the law expects under one schedule. */
export type ScheduleForecast = {
  readonly name: string;
  readonly schedule: RateSchedule;
  readonly points: readonly Expected[];
  readonly final: Expected;
  /** Steps or peak beyond what the curves show, in words; empty where within. */
  readonly beyond: readonly string[];
  /** Among the schedules asked for; null for a single one. */
  readonly lowestProbability: number | null;
  readonly best: BestDecay | null;
};

/** A law of loss curves fitted, and what it expects under other schedules. */
export type CurveStudy = {
  readonly law: CurveLaw;
  readonly curves: readonly LossCurve[];
  /** The law at the points of each curve. */
  readonly fitted: readonly Float64Array[];
  readonly forecaster: CurveForecaster;
  readonly parameters: readonly CurveParameter[];
  readonly errors: readonly CurveErrors[];
  readonly leftOut: readonly (CurveErrors & { readonly without: string })[];
  readonly forecasts: readonly ScheduleForecast[];
  readonly warnings: readonly string[];
};

const NUM_POINTS = 128;

/** Answers a question about curves. */
export function studyCurves({
  law,
  curves: texts,
  schedules,
  scheduleTables,
  options,
  tell,
}: CurveQuestion): CurveStudy {
  const curves = texts.map(({ name, text }) => readCurve(text, name, options));
  const tables = scheduleTables.map(({ name, text }) => readSchedule(text, name, options));
  checkUnits([...curves, ...tables]);
  // Where a schedule does not say, it has the peak and warm-up that the curves share: those of the first.
  const shared = curves[0]!.schedule;
  const defaults = { peak: peakRate(shared), warmup: warmupOf(shared) };
  const asked = schedules.map((name) => ({ name, parsed: parseSchedule(name, defaults) }));
  for (const { name, parsed } of asked)
    checkReach(curves, name, parsed.kind === "given" ? parsed.schedule : parsed.make(1));
  for (const { name, schedule } of tables) checkReach(curves, name, schedule);
  const forecaster = forecasterOf(curves, law, tell);
  const requested = [
    ...asked.map(({ name, parsed }) => {
      const best = parsed.kind === "search" ? bestDecay(forecaster, parsed.make) : null;
      return { name, best, schedule: parsed.kind === "given" ? parsed.schedule : best!.schedule };
    }),
    ...tables.map(({ name, schedule }) => ({ name, best: null, schedule })),
  ];
  const all = requested.map(({ schedule }) => schedule);
  const chances = all.length < 2 ? [] : lowestProbabilities(forecaster, all);
  return {
    law,
    curves,
    fitted: curves.map(({ schedule, steps }) => expectedLosses(forecaster.fit, schedule, steps)),
    forecaster,
    parameters: curveParameters(forecaster),
    errors: curves.map((curve) => errorsOf(forecaster.fit, curve)),
    leftOut: forecaster.folds.map(({ without, fit, test }) => ({ without, ...errorsOf(fit, test) })),
    forecasts: requested.map(({ name, schedule, best }, i) => {
      const points = expectedAt(forecaster, schedule, stepsOf(schedule));
      return {
        name,
        schedule,
        points,
        final: points.at(-1)!,
        beyond: beyondOf(curves, schedule),
        lowestProbability: chances[i] ?? null,
        best,
      };
    }),
    warnings: warningsOf(curves, forecaster),
  };
}

/** Throws a `UserError` where one counts steps and another tokens: their numbers cannot be compared. */
function checkUnits(read: readonly Pick<LossCurve, "name" | "counts">[]): void {
  const units = Map.groupBy(read, ({ counts }) => counts);
  if (units.size < 2) return;
  const named = [...units].map(
    ([unit, those]) =>
      `${unit} in ${formatList(
        those.map(({ name }) => name),
        4,
      )}`,
  );
  throw new UserError(
    `the step is a count of ${named.join(", of ")}`,
    "one unit for all curves and schedules",
    "write the optimiser's steps into each file, in a column named step",
  );
}

/** Of a schedule, in steps of the longest curve: no further than the target of a campaign may reach. */
const MOST_REACH = 1e4;

/** Throws a `UserError` where a schedule goes further than any law of these curves says something. */
function checkReach(curves: readonly LossCurve[], name: string, schedule: RateSchedule): void {
  const longest = Math.max(...curves.map(({ steps }) => steps.at(-1)!));
  if (endOf(schedule) <= MOST_REACH * longest) return;
  throw new UserError(
    `${name} has ${formatCount(endOf(schedule))} steps where the longest curve has ${formatCount(longest)}`,
    `at most ${MOST_REACH} times the steps of the longest curve`,
    "count the schedule's steps as the curves do, or ask for a shorter one",
  );
}

/** From the end of the warm-up to the last step. */
function stepsOf(schedule: RateSchedule): readonly number[] {
  const from = warmupOf(schedule);
  const to = endOf(schedule);
  if (!(to > from))
    throw new UserError(
      `a schedule that ends at step ${to}, within its warm-up of ${from} steps`,
      "one that goes on after the warm-up",
      "give it more steps",
    );
  return Array.from({ length: NUM_POINTS }, (_, i) => from + ((to - from) * (i + 1)) / NUM_POINTS);
}

/** Where a schedule goes beyond the curves by more than a fifth: no back-test has seen the band there. */
function beyondOf(curves: readonly LossCurve[], schedule: RateSchedule): readonly string[] {
  const longest = Math.max(...curves.map(({ steps }) => steps.at(-1)!));
  const peaks = curves.map((curve) => peakRate(curve.schedule));
  const peak = peakRate(schedule);
  const beyond: string[] = [];
  if (endOf(schedule) > 1.2 * longest)
    beyond.push(`${fixed(endOf(schedule) / longest, 1)} times the steps of the longest curve`);
  if (peak > 1.2 * Math.max(...peaks) || peak < Math.min(...peaks) / 1.2)
    beyond.push(
      `a peak of ${rateText(peak)} where the curves have ${[...new Set(peaks.map(rateText))].join(", ")}`,
    );
  return beyond;
}

function rateText(rate: number): string {
  return String(Number(rate.toPrecision(3)));
}

/** Above this the law does not describe the curves: the paper's misfits are a tenth of it. */
const LARGE_MISFIT = 0.02;

function warningsOf(
  curves: readonly LossCurve[],
  { fit, folds, misfit }: CurveForecaster,
): readonly string[] {
  const warmups = curves.map(({ schedule }) => warmupOf(schedule));
  const [shortest, longest] = [Math.min(...warmups), Math.max(...warmups)];
  const warnings = curves.flatMap((curve) => curve.warnings ?? []);
  if (longest > 1.25 * shortest)
    warnings.push(
      `the curves have warm-ups of ${shortest} to ${longest} steps: the law has been tried where they are ` +
        "alike",
    );
  if (misfit > LARGE_MISFIT)
    warnings.push(
      `the law misses the curves by ${formatShare(misfit)}: they may be of different models or data, too ` +
        "noisy, or not of this law",
    );
  const averaged = curves.filter(({ rowsPerPoint }) => rowsPerPoint > 1);
  if (averaged.length > 0) {
    const names = averaged.map(({ name, rowsPerPoint }) => `${name} (${rowsPerPoint} to a point)`).join(", ");
    warnings.push(`rows of ${names} were averaged: errors and band are those of such points`);
  }
  if (fit.shareAtOptimum < 1)
    warnings.push("not every start reached the same optimum: the curves hardly determine some parameters");
  if (folds.length === 0)
    warnings.push(
      "no curve can be left out, nor the later part of all: the band rests on the law's published error " +
        "(0.2 %), not on a test with these curves",
    );
  else if (curves.length < 3)
    warnings.push("with two curves none can be left out: the band was tested on their later parts only");
  return warnings;
}
