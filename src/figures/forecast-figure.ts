/** @file A forecast from a table: runs by compute, and the band along the target's tokens per parameter. */

import type { PlotOptions } from "@observablehq/plot";
import type { Interval } from "../math/interval.ts";
import { significant } from "../units/print.ts";
import { COLOUR, drawFigure, type PlotLibrary } from "./draw.ts";
import { band, computeAxis, framed, paddedLog, uprightInterval } from "./panel.ts";

/** The runs, the forecast line with its band, and the target. */
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

/** The runs, and the forecast beyond them. */
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
  const domain = paddedLog(losses, 1.03);
  const flops = [...points.map((point) => point.flops), target.flops];
  const shown = line.filter(({ median }) => median <= domain[1] && median >= domain[0]);
  // Below the top the runs themselves show how well the law holds; the interval is one for runs beyond them.
  const largest = Math.max(...points.map((point) => point.flops));
  const beyond = shown.filter(
    ({ lo, hi, ...at }) => at.flops >= largest / 3 && hi <= domain[1] && lo >= domain[0],
  );
  const [area] = band(plot, beyond, "flops");
  return framed(
    plot,
    computeAxis(paddedLog(flops, 1.4)),
    { label: "loss", format: (loss) => significant(loss, 3), scale: { type: "log", domain } },
    [
      area!,
      plot.lineY(shown, { x: "flops", y: "median", stroke: COLOUR.predicted, strokeWidth: 2 }),
      plot.dot(points, {
        x: "flops",
        y: "loss",
        r: 3,
        stroke: ({ tokensPerParameter }: { readonly tokensPerParameter: number }) =>
          isNear(tokensPerParameter) ? COLOUR.ink : "#bbbbbb",
      }),
      ...uprightInterval(plot, target.flops, target),
    ],
  );
}
