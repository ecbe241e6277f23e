/** @file The ladder, the forecast through it and the bet at its end: compute against held-out loss. */

import type { Markish, PlotOptions } from "@observablehq/plot";
import type { Interval } from "../math/interval.ts";
import { formatFlops, formatSignedPercent, significant } from "../units/print.ts";
import { AXIS_LABEL_Y, CAP_ACROSS, COLOUR, drawFigure, PANEL_MARGINS, type PlotLibrary } from "./draw.ts";

export type LawFigureData = {
  readonly points: readonly LadderPoint[];
  /** In order of compute. */
  readonly line: readonly LawFigurePoint[];
  readonly target: {
    readonly flops: number;
    readonly predicted: Interval;
    readonly measured: number | null;
  };
};

export type LadderPoint = {
  readonly flops: number;
  readonly bitsPerByte: number;
};

export type LawFigurePoint = Interval & {
  readonly flops: number;
};

type Residual = {
  readonly flops: number;
  readonly percent: number;
};

/** The whole range of losses above; below, the same runs as distances from the forecast's median, where noise and misfit show. */
export function lawFigure(data: LawFigureData): Promise<string> {
  const largest = Math.max(...data.points.map((point) => point.flops));
  const reach = data.target.flops / largest;
  return drawFigure({
    title: "The ladder, the forecast and the bet",
    caption: `Held-out loss against training compute C (forward and backward, attention included). The line is the forecast's median (laws and drift) from ${data.points.length} runs; the target lies ${significant(reach, 2)} times beyond the largest (dashed).`,
    legend: [
      { swatch: "ring", colour: COLOUR.ink, label: "ladder run" },
      { swatch: "line", colour: COLOUR.predicted, label: "forecast's median" },
      { swatch: "band", colour: COLOUR.band, label: "90 % band" },
      { swatch: "interval", colour: COLOUR.predicted, label: "predicted for the target, 90 %" },
      ...(data.target.measured === null
        ? []
        : [{ swatch: "diamond", colour: COLOUR.measured, label: "measured" } as const]),
    ],
    panels: [
      { height: 300, options: (plot) => lossPanel(plot, data, largest) },
      { height: 170, options: (plot) => residualPanel(plot, data, largest) },
    ],
  });
}

