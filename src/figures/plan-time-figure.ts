/** @file Where a run's time goes, and what failures leave of it on clusters of other sizes. */

import type { PlotOptions } from "@observablehq/plot";
import { type Interval, scaledBy } from "../math/interval.ts";
import { HOUR_SECONDS } from "../units/kinds.ts";
import { formatCount, formatPercent, formatSeconds } from "../units/print.ts";
import { COLOUR, drawFigure, PANEL_MARGINS, type PlotLibrary } from "./draw.ts";
import { AXIS_LABEL_X, band, framed } from "./panel.ts";

/** Where a long run's time goes, and its goodput at other sizes of cluster. */
export type PlanTimeFigureData = {
  readonly title: string;
  readonly numDevices: number;
  readonly goodput: Interval;
  readonly parts: readonly { readonly part: string; readonly seconds: number }[];
  readonly sizes: readonly { readonly numDevices: number; readonly goodput: Interval }[];
};

const percent = ({ median, lo, hi }: Interval) =>
  `${formatPercent(100 * median)} (90 % interval ${formatPercent(100 * lo)} to ${formatPercent(100 * hi)})`;

/** Bars of what is not productive above, goodput over cluster size below. */
export function planTimeFigure(data: PlanTimeFigureData): Promise<string> {
  return drawFigure({
    title: data.title,
    caption: `Goodput ${percent(data.goodput)}. Above: expected time that is not productive. Below: goodput over thirty days on clusters of other sizes, each with its best checkpoint interval; the band is its 90 % interval.`,
    legend: [
      { swatch: "bar", colour: COLOUR.measured, label: "time that is lost" },
      { swatch: "line", colour: COLOUR.predicted, label: "goodput" },
      { swatch: "band", colour: COLOUR.band, label: "90 % interval" },
      { swatch: "dot", colour: COLOUR.predicted, label: "this cluster" },
    ],
    panels: [
      { height: 60 + 26 * data.parts.length, options: (plot) => lossPanel(plot, data) },
      { height: 250, options: (plot) => sizePanel(plot, data) },
    ],
  });
}

function lossPanel(plot: PlotLibrary, { parts }: PlanTimeFigureData): PlotOptions {
  return {
    ...PANEL_MARGINS,
    marginLeft: 110,
    marginRight: 90,
    marginBottom: 46,
    x: { label: null },
    y: { domain: parts.map(({ part }) => part), label: null, padding: 0.25 },
    marks: [
      plot.axisX({ ticks: 6, label: "expected hours", ...AXIS_LABEL_X }),
      plot.axisY({ tickSize: 0, label: null }),
      plot.barX(parts, { x: ({ seconds }) => seconds / HOUR_SECONDS, y: "part", fill: COLOUR.measured }),
      plot.text(parts, {
        x: ({ seconds }) => seconds / HOUR_SECONDS,
        y: "part",
        text: ({ seconds }) => formatSeconds(seconds),
        textAnchor: "start",
        dx: 6,
      }),
      plot.ruleX([0], { stroke: COLOUR.faint }),
    ],
  };
}

function sizePanel(plot: PlotLibrary, { sizes, numDevices, goodput }: PlanTimeFigureData): PlotOptions {
  const rows = sizes.map((size) => ({ numDevices: size.numDevices, ...scaledBy(size.goodput, 100) }));
  return framed(
    plot,
    { label: "accelerators", ticks: 5, format: (n) => formatCount(n, 1), scale: { type: "log" } },
    { label: "goodput, %", ticks: 5, scale: { domain: [0, 100] } },
    [
      ...band(plot, rows, "numDevices"),
      plot.dot([[numDevices, 100 * goodput.median]], { x: "0", y: "1", r: 4, fill: COLOUR.predicted }),
    ],
  );
}
