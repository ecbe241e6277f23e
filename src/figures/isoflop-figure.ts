/** @file Losses over size at each budget, and the best sizes over compute with the power law through them. */

import type { PlotOptions } from "@observablehq/plot";
import { type Interval, intervalOfDraws } from "../math/interval.ts";
import type { Line } from "../math/line.ts";
import { formatCount, formatFlops, significant } from "../units/print.ts";
import { COLOUR, drawFigure, type PlotLibrary } from "./draw.ts";
import { type Axis, band, computeAxis, diamonds, framed, paddedLog } from "./panel.ts";

/** Budgets with their valleys, and the line through their best sizes. */
export type IsoflopFigureData = {
  readonly points: readonly { readonly n: number; readonly c: number; readonly loss: number }[];
  readonly optima: readonly BestSize[];
  /** log N* = intercept + slope log C. */
  readonly line: Line;
  /** Lines that could be, for the band. */
  readonly lines: readonly Line[];
};

/** The best size at a budget. */
export type BestSize = {
  readonly c: number;
  readonly n: Interval;
};

/** Places along the line at which the band is drawn. */
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
  const highest = Math.max(...shown.map(({ loss }) => loss));
  return {
    ...framed(
      plot,
      sizeAxis(
        "parameters N (logarithmic)",
        shown.map(({ n }) => n),
      ),
      {
        label: "loss",
        format: (loss) => significant(loss, 3),
        scale: { domain: [floor * 0.99, highest * 1.01] },
      },
      [
        plot.line(shown, { x: "n", y: "loss", z: "budget", stroke: "budget", strokeWidth: 0.8 }),
        plot.dot(shown, { x: "n", y: "loss", stroke: "budget", r: 2.6, strokeWidth: 1.3 }),
        plot.dot(optima, { x: ({ n }: BestSize) => n.median, y: floor, fill: "c", symbol: "diamond", r: 4 }),
      ],
    ),
    color: { type: "log", scheme: "viridis", domain: [optima[0]!.c, 3 * optima.at(-1)!.c] },
  };
}

/** Sizes on a logarithmic axis. */
function sizeAxis(label: string, sizes: readonly number[]): Axis {
  return {
    label,
    ticks: 5,
    format: (n) => formatCount(n, 1),
    scale: { type: "log", domain: widened(sizes) },
  };
}

/** The budget that a run belongs to; null for a run of none that has an optimum. */
function budgetOf(c: number, optima: readonly BestSize[]): number | null {
  const off = (optimum: BestSize) => Math.abs(Math.log(optimum.c / c));
  const nearest = optima.reduce((best, optimum) => (off(optimum) < off(best) ? optimum : best));
  return off(nearest) < 0.12 ? nearest.c : null;
}

/** Keeps the outermost marks off the frame. */
function widened(values: readonly number[]): [number, number] {
  return paddedLog(values, (Math.max(...values) / Math.min(...values)) ** 0.03);
}

function sizePanel(plot: PlotLibrary, { optima, line, lines }: IsoflopFigureData): PlotOptions {
  const [from, to] = [optima[0]!.c, optima.at(-1)!.c];
  const along = Array.from({ length: NUM_PLACES }, (_, i) => {
    const c = from * (to / from) ** (i / (NUM_PLACES - 1));
    const sizeOf = ({ intercept, slope }: Line) => Math.exp(intercept + slope * Math.log(c));
    return { c, ...intervalOfDraws(lines.map(sizeOf)), median: sizeOf(line) };
  });
  return framed(
    plot,
    computeAxis(widened([from, to])),
    sizeAxis(
      "best size N*",
      optima.flatMap(({ n }) => [n.lo, n.hi]),
    ),
    [
      ...band(plot, along, "c"),
      plot.ruleX(optima, {
        x: "c",
        y1: ({ n }: BestSize) => n.lo,
        y2: ({ n }: BestSize) => n.hi,
        stroke: COLOUR.measured,
      }),
      diamonds(
        plot,
        optima.map(({ c, n }) => [c, n.median]),
      ),
    ],
  );
}
