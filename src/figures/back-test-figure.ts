/** @file A back-test: how often 90 % intervals held, and their score, against reach, beside the bootstrap. */

import type { PlotOptions } from "@observablehq/plot";
import { significant } from "../units/print.ts";
import { COLOUR, drawFigure, type PlotLibrary } from "./draw.ts";
import { framed } from "./panel.ts";

/** The share of 90 % intervals that held, and their mean interval score. */
export type ScoredIntervals = {
  readonly coverage90: number;
  readonly intervalScore: number;
};

/** The cuts of a back-test. */
export type BackTestFigureData = {
  readonly cuts: readonly (ScoredIntervals & {
    readonly reach: number;
    readonly plainBootstrap: ScoredIntervals;
  })[];
};

/** How often the intervals held, against how far they reached. */
export function backTestFigure(data: BackTestFigureData): Promise<string> {
  return drawFigure({
    title: "Did the intervals hold?",
    caption:
      "Each point: laws fitted to the runs below a cut, asked about all runs above it. Reach: the table's largest compute over the cut. Score: width of the interval plus 20 times what lies outside, in percent of the loss; lower is better.",
    legend: [
      { swatch: "dot", colour: COLOUR.predicted, label: "calibrated interval" },
      { swatch: "diamond", colour: COLOUR.measured, label: "plain bootstrap" },
      { swatch: "band", colour: COLOUR.band, label: "80 to 97 %" },
    ],
    panels: [
      {
        height: 220,
        options: (plot) => panel(plot, data, "inside (share)", ({ coverage90 }) => coverage90, [0, 1]),
      },
      {
        height: 220,
        options: (plot) => panel(plot, data, "score (%)", ({ intervalScore }) => intervalScore, undefined),
      },
    ],
  });
}

function panel(
  plot: PlotLibrary,
  { cuts }: BackTestFigureData,
  label: string,
  of: (scored: ScoredIntervals) => number,
  domain: [number, number] | undefined,
): PlotOptions {
  const shown = cuts.filter((cut) => Number.isFinite(of(cut.plainBootstrap)));
  const bootstrap = { x: "reach", y: (cut: (typeof cuts)[number]) => of(cut.plainBootstrap) };
  const isShare = domain !== undefined;
  return framed(
    plot,
    { label: "reach", format: (reach) => significant(reach, 2), scale: { type: "log" } },
    { label, ticks: 5, scale: isShare ? { domain } : { zero: true } },
    [
      plot.lineY(shown, { x: "reach", y: of, stroke: COLOUR.predicted }),
      plot.dot(shown, { x: "reach", y: of, fill: COLOUR.predicted, r: 4 }),
      plot.lineY(shown, { ...bootstrap, stroke: COLOUR.measured, strokeDasharray: "4,3" }),
      plot.dot(shown, { ...bootstrap, fill: COLOUR.measured, symbol: "diamond", r: 5 }),
    ],
    isShare ? [plot.rectY([0], { y1: () => 0.8, y2: () => 0.97, fill: COLOUR.band, fillOpacity: 0.2 })] : [],
  );
}
