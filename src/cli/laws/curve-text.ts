/** @file What `longrun laws curve` says: tables for people, plain data for programs, the figure's data. */

import type { CurveState } from "../../campaign/account/curve-state.ts";
import { curveFigure } from "../../figures/curve-figure.ts";
import type { CurveLawFigureData } from "../../figures/curve-law-figure.ts";
import type { BestDecay } from "../../laws/curves/compare.ts";
import type { CurveStudy, ScheduleForecast } from "../../laws/curves/curve-study.ts";
import type { CurveErrors } from "../../laws/curves/forecast-curve.ts";
import { endOf, peakRate, warmupOf } from "../../laws/curves/schedule.ts";
import { left, right } from "../../report/markdown.ts";
import {
  fixed,
  formatCount,
  formatPercent,
  formatRange,
  formatSignedPercent,
  significant,
} from "../../units/print.ts";
import { table, wrapped } from "../terminal/table.ts";

export function studyText(study: CurveStudy, width: number): string {
  const { law, parameters, curves, errors, leftOut, forecasts, forecaster, warnings } = study;
  const scheduleOf = ({ curve }: CurveErrors) => curves.find(({ name }) => name === curve)!.schedule;
  const misfit = [
    right("mean error", ({ meanPercent }: CurveErrors) => fixed(meanPercent, 3)),
    right("worst", ({ worstPercent }: CurveErrors) => fixed(worstPercent, 2)),
    right("at the end", ({ finalPercent }: CurveErrors) => formatSignedPercent(finalPercent, 2)),
  ];
  const { replicates, widening } = forecaster;
  const warmups = new Set(curves.map(({ schedule }) => formatCount(Math.round(warmupOf(schedule)))));
  return [
    `${law.name}: ${law.formula} (${law.source})`,
    "",
    table(
      parameters,
      [
        left("parameter", ({ name }) => name),
        right("value", ({ median, identified }) => (identified ? significant(median, 4) : "not identified")),
        left("90 % interval", ({ lo, hi }) => `${endText(lo)} to ${endText(hi)}`),
        left("unit", ({ unit }) => unit),
      ],
      width,
    ),
    "",
    "Fit, in percent of the loss",
    table(
      errors,
      [
        left("curve", ({ curve }) => curve),
        right("points", ({ points }) => String(points)),
        right("steps", (row) => formatCount(Math.round(endOf(scheduleOf(row))))),
        right("peak", (row) => significant(peakRate(scheduleOf(row)), 3)),
        ...misfit,
      ],
      width,
    ),
    "",
    ...(leftOut.length === 0
      ? ["Nothing could be left out to test the law."]
      : [
          "Left out and predicted from the rest, in percent of the loss",
          table(
            leftOut,
            [left("without", ({ without }) => without), left("tested on", ({ curve }) => curve), ...misfit],
            width,
          ),
        ]),
    ...(forecasts.length === 0 ? [] : ["", "Forecasts", ...forecastLines(forecasts, width)]),
    "",
    `Band: 90 %; ${replicates.length} resampled fits and a misfit of ${fixed(100 * forecaster.misfit, 2)} ` +
      `%, times ${fixed(widening, 2)} from what was left out.`,
    "Taken for granted: a warm-up in a straight line to the first row of a file that begins at its full " +
      `rate (${[...warmups].join(", ")} steps); between rows the rate follows lines, or jumps where it ` +
      "stood still before and after.",
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join("\n");
}

const endText = (end: number) => (Number.isFinite(end) ? significant(end, 3) : "unbounded");

function forecastLines(forecasts: readonly ScheduleForecast[], width: number): readonly string[] {
  const chance = right("ends lowest", ({ lowestProbability }: ScheduleForecast) =>
    formatPercent(100 * (lowestProbability ?? 0), 0),
  );
  return [
    table(
      forecasts,
      [
        wrapped("schedule", ({ name }) => name),
        right("final loss", ({ final }) => fixed(final.median, 4)),
        left("90 % interval", ({ final }) => `${fixed(final.lo, 4)} to ${fixed(final.hi, 4)}`),
        ...(forecasts.length > 1 ? [chance] : []),
      ],
      width,
    ),
    ...forecasts.flatMap(({ name, beyond, best }) => [
      ...(beyond.length === 0 ? [] : [`${name} is beyond the curves: ${beyond.join("; ")}.`]),
      ...(best ? [`${name}: ${bestText(best)}`] : []),
    ]),
  ];
}

function bestText({ share, within, atEdge }: BestDecay): string {
  const edge = atEdge ? " The best lies at the edge of what was tried (1 to 100 %)." : "";
  return (
    `a decay over ${percent(share.median)} of the steps ends lowest (90 %: ${percent(share.lo)} to ` +
    `${percent(share.hi)}); anything from ${percent(within.lo)} to ${percent(within.hi)} is within 0.1 % ` +
    `of it.${edge}`
  );
}

function percent(share: number): string {
  return `${significant(100 * share, 2)} %`;
}

export function studyJson(study: CurveStudy): unknown {
  const { law, forecaster, parameters, errors, leftOut, forecasts, warnings, curves } = study;
  return {
    law: law.name,
    formula: law.formula,
    curves: errors.map((error, i) => ({
      ...error,
      steps: endOf(curves[i]!.schedule),
      warmup: warmupOf(curves[i]!.schedule),
      peak: peakRate(curves[i]!.schedule),
    })),
    objective: forecaster.fit.objective,
    shareAtOptimum: forecaster.fit.shareAtOptimum,
    parameters: Object.fromEntries(parameters.map(({ name, ...rest }) => [name, rest])),
    leftOut,
    misfitPercent: 100 * forecaster.misfit,
    widening: forecaster.widening,
    schedules: forecasts.map(({ name, final, points, beyond, lowestProbability, best }) => ({
      schedule: name,
      final,
      lowestProbability,
      beyond,
      bestDecay: best && { share: best.share, within: best.within, atEdge: best.atEdge, tried: best.tried },
      points,
    })),
    warnings,
  };
}

export function figureOf({ law, curves, fitted, errors, forecasts }: CurveStudy): CurveLawFigureData {
  return {
    law: law.name,
    curves: curves.map(({ name, steps, losses, schedule }, i) => ({
      name,
      points: Array.from(steps, (step, k) => ({ step, loss: losses[k]!, fitted: fitted[i]![k]! })),
      rates: schedule,
      meanPercent: errors[i]!.meanPercent,
    })),
    expected: forecasts.map(({ name, points, schedule }) => ({ name, points, rates: schedule })),
  };
}

export function stateText({ run, step, numSteps, locked, now, measured }: CurveState): string {
  return [
    `${run}: step ${formatCount(step)} of ${formatCount(numSteps)}, ${now.onTrack}`,
    now.reason,
    `final loss, locked before the first step: ${formatRange(locked, "bits per byte")}`,
    `final loss, as expected now: ${formatRange(now, "bits per byte")}`,
    ...(measured === null ? [] : [`final loss, measured: ${significant(measured, 5)} bits per byte`]),
  ].join("\n");
}

export async function stateFigure(state: CurveState): Promise<string> {
  const { seen, band, tokens, warmupTokens, locked, now, measured } = state;
  const last = seen.points.at(-1);
  return curveFigure({
    points: seen.points.map(({ fraction, loss, inside }) => ({
      tokens: fraction * tokens,
      bitsPerByte: loss,
      inside,
    })),
    band: band.map(({ fraction, ...interval }) => ({ tokens: fraction * tokens, ...interval })),
    warmupTokens,
    totalTokens: tokens,
    reforecasts: last ? [{ ...now, tokens: last.fraction * tokens }] : [],
    finalPredicted: locked,
    finalMeasured: measured,
  });
}
