/** @file A forecast from a table: every run's loss against compute, and the band along the target's ratio of tokens to parameters. */

import type { PlotOptions } from "@observablehq/plot";
import type { Interval } from "../math/interval.ts";
import { formatFlops, significant } from "../units/print.ts";
import { AXIS_LABEL_Y, CAP_ACROSS, COLOUR, drawFigure, PANEL_MARGINS, type PlotLibrary } from "./draw.ts";

export type ForecastFigureData = {
  readonly points: readonly {
    readonly flops: number;
    readonly loss: number;
    readonly tokensPerParameter: number;
  }[];
  /** In order of compute. */
  readonly line: readonly (Interval & { readonly flops: number })[];
  readonly target: Interval & { readonly flops: number; readonly tokensPerParameter: number };
};

/** Runs within this factor of the target's ratio are drawn dark: the band is about them. */
const NEAR = 2;

export function forecastFigure(data: ForecastFigureData): Promise<string> {
  const ratio = significant(data.target.tokensPerParameter, 3);
  return drawFigure({
    title: "The runs and the forecast",
    caption: `Loss against training compute. Line and, from the largest runs on, 90 % band at ${ratio} tokens a parameter, the target's; runs within a factor of ${NEAR} of that ratio are dark, the others grey.`,
    legend: [
      { swatch: "ring", colour: COLOUR.ink, label: "run near the target's ratio" },
      { swatch: "ring", colour: COLOUR.faint, label: "other run" },
      { swatch: "line", colour: COLOUR.predicted, label: "forecast's median" },
      { swatch: "band", colour: COLOUR.band, label: "90 % band" },
      { swatch: "interval", colour: COLOUR.predicted, label: "target, 90 %" },
    ],
    panels: [{ height: 380, options: (plot) => panel(plot, data) }],
  });
}

function panel(plot: PlotLibrary, { points, line, target }: ForecastFigureData): PlotOptions {
  const isNear = (ratio: number) => Math.abs(Math.log(ratio / target.tokensPerParameter)) <= Math.log(NEAR);
  const losses = [...points.map(({ loss }) => loss), target.lo, target.hi];
  const domain = [0.97 * Math.min(...losses), 1.03 * Math.max(...losses)] as const;
  const shown = line.filter(({ median }) => median <= domain[1] && median >= domain[0]);
  // Below the top the runs themselves show how well the law holds; the interval is one for runs beyond them.
  const largest = Math.max(...points.map(({ flops }) => flops));
  const beyond = shown.filter(
    ({ flops, lo, hi }) => flops >= largest / 3 && hi <= domain[1] && lo >= domain[0],
  );
  return {
    ...PANEL_MARGINS,
    marginBottom: 46,
    x: { type: "log", label: null },
    y: { type: "log", domain, label: null },
    marks: [
      plot.gridY({ ticks: 6, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisY({
        ticks: 6,
        tickFormat: (loss: number) => significant(loss, 3),
        label: "loss",
        ...AXIS_LABEL_Y,
      }),
      plot.axisX({
        ticks: 6,
        tickFormat: (flops: number) => formatFlops(flops, 1),
        label: "training compute C (logarithmic)",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 40,
      }),
      plot.areaY(beyond, { x: "flops", y1: "lo", y2: "hi", fill: COLOUR.band, fillOpacity: 0.3 }),
      plot.lineY(shown, { x: "flops", y: "median", stroke: COLOUR.predicted, strokeWidth: 2 }),
      plot.dot(points, {
        x: "flops",
        y: "loss",
        r: 3,
        stroke: ({ tokensPerParameter }: { readonly tokensPerParameter: number }) =>
          isNear(tokensPerParameter) ? COLOUR.ink : "#bbbbbb",
      }),
      plot.ruleX([target], { x: "flops", y1: "lo", y2: "hi", stroke: COLOUR.predicted, strokeWidth: 2.5 }),
      plot.dot([target.lo, target.hi, target.median], {
        x: () => target.flops,
        y: (loss: number) => loss,
        symbol: CAP_ACROSS,
        stroke: COLOUR.predicted,
        strokeWidth: 2.5,
      }),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}
