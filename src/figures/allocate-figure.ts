/** @file Where a budget goes: the valley of loss over model size for three budgets, and the optimal size over compute. */

import type { PlotOptions } from "@observablehq/plot";
import { formatCount, significant } from "../units/print.ts";
import { AXIS_LABEL_Y, COLOUR, drawFigure, PANEL_MARGINS, type PlotLibrary } from "./draw.ts";

type SizePoint = {
  readonly n: number;
  readonly loss: number;
};

export type AllocateFigureData = {
  readonly compute: number;
  readonly largestCompute: number;
  readonly valleys: readonly {
    readonly compute: number;
    readonly optimum: SizePoint;
    readonly points: readonly SizePoint[];
  }[];
  readonly path: readonly {
    readonly compute: number;
    readonly n: number;
    readonly lo: number;
    readonly hi: number;
  }[];
  readonly flat: { readonly lo: number; readonly hi: number };
  readonly choice: SizePoint | null;
};

/** Valleys above, the optimum's path below. */
export function allocateFigure(data: AllocateFigureData): Promise<string> {
  const reach = data.compute / data.largestCompute;
  return drawFigure({
    title: `The best size for ${flops(data.compute)} FLOPs`,
    caption: `Above: loss over model size N when all of a budget is spent, for 1, 10 and 100 times the budget; sizes in the shaded range lose less than 0.1 %. Below: the optimal size over compute with its 90 % band; the budget is ${significant(reach, 2)} times the table's largest run (dashed).`,
    legend: [
      { swatch: "line", colour: COLOUR.predicted, label: "loss at the budget" },
      { swatch: "line", colour: COLOUR.band, label: "at 10 and 100 times" },
      { swatch: "dot", colour: COLOUR.predicted, label: "optimum" },
      { swatch: "band", colour: COLOUR.heldOut, label: "within 0.1 %" },
      { swatch: "band", colour: COLOUR.band, label: "90 % band" },
      ...(data.choice
        ? [{ swatch: "diamond", colour: COLOUR.measured, label: "size in mind" } as const]
        : []),
    ],
    panels: [
      { height: 280, options: (plot) => valleyPanel(plot, data) },
      { height: 230, options: (plot) => pathPanel(plot, data) },
    ],
  });
}

const flops = (value: number) => Number(value.toPrecision(2)).toExponential().replace("e+", "e");

const acrossAxis = { labelAnchor: "center", labelArrow: "none", labelOffset: 38 } as const;

function valleyPanel(plot: PlotLibrary, data: AllocateFigureData): PlotOptions {
  const shown = data.valleys.map(({ points, optimum }) =>
    points.filter(({ loss }) => loss <= optimum.loss * 1.06),
  );
  return {
    ...PANEL_MARGINS,
    marginBottom: 46,
    x: { type: "log", label: null },
    y: { label: null, nice: true },
    marks: [
      plot.gridY({ ticks: 6, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.rectX([data.flat], { x1: "lo", x2: "hi", fill: COLOUR.heldOut, fillOpacity: 0.2 }),
      plot.axisX({
        ticks: 6,
        tickFormat: (n: number) => formatCount(n, 1),
        label: "model size N",
        ...acrossAxis,
      }),
      plot.axisY({ ticks: 6, label: "loss", ...AXIS_LABEL_Y }),
      ...shown.map((points, i) =>
        plot.lineY(points, {
          x: "n",
          y: "loss",
          stroke: i === 0 ? COLOUR.predicted : COLOUR.band,
          strokeWidth: 2,
        }),
      ),
      plot.dot(
        data.valleys.map(({ optimum }) => optimum),
        { x: "n", y: "loss", r: 4, fill: COLOUR.predicted },
      ),
      plot.dot(data.choice ? [data.choice] : [], {
        x: "n",
        y: "loss",
        symbol: "diamond",
        r: 5,
        fill: COLOUR.measured,
        stroke: "#ffffff",
      }),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}

function pathPanel(plot: PlotLibrary, data: AllocateFigureData): PlotOptions {
  return {
    ...PANEL_MARGINS,
    marginBottom: 46,
    x: { type: "log", label: null },
    y: { type: "log", label: null },
    marks: [
      plot.axisX({ ticks: 6, tickFormat: flops, label: "training compute C, FLOPs", ...acrossAxis }),
      plot.axisY({
        ticks: 5,
        tickFormat: (n: number) => formatCount(n, 1),
        label: "optimal size N",
        ...AXIS_LABEL_Y,
      }),
      plot.areaY(data.path, { x: "compute", y1: "lo", y2: "hi", fill: COLOUR.band, fillOpacity: 0.3 }),
      plot.lineY(data.path, { x: "compute", y: "n", stroke: COLOUR.predicted, strokeWidth: 2 }),
      plot.dot(
        data.valleys.map(({ compute, optimum }) => ({ compute, n: optimum.n })),
        { x: "compute", y: "n", r: 4, fill: COLOUR.predicted },
      ),
      plot.ruleX([data.largestCompute], { stroke: COLOUR.faint, strokeDasharray: "4,4" }),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}
