/** @file Losses along model size at each compute budget, and the best sizes against compute with the power law through them. */

import type { PlotOptions } from "@observablehq/plot";
import { formatCount, formatFlops, significant } from "../units/print.ts";
import { AXIS_LABEL_Y, COLOUR, drawFigure, PANEL_MARGINS, type PlotLibrary } from "./draw.ts";

export type IsoflopFigureData = {
  readonly points: readonly { readonly n: number; readonly c: number; readonly loss: number }[];
  readonly optima: readonly BestSize[];
  /** log N* = intercept + slope log C. */
  readonly line: LogLine;
  /** Lines that could be, for the band. */
  readonly lines: readonly LogLine[];
};

type BestSize = {
  readonly c: number;
  readonly n: { readonly value: number; readonly lo: number; readonly hi: number };
};

type LogLine = {
  readonly intercept: number;
  readonly slope: number;
};

/** The band is told at so many places along the line. */
const NUM_PLACES = 40;
/** Losses this far above the lowest of the table say nothing of the minima and would flatten them. */
const HIGHEST = 1.6;

/** Two panels that share no axis: sizes across in the upper one, compute across in the lower one. */
export function isoflopFigure(data: IsoflopFigureData): Promise<string> {
  const [first, last] = [data.optima[0]!, data.optima.at(-1)!];
  return drawFigure({
    title: "The best size at each compute budget",
    caption: `Above: loss against parameters; each colour is a budget, and the diamonds below stand at its best size. Below: best size against compute, N* = k C^${significant(data.line.slope, 3)} over ${data.optima.length} budgets from ${formatFlops(first.c, 2)} to ${formatFlops(last.c, 2)}, with its 90 % band.`,
    legend: [
      { swatch: "dot", colour: COLOUR.predicted, label: "run" },
      { swatch: "interval", colour: COLOUR.measured, label: "best size, 90 %" },
      { swatch: "band", colour: COLOUR.band, label: "power law, 90 % band" },
    ],
    panels: [
      { height: 320, options: (plot) => lossPanel(plot, data) },
      { height: 240, options: (plot) => sizePanel(plot, data) },
    ],
  });
}

function lossPanel(plot: PlotLibrary, { points, optima }: IsoflopFigureData): PlotOptions {
  const lowest = Math.min(...points.map(({ loss }) => loss));
  const shown = points
    .map((point) => ({ ...point, budget: budgetOf(point.c, optima) }))
    .filter(({ loss, budget }) => loss < HIGHEST * lowest && budget !== null)
    .toSorted((a, b) => a.n - b.n);
  const floor = lowest * 0.98;
  return {
    ...PANEL_MARGINS,
    marginBottom: 46,
    x: { type: "log", domain: padded(shown.map(({ n }) => n)), label: null },
    y: { domain: [floor * 0.99, Math.max(...shown.map(({ loss }) => loss)) * 1.01], label: null },
    color: { type: "log", scheme: "viridis", domain: [optima[0]!.c, 3 * optima.at(-1)!.c] },
    marks: [
      plot.gridY({ ticks: 6, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({
        ticks: 5,
        tickFormat: (value: number) => formatCount(value, 1),
        ...across("parameters N (logarithmic)"),
      }),
      plot.axisY({
        ticks: 6,
        tickFormat: (value: number) => significant(value, 3),
        label: "loss",
        ...AXIS_LABEL_Y,
      }),
      plot.line(shown, { x: "n", y: "loss", z: "budget", stroke: "budget", strokeWidth: 0.8 }),
      plot.dot(shown, { x: "n", y: "loss", stroke: "budget", r: 2.6, strokeWidth: 1.3 }),
      plot.dot(optima, {
        x: ({ n }: BestSize) => n.value,
        y: floor,
        fill: "c",
        symbol: "diamond",
        r: 4,
      }),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}

/** The budget that a run belongs to; null for a run of none that has an optimum. */
function budgetOf(c: number, optima: readonly BestSize[]): number | null {
  const off = (optimum: BestSize) => Math.abs(Math.log(optimum.c / c));
  const nearest = optima.reduce((best, optimum) => (off(optimum) < off(best) ? optimum : best));
  return off(nearest) < 0.12 ? nearest.c : null;
}

/** Keeps the outermost marks off the frame. */
function padded(values: readonly number[]): [number, number] {
  const [lo, hi] = [Math.min(...values), Math.max(...values)];
  const factor = (hi / lo) ** 0.03;
  return [lo / factor, hi * factor];
}

function sizePanel(plot: PlotLibrary, { optima, line, lines }: IsoflopFigureData): PlotOptions {
  const [from, to] = [optima[0]!.c, optima.at(-1)!.c];
  const band = Array.from({ length: NUM_PLACES }, (_, i) => {
    const c = from * (to / from) ** (i / (NUM_PLACES - 1));
    const sizes = lines.map((one) => Math.exp(one.intercept + one.slope * Math.log(c))).sort((a, b) => a - b);
    const at = (share: number) => sizes[Math.floor(share * (sizes.length - 1))]!;
    return { c, n: Math.exp(line.intercept + line.slope * Math.log(c)), lo: at(0.05), hi: at(0.95) };
  });
  return {
    ...PANEL_MARGINS,
    marginBottom: 46,
    x: { type: "log", domain: padded([from, to]), label: null },
    y: {
      type: "log",
      domain: padded(optima.flatMap(({ n }) => [n.lo, n.hi])),
      label: null,
    },
    marks: [
      plot.gridY({ ticks: 5, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({
        ticks: 4,
        tickFormat: (value: number) => formatFlops(value, 1),
        ...across("compute C (logarithmic)"),
      }),
      plot.axisY({
        ticks: 5,
        tickFormat: (value: number) => formatCount(value, 1),
        label: "best size N*",
        ...AXIS_LABEL_Y,
      }),
      plot.areaY(band, { x: "c", y1: "lo", y2: "hi", fill: COLOUR.band, fillOpacity: 0.35 }),
      plot.line(band, { x: "c", y: "n", stroke: COLOUR.predicted, strokeWidth: 1.6 }),
      plot.ruleX(optima, {
        x: "c",
        y1: ({ n }: BestSize) => n.lo,
        y2: ({ n }: BestSize) => n.hi,
        stroke: COLOUR.measured,
      }),
      plot.dot(optima, {
        x: "c",
        y: ({ n }: BestSize) => n.value,
        fill: COLOUR.measured,
        symbol: "diamond",
        r: 3.5,
      }),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}

function across(label: string) {
  return { label, labelAnchor: "center", labelArrow: "none", labelOffset: 38 } as const;
}
