/** @file Where a budget goes: valleys of loss over size for three budgets, and the best size over compute. */

import type { PlotOptions } from "@observablehq/plot";
import { formatCount, formatFlops, significant } from "../units/print.ts";
import { COLOUR, drawFigure, type PlotLibrary } from "./draw.ts";
import { band, computeAxis, DASHED, diamonds, framed } from "./panel.ts";

/** A size and its loss. */
export type SizePoint = { readonly n: number; readonly loss: number };

/** Loss against size at several budgets, and the size chosen. */
export type AllocateFigureData = {
  readonly compute: number;
  readonly largestCompute: number;
  /** Loss over N at each budget, with its optimum. */
  readonly valleys: readonly {
    readonly compute: number;
    readonly optimum: SizePoint;
    readonly points: readonly SizePoint[];
  }[];
  /** Optimal size over compute with its 90 % interval. */
  readonly path: readonly {
    readonly compute: number;
    readonly n: number;
    readonly lo: number;
    readonly hi: number;
  }[];
  /** Sizes within 0.1 % of the lowest loss at the budget. */
  readonly flat: { readonly lo: number; readonly hi: number };
  readonly choice: SizePoint | null;
};

/** Valleys above, the optimum's path below. */
export function allocateFigure(data: AllocateFigureData): Promise<string> {
  const reach = data.compute / data.largestCompute;
  return drawFigure({
    title: `The best size for ${formatFlops(data.compute, 2)}`,
    caption: `Above: loss over model size N when all of a budget is spent, for 1, 10 and 100 times the budget; sizes in the shaded range lose less than 0.1 %. Below: the optimal size over compute with its 90 % band; the budget is ${significant(reach, 2)} times the table's largest run (dashed).`,
    legend: [
      { swatch: "line", colour: COLOUR.predicted, label: "loss at the budget" },
      { swatch: "line", colour: COLOUR.band, label: "at 10 and 100 times" },
      { swatch: "dot", colour: COLOUR.predicted, label: "optimum" },
      { swatch: "band", colour: COLOUR.heldOut, label: "within 0.1 %" },
      { swatch: "band", colour: COLOUR.band, label: "90 % band" },
      data.choice !== null && { swatch: "diamond", colour: COLOUR.measured, label: "size in mind" },
    ],
    panels: [
      { height: 280, options: (plot) => valleyPanel(plot, data) },
      { height: 230, options: (plot) => pathPanel(plot, data) },
    ],
  });
}

function valleyPanel(plot: PlotLibrary, data: AllocateFigureData): PlotOptions {
  const lines = data.valleys.map(({ points, optimum }, i) =>
    plot.lineY(
      points.filter(({ loss }) => loss <= optimum.loss * 1.06),
      { x: "n", y: "loss", stroke: i === 0 ? COLOUR.predicted : COLOUR.band, strokeWidth: 2 },
    ),
  );
  const optima = data.valleys.map(({ optimum }) => optimum);
  return framed(
    plot,
    { label: "model size N", format: (n) => formatCount(n, 1), scale: { type: "log" } },
    { label: "loss", scale: { nice: true } },
    [
      plot.rectX([data.flat], { x1: "lo", x2: "hi", fill: COLOUR.heldOut, fillOpacity: 0.2 }),
      ...lines,
      plot.dot(optima, { x: "n", y: "loss", r: 4, fill: COLOUR.predicted }),
      diamonds(plot, data.choice ? [[data.choice.n, data.choice.loss]] : []),
    ],
  );
}

function pathPanel(plot: PlotLibrary, data: AllocateFigureData): PlotOptions {
  const path = data.path.map((point) => ({ ...point, median: point.n }));
  const computes = path.map(({ compute }) => compute);
  const optima = data.valleys.map(({ compute, optimum }) => [compute, optimum.n]);
  return framed(
    plot,
    computeAxis([Math.min(...computes), Math.max(...computes)]),
    { label: "optimal size N", ticks: 5, format: (n) => formatCount(n, 1), scale: { type: "log" } },
    [
      ...band(plot, path, "compute"),
      plot.dot(optima, { x: "0", y: "1", r: 4, fill: COLOUR.predicted }),
      plot.ruleX([data.largestCompute], DASHED),
    ],
  );
}
