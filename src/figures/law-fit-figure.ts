/** @file A fitted law beside its runs: fitted against measured loss, and what is left over against compute. */

import type { PlotOptions } from "@observablehq/plot";
import { formatCount, formatFlops, formatSignedPercent, significant } from "../units/print.ts";
import { AXIS_LABEL_Y, COLOUR, drawFigure, PANEL_MARGINS, type PlotLibrary } from "./draw.ts";

export type LawFitFigureData = {
  /** The formula. */
  readonly title: string;
  readonly points: readonly FittedPoint[];
  /** Robust standard deviation of the residuals, in log loss. */
  readonly residualScale: number;
};

export type FittedPoint = {
  readonly n: number;
  readonly d: number;
  readonly c: number;
  readonly loss: number;
  /** log(measured) - log(fitted). */
  readonly residual: number;
};

/** What tells runs apart: tokens per parameter where it varies, else size. In thirds, so that three colours do. */
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

function agreementPanel(
  plot: PlotLibrary,
  { points }: LawFitFigureData,
  grouping: Grouping | null,
): PlotOptions {
  const losses = points.flatMap((point) => [point.loss, fittedLoss(point)]);
  const [lo, hi] = [Math.min(...losses) / 1.02, Math.max(...losses) * 1.02];
  const shared = { type: "log", domain: [lo, hi], label: null } as const;
  return {
    ...PANEL_MARGINS,
    marginBottom: 46,
    x: shared,
    y: shared,
    marks: [
      plot.gridY({ ticks: 5, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({
        ticks: 6,
        tickFormat: (value: number) => significant(value, 3),
        label: "measured loss (logarithmic)",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 38,
      }),
      plot.axisY({
        ticks: 5,
        tickFormat: (value: number) => significant(value, 3),
        label: "loss by the law",
        ...AXIS_LABEL_Y,
      }),
      plot.line(
        [
          [lo, lo],
          [hi, hi],
        ],
        { stroke: COLOUR.faint, strokeDasharray: "4,4" },
      ),
      plot.dot(points, {
        x: "loss",
        y: fittedLoss,
        r: 3,
        stroke: (point: FittedPoint) => colourOf(grouping, point),
        strokeWidth: 1.3,
      }),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}

function residualPanel(
  plot: PlotLibrary,
  { points, residualScale }: LawFitFigureData,
  grouping: Grouping | null,
): PlotOptions {
  const percentOf = ({ residual }: FittedPoint) => 100 * Math.expm1(residual);
  const limit = 1.1 * Math.max(...points.map((point) => Math.abs(percentOf(point))), 1e-3);
  const along: "c" | "n" = points.every(({ c }) => c > 0) ? "c" : "n";
  const domain = padded(points.map((point) => point[along]));
  const band = 100 * 0.6745 * residualScale;
  return {
    ...PANEL_MARGINS,
    marginBottom: 46,
    x: { type: "log", domain, label: null },
    y: { domain: [-limit, limit], label: null },
    marks: [
      plot.ruleY([-band, band], { stroke: COLOUR.band, strokeDasharray: "3,3" }),
      plot.ruleY([0], { stroke: COLOUR.faint }),
      plot.axisX({
        ticks: logTicks(domain),
        tickFormat: (value: number) => (along === "c" ? formatFlops(value, 1) : formatCount(value, 1)),
        label: along === "c" ? "training compute C (logarithmic)" : "parameters N (logarithmic)",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 38,
      }),
      plot.axisY({
        ticks: 5,
        tickFormat: (value: number) => formatSignedPercent(value, limit < 2 ? 1 : 0),
        label: "measured against law",
        ...AXIS_LABEL_Y,
      }),
      plot.dot(points, {
        x: along,
        y: percentOf,
        r: 3,
        stroke: (point: FittedPoint) => colourOf(grouping, point),
        strokeWidth: 1.3,
      }),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}

/** Keeps the outermost runs off the frame. */
function padded(values: readonly number[]): [number, number] {
  const [lo, hi] = [Math.min(...values), Math.max(...values)];
  const factor = (hi / lo) ** 0.03 * 1.02;
  return [lo / factor, hi * factor];
}

/** 1, 2 and 5 of every decade, or the decades alone where there are many: labels then never touch. None at the very end, where it would be cut. */
function logTicks([lo, hi]: readonly [number, number]): number[] {
  const steps = hi / lo > 150 ? [1] : [1, 2, 5];
  const powers = Array.from(
    { length: Math.ceil(Math.log10(hi / lo)) + 2 },
    (_, i) => 10 ** (Math.floor(Math.log10(lo)) + i),
  );
  return powers
    .flatMap((power) => steps.map((step) => step * power))
    .filter((tick) => tick >= lo && 1.1 * tick <= hi);
}
