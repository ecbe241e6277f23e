/** @file Model and cluster together: loss and utilisation over size, for several sizes of the fast domain. */

import type { PlotOptions } from "@observablehq/plot";
import { fixed, formatCount, significant } from "../units/print.ts";
import { COLOUR, drawFigure, type PlotLibrary } from "./draw.ts";
import { type Axis, band, framed } from "./panel.ts";

/** A size, its loss, and how well it uses the cluster. */
export type CodesignPoint = {
  readonly params: number;
  readonly loss: number;
  readonly mfuPercent: number;
};

/** The best of each size on one cluster, and on others like it. */
export type CodesignFigureData = {
  readonly cluster: string;
  readonly days: number;
  /** Best of each size with its 90 % interval, the cluster as it is. */
  readonly frontier: readonly (CodesignPoint & { readonly lo: number; readonly hi: number })[];
  /** Other sizes of the fast domain. */
  readonly others: readonly { readonly domainSize: number; readonly points: readonly CodesignPoint[] }[];
  /** The law at the best design's FLOPs, whatever runs them. */
  readonly lawAlone: readonly { readonly params: number; readonly loss: number }[];
  readonly best: CodesignPoint;
};

const OTHER_COLOURS = [COLOUR.measured, COLOUR.kept, COLOUR.other] as const;
/** Sizes whose loss is further above the best are not shown: they would flatten the valley. */
const SHOWN = 1.03;

/** Loss above, utilisation below. */
export function codesignFigure(data: CodesignFigureData): Promise<string> {
  const others = data.others.map(({ domainSize }, i) => ({
    swatch: "line" as const,
    colour: OTHER_COLOURS[i % OTHER_COLOURS.length]!,
    label: `fast domain of ${domainSize}`,
  }));
  return drawFigure({
    title: `Model and layout for ${data.cluster} in ${significant(data.days, 3)} days`,
    caption: `Above: forecast loss of the best shape and layout of each size, with its 90 % band; the least is ${fixed(data.best.loss, 3)} with ${formatCount(data.best.params)} parameters a token. Dashed: the law alone at that design's FLOPs, as if every size ran at its utilisation. Below: utilisation of the same designs.`,
    legend: [
      { swatch: "line", colour: COLOUR.predicted, label: "the cluster as it is" },
      { swatch: "band", colour: COLOUR.band, label: "90 % band" },
      ...others,
      { swatch: "dashed", colour: COLOUR.faint, label: "the law alone" },
      { swatch: "dot", colour: COLOUR.predicted, label: "the choice" },
    ],
    panels: [
      { height: 290, options: (plot) => lossPanel(plot, data) },
      { height: 210, options: (plot) => utilisationPanel(plot, data) },
    ],
  });
}

/** One axis of sizes for both panels: that of the frontier as shown. */
function sizeAxis(data: CodesignFigureData): Axis {
  return {
    label: "parameters in matrix products that a token meets",
    format: (params) => formatCount(params, 2),
    scale: { type: "log", domain: domainOf(data) },
  };
}

function domainOf(data: CodesignFigureData): [number, number] {
  const sizes = data.frontier.filter(shownIn(data)).map(({ params }) => params);
  return [Math.min(...sizes), Math.max(...sizes)];
}

function shownIn(data: CodesignFigureData): (point: { readonly loss: number }) => boolean {
  return ({ loss }) => loss <= data.best.loss * SHOWN;
}

function isInside(
  data: CodesignFigureData,
): (point: { readonly params: number; readonly loss: number }) => boolean {
  const [least, most] = domainOf(data);
  const isShown = shownIn(data);
  return (point) => isShown(point) && point.params >= least && point.params <= most;
}

/** Designs on fast domains of other sizes, one line each. */
function otherLines(plot: PlotLibrary, data: CodesignFigureData, y: keyof CodesignPoint) {
  return data.others.map(({ points }, i) =>
    plot.lineY(points.filter(isInside(data)), {
      x: "params",
      y,
      stroke: OTHER_COLOURS[i % OTHER_COLOURS.length]!,
      strokeWidth: 1.5,
    }),
  );
}

function lossPanel(plot: PlotLibrary, data: CodesignFigureData): PlotOptions {
  const isShown = isInside(data);
  const frontier = data.frontier.filter(isShown).map((point) => ({ ...point, median: point.loss }));
  const dashed = { stroke: COLOUR.faint, strokeDasharray: "5,3" };
  return framed(plot, sizeAxis(data), { label: "loss", scale: { nice: true } }, [
    plot.lineY(data.lawAlone.filter(isShown), { x: "params", y: "loss", ...dashed }),
    ...otherLines(plot, data, "loss"),
    ...band(plot, frontier, "params"),
    plot.dot([data.best], { x: "params", y: "loss", r: 4.5, fill: COLOUR.predicted }),
  ]);
}

function utilisationPanel(plot: PlotLibrary, data: CodesignFigureData): PlotOptions {
  const frontier = data.frontier.filter(isInside(data));
  return framed(plot, sizeAxis(data), { label: "MFU, %", ticks: 5, scale: { nice: true } }, [
    ...otherLines(plot, data, "mfuPercent"),
    plot.lineY(frontier, { x: "params", y: "mfuPercent", stroke: COLOUR.predicted, strokeWidth: 2 }),
    plot.dot([data.best], { x: "params", y: "mfuPercent", r: 4.5, fill: COLOUR.predicted }),
  ]);
}
