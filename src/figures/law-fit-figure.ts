/** @file A fitted law beside its runs: fitted against measured loss, and residuals against compute. */

import type { PlotOptions } from "@observablehq/plot";
import { formatCount, formatSignedPercent, significant } from "../units/print.ts";
import { COLOUR, drawFigure, type PlotLibrary } from "./draw.ts";
import { computeAxis, DASHED, framed, paddedLog } from "./panel.ts";

/** What a fit leaves over, run by run. */
export type LawFitFigureData = {
  /** The formula. */
  readonly title: string;
  readonly points: readonly FittedPoint[];
  /** Robust standard deviation of the residuals, in log loss. */
  readonly residualScale: number;
};

/** A run and what the fit leaves of it. */
export type FittedPoint = {
  readonly n: number;
  readonly d: number;
  readonly c: number;
  readonly loss: number;
  /** log(measured) - log(fitted). */
  readonly residual: number;
};

/** What tells runs apart: tokens per parameter where it varies, else size; in thirds, for three colours. */
type Grouping = {
  readonly name: string;
  readonly of: (point: FittedPoint) => number;
  readonly cuts: readonly [number, number];
};

const COLOURS = [COLOUR.predicted, COLOUR.heldOut, COLOUR.measured] as const;

/** A pattern in the lower panel, by compute or by colour, is something that the law misses. */
export function lawFitFigure(data: LawFitFigureData): Promise<string> {
  const grouping = groupingOf(data.points);
  return drawFigure({
    title: `Fitted: ${data.title}`,
    caption: `Above: loss by the law against loss measured, ${data.points.length} runs; on the line they agree. Below: what is left over, measured against fitted, along compute; half of all runs lie within ${significant(100 * 0.6745 * data.residualScale, 2)} %. A pattern there is something that the law misses.`,
    legend: legendOf(grouping),
    panels: [
      { height: 300, options: (plot) => agreementPanel(plot, data, grouping) },
      { height: 190, options: (plot) => residualPanel(plot, data, grouping) },
    ],
  });
}

function groupingOf(points: readonly FittedPoint[]): Grouping | null {
  const candidates = [
    { name: "D/N", of: ({ n, d }: FittedPoint) => d / n },
    { name: "N", of: ({ n }: FittedPoint) => n },
  ];
  for (const { name, of } of candidates) {
    const values = points.map(of).sort((a, b) => a - b);
    const [lo, hi] = [values[0]!, values.at(-1)!];
    if (!(hi / lo > 1.5)) continue;
    const third = (share: number) => values[Math.floor(share * values.length)]!;
    return { name, of, cuts: [third(1 / 3), third(2 / 3)] };
  }
  return null;
}

function legendOf(grouping: Grouping | null) {
  if (!grouping) return [{ swatch: "dot", colour: COLOURS[0], label: "run" } as const];
  const [low, high] = grouping.cuts.map((cut) => formatCount(Number(cut.toPrecision(2)), 2));
  const labels = [
    `${grouping.name} below ${low}`,
    `${grouping.name} ${low} to ${high}`,
    `${grouping.name} above ${high}`,
  ];
  return labels.map((label, i) => ({ swatch: "dot", colour: COLOURS[i]!, label }) as const);
}

function colourOf(grouping: Grouping | null, point: FittedPoint): string {
  if (!grouping) return COLOURS[0];
  const value = grouping.of(point);
  return COLOURS[value < grouping.cuts[0] ? 0 : value < grouping.cuts[1] ? 1 : 2];
}

const fittedLoss = ({ loss, residual }: FittedPoint) => loss * Math.exp(-residual);

/** Runs in the colours of their group. */
function runDots(
  plot: PlotLibrary,
  points: readonly FittedPoint[],
  grouping: Grouping | null,
  place: { readonly x: keyof FittedPoint; readonly y: (point: FittedPoint) => number },
) {
  const stroke = (point: FittedPoint) => colourOf(grouping, point);
  return plot.dot(points, { ...place, r: 3, stroke, strokeWidth: 1.3 });
}

function agreementPanel(
  plot: PlotLibrary,
  { points }: LawFitFigureData,
  grouping: Grouping | null,
): PlotOptions {
  const domain = paddedLog(
    points.flatMap((point) => [point.loss, fittedLoss(point)]),
    1.02,
  );
  const shared = { format: (loss: number) => significant(loss, 3), scale: { type: "log", domain } } as const;
  const diagonal = domain.map((loss) => [loss, loss] as const);
  return framed(
    plot,
    { ...shared, label: "measured loss (logarithmic)" },
    { ...shared, label: "loss by the law", ticks: 5 },
    [plot.line(diagonal, DASHED), runDots(plot, points, grouping, { x: "loss", y: fittedLoss })],
  );
}

function residualPanel(
  plot: PlotLibrary,
  { points, residualScale }: LawFitFigureData,
  grouping: Grouping | null,
): PlotOptions {
  const percentOf = ({ residual }: FittedPoint) => 100 * Math.expm1(residual);
  const limit = 1.1 * Math.max(...points.map((point) => Math.abs(percentOf(point))), 1e-3);
  const x = points.every(({ c }) => c > 0) ? "c" : "n";
  const values = points.map((point) => point[x]);
  const domain = paddedLog(values, 1.02 * (Math.max(...values) / Math.min(...values)) ** 0.03);
  const half = 100 * 0.6745 * residualScale;
  const sizes = { label: "parameters N (logarithmic)", format: (n: number) => formatCount(n, 1) };
  return framed(
    plot,
    { ...computeAxis(domain), ...(x === "n" ? sizes : {}) },
    {
      label: "measured against law",
      ticks: 5,
      format: (value) => formatSignedPercent(value, limit < 2 ? 1 : 0),
      scale: { domain: [-limit, limit] },
    },
    [
      plot.ruleY([-half, half], { stroke: COLOUR.band, strokeDasharray: "3,3" }),
      plot.ruleY([0], { stroke: COLOUR.faint }),
      runDots(plot, points, grouping, { x, y: percentOf }),
    ],
  );
}