function lossPanel(plot: PlotLibrary, data: LawFigureData, largest: number): PlotOptions {
  const { target } = data;
  const losses = [...data.points.map((point) => point.bitsPerByte), target.predicted.lo, target.predicted.hi];
  if (target.measured !== null) losses.push(target.measured);
  const yDomain = padded(losses, 0.08);
  const line = data.line
    .filter(({ median }) => median >= yDomain[0] && median <= yDomain[1])
    .map((point) => ({ ...point, lo: clamp(point.lo, yDomain), hi: clamp(point.hi, yDomain) }));
  return {
    ...PANEL_MARGINS,
    marginBottom: 12,
    x: { type: "log", domain: computeDomain(data), axis: null },
    y: { domain: yDomain, label: null },
    marks: [
      plot.gridY({ ticks: 6, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisY({ ticks: 6, label: "held-out loss (bits per byte)", ...AXIS_LABEL_Y }),
      ...lawMarks(
        plot,
        data,
        largest,
        line,
        data.points,
        (point) => point.bitsPerByte,
        (loss) => loss,
      ),
    ],
  };
}

function residualPanel(plot: PlotLibrary, data: LawFigureData, largest: number): PlotOptions {
  const { target } = data;
  const percentOf = (loss: number, median: number) => (loss / median - 1) * 100;
  const residuals = data.points.map(
    ({ flops, bitsPerByte }): Residual => ({
      flops,
      percent: percentOf(bitsPerByte, medianAt(data.line, flops)),
    }),
  );
  const ofTarget = (loss: number) => percentOf(loss, target.predicted.median);
  const measured = target.measured === null ? 0 : ofTarget(target.measured);
  const size = [
    ...residuals.map(({ percent }) => percent),
    ofTarget(target.predicted.lo),
    ofTarget(target.predicted.hi),
    measured,
  ];
  const limit = 1.15 * Math.max(0.5, ...size.map(Math.abs));
  const yDomain: [number, number] = [-limit, limit];
  const line = data.line.map(({ flops, median, lo, hi }) => ({
    flops,
    median: 0,
    lo: clamp(percentOf(lo, median), yDomain),
    hi: clamp(percentOf(hi, median), yDomain),
  }));
  return {
    ...PANEL_MARGINS,
    marginBottom: 46,
    x: { type: "log", domain: computeDomain(data), label: null },
    y: { domain: yDomain, label: null },
    marks: [
      plot.gridY({ ticks: 5, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({
        ticks: logTicks(computeDomain(data)),
        tickFormat: (value: number) => formatFlops(value, 1),
        label: "training compute C (logarithmic)",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 40,
      }),
      plot.axisY({
        ticks: 5,
        tickFormat: (value: number) => formatSignedPercent(value, limit < 2 ? 1 : 0),
        label: "distance from median",
        ...AXIS_LABEL_Y,
      }),
      ...lawMarks(plot, data, largest, line, residuals, (residual) => residual.percent, ofTarget),
    ],
  };
}

/** What both panels show, each in its own measure of loss. */
function lawMarks<Point extends { readonly flops: number }>(
  plot: PlotLibrary,
  data: LawFigureData,
  largest: number,
  line: readonly LawFigurePoint[],
  points: readonly Point[],
  heightOf: (point: Point) => number,
  heightOfTarget: (loss: number) => number,
): Markish[] {
  const { flops, predicted, measured } = data.target;
  const lo = heightOfTarget(predicted.lo);
  const hi = heightOfTarget(predicted.hi);
  const [xLo, xHi] = computeDomain(data);
  const shown = line.filter((point) => point.flops >= xLo && point.flops <= xHi);
  const atTarget = { x: () => flops, y: (value: number) => value };
  return [
    plot.areaY(shown, { x: "flops", y1: "lo", y2: "hi", fill: COLOUR.band, fillOpacity: 0.3 }),
    plot.lineY(shown, { x: "flops", y: "median", stroke: COLOUR.predicted, strokeWidth: 2 }),
    plot.ruleX([largest], { stroke: COLOUR.faint, strokeDasharray: "4,4" }),
    plot.ruleX([flops], { y1: lo, y2: hi, stroke: COLOUR.predicted, strokeWidth: 2.5 }),
    plot.dot([lo, hi, heightOfTarget(predicted.median)], {
      ...atTarget,
      symbol: CAP_ACROSS,
      stroke: COLOUR.predicted,
      strokeWidth: 2.5,
    }),
    plot.dot(points, {
      x: "flops",
      y: heightOf,
      r: 4,
      stroke: COLOUR.ink,
      fill: "#ffffff",
      strokeWidth: 1.5,
    }),
    plot.dot(measured === null ? [] : [heightOfTarget(measured)], {
      ...atTarget,
      symbol: "diamond",
      r: 5,
      fill: COLOUR.measured,
      stroke: "#ffffff",
    }),
    plot.frame({ stroke: COLOUR.faint }),
  ];
}

function computeDomain(data: LawFigureData): [number, number] {
  const flops = [...data.points.map((point) => point.flops), data.target.flops];
  return [Math.min(...flops) / 1.4, Math.max(...flops) * 1.4];
}

/** The forecast's median between two points of its line, straight in log compute. */
function medianAt(line: readonly LawFigurePoint[], flops: number): number {
  const after = line.findIndex((point) => point.flops >= flops);
  if (after <= 0) return (line[after] ?? line.at(-1)!).median;
  const [left, right] = [line[after - 1]!, line[after]!];
  const share = Math.log(flops / left.flops) / Math.log(right.flops / left.flops);
  return left.median + share * (right.median - left.median);
}

/** Ticks at 1, 2 and 5 of every decade, or at the decades alone when there are more than two of them. */
function logTicks([lo, hi]: readonly [number, number]): number[] {
  const steps = Math.log10(hi / lo) > 2.2 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(lo)); power <= Math.log10(hi); power++) {
    for (const step of steps) ticks.push(step * 10 ** power);
  }
  return ticks.filter((tick) => tick >= lo && tick <= hi);
}

function padded(values: readonly number[], share: number): [number, number] {
  const [lo, hi] = [Math.min(...values), Math.max(...values)];
  const pad = (hi - lo || Math.abs(hi) || 1) * share;
  return [lo - pad, hi + pad];
}

function clamp(value: number, [lo, hi]: readonly [number, number]): number {
  return Math.min(hi, Math.max(lo, value));
}
