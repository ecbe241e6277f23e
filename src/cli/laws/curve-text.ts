/** @file What `longrun laws curve` says: tables for people, plain data for programs, the figure's data. */

import type { CurveState } from "../../campaign/account/curve-state.ts";
import type { CurveLawFigureData } from "../../figures/curve-law-figure.ts";
import type { CurveStudy, ScheduleForecast } from "../../laws/curves/curve-study.ts";
import type { CurveErrors } from "../../laws/curves/forecast-curve.ts";
import { endOf, peakOf, warmupOf } from "../../laws/curves/schedule.ts";
import { fixed, formatCount, formatRange, formatSignedPercent, significant } from "../../units/print.ts";
import { type TableColumn, table } from "../terminal/table.ts";

export function studyText(study: CurveStudy, width: number): string {
  const { law, forecaster, warnings } = study;
  return [
    `${law.name}: ${law.formula} (${law.source})`,
    "",
    parametersTable(study, width),
    "",
    "Fit, in percent of the loss",
    table(study.errors, errorColumns(study), width),
    "",
    ...leftOutText(study, width),
    ...(study.forecasts.length === 0 ? [] : ["", ...forecastsText(study, width)]),
    "",
    `Band: 90 %; ${forecaster.replicates.length} resampled fits and a misfit of ${fixed(100 * forecaster.misfit, 2)} %, times ${fixed(forecaster.widening, 2)} from what was left out.`,
    `Taken for granted: a warm-up in a straight line to the first row of a file that begins at its full rate (${warmupsOf(study)} steps); between rows the rate follows lines, or jumps where it stood still before and after.`,
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join("\n");
}

function warmupsOf({ curves }: CurveStudy): string {
  return [...new Set(curves.map(({ schedule }) => formatCount(Math.round(warmupOf(schedule)))))].join(", ");
}

function parametersTable({ parameters }: CurveStudy, width: number): string {
  return table(
    parameters,
    [
      { title: "parameter", align: "left", cell: ({ name }) => name },
      {
        title: "value",
        align: "right",
        cell: ({ value, identified }) => (identified ? significant(value, 4) : "not identified"),
      },
      {
        title: "90 % interval",
        align: "left",
        cell: ({ lo, hi }) => `${endText(lo)} to ${endText(hi)}`,
      },
      { title: "unit", align: "left", cell: ({ unit }) => unit },
    ],
    width,
  );
}

const endText = (end: number | null) => (end === null ? "unbounded" : significant(end, 3));

function errorColumns({ curves }: CurveStudy): readonly TableColumn<CurveErrors>[] {
  const scheduleOf = (name: string) => curves.find((curve) => curve.name === name)!.schedule;
  return [
    { title: "curve", align: "left", cell: ({ curve }) => curve },
    { title: "points", align: "right", cell: ({ points }) => String(points) },
    {
      title: "steps",
      align: "right",
      cell: ({ curve }) => formatCount(Math.round(endOf(scheduleOf(curve)))),
    },
    { title: "peak", align: "right", cell: ({ curve }) => significant(peakOf(scheduleOf(curve)), 3) },
    { title: "mean error", align: "right", cell: ({ meanPercent }) => fixed(meanPercent, 3) },
    { title: "worst", align: "right", cell: ({ worstPercent }) => fixed(worstPercent, 2) },
    { title: "at the end", align: "right", cell: ({ finalPercent }) => formatSignedPercent(finalPercent, 2) },
  ];
}

function leftOutText({ leftOut }: CurveStudy, width: number): readonly string[] {
  if (leftOut.length === 0) return ["Nothing could be left out to test the law."];
  return [
    "Left out and predicted from the rest, in percent of the loss",
    table(
      leftOut,
      [
        { title: "without", align: "left", cell: ({ without }) => without },
        { title: "tested on", align: "left", cell: ({ curve }) => curve },
        { title: "mean error", align: "right", cell: ({ meanPercent }) => fixed(meanPercent, 3) },
        { title: "worst", align: "right", cell: ({ worstPercent }) => fixed(worstPercent, 2) },
        {
          title: "at the end",
          align: "right",
          cell: ({ finalPercent }) => formatSignedPercent(finalPercent, 2),
        },
      ],
      width,
    ),
  ];
}

function forecastsText({ forecasts }: CurveStudy, width: number): readonly string[] {
  const compared = forecasts.length > 1;
  const columns: TableColumn<ScheduleForecast>[] = [
    { title: "schedule", align: "left", cell: ({ name }) => name, wrap: true },
    { title: "final loss", align: "right", cell: ({ final }) => fixed(final.median, 4) },
    {
      title: "90 % interval",
      align: "left",
      cell: ({ final }) => `${fixed(final.lo, 4)} to ${fixed(final.hi, 4)}`,
    },
  ];
  if (compared)
    columns.push({
      title: "ends lowest",
      align: "right",
      cell: ({ lowestProbability }) => `${fixed(100 * (lowestProbability ?? 0), 0)} %`,
    });
  return [
    "Forecasts",
    table(forecasts, columns, width),
    ...forecasts.flatMap(({ name, beyond, best }) => [
      ...(beyond.length === 0 ? [] : [`${name} is beyond the curves: ${beyond.join("; ")}.`]),
      ...(best === null
        ? []
        : [
            `${name}: a decay over ${percent(best.share.median)} of the steps ends lowest (90 %: ${percent(best.share.lo)} to ${percent(best.share.hi)}); anything from ${percent(best.within.lo)} to ${percent(best.within.hi)} is within 0.1 % of it.${best.atEdge ? " The best lies at the edge of what was tried (1 to 100 %)." : ""}`,
          ]),
    ]),
  ];
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
      peak: peakOf(curves[i]!.schedule),
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
  const { curveFigure } = await import("../../figures/curve-figure.ts");
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
