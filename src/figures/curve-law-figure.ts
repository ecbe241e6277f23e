/** @file Loss curves, the law through them, what it expects of other schedules; below, the learning rates. */

import type { PlotOptions } from "@observablehq/plot";
import type { Interval } from "../math/interval.ts";
import { formatCount, formatPercent, significant } from "../units/print.ts";
import { COLOUR, drawFigure, type PlotLibrary, type Swatch } from "./draw.ts";
import { band, framed } from "./panel.ts";

/** Curves with a law of theirs, and what it expects of other schedules. */
export type CurveLawFigureData = {
  readonly law: string;
  readonly curves: readonly FittedCurve[];
  readonly expected: readonly ExpectedCurve[];
};

/** A curve, what the law makes of it, and its schedule. */
export type FittedCurve = {
  readonly name: string;
  readonly points: readonly { readonly step: number; readonly loss: number; readonly fitted: number }[];
  readonly rates: readonly RatePoint[];
  readonly meanPercent: number;
};

/** What the law expects under a schedule. */
export type ExpectedCurve = {
  readonly name: string;
  readonly points: readonly (Interval & { readonly step: number })[];
  readonly rates: readonly RatePoint[];
};

/** The learning rate at a step. */
export type RatePoint = {
  readonly step: number;
  readonly rate: number;
};

const EXPECTED_COLOURS = [COLOUR.measured, COLOUR.kept, COLOUR.other, COLOUR.heldOut];
/** Points drawn of one curve. */
const MOST_DOTS = 90;

/** Draws the curves; the loss axis leaves out the steep first steps after the warm-up. */
export function curveLawFigure(data: CurveLawFigureData): Promise<string> {
  const worst = Math.max(...data.curves.map(({ meanPercent }) => meanPercent));
  const colourOf = (i: number) => EXPECTED_COLOURS[i % EXPECTED_COLOURS.length]!;
  const entry = (swatch: Swatch, colour: string, label: string) => ({ swatch, colour, label });
  const ends = data.expected.map(({ name, points }) => {
    const { median, lo, hi } = points.at(-1)!;
    return ` ${name} ends at ${significant(median, 4)} (${significant(lo, 4)} to ${significant(hi, 4)}).`;
  });
  return drawFigure({
    title: "Loss curves under their learning rates",
    caption: `The ${data.law} law through ${data.curves.length} curves, on average within ${formatPercent(worst, 2)} of each.${ends.join("")}`,
    legend: [
      entry("dot", COLOUR.ink, "measured"),
      entry("line", COLOUR.predicted, "law, fitted to it"),
      ...data.expected.flatMap(({ name }, i) => [entry("line", colourOf(i), `${name}, 90 % band`)]),
    ],
    panels: [
      { height: 330, options: (plot) => lossPanel(plot, data, colourOf) },
      { height: 150, options: (plot) => ratePanel(plot, data, colourOf) },
    ],
  });
}

function lossPanel(
  plot: PlotLibrary,
  { curves, expected }: CurveLawFigureData,
  colourOf: (i: number) => string,
): PlotOptions {
  const range = lossDomain(curves, expected);
  const isShown = (loss: number) => loss <= range[1];
  const dots = curves.flatMap(({ points }) => {
    const stride = Math.ceil(points.length / MOST_DOTS);
    return points.filter(({ loss }, i) => i % stride === 0 && isShown(loss));
  });
  const fitted = curves.map(({ points }) => points.filter((point) => isShown(point.fitted)));
  return framed(
    plot,
    { scale: { domain: stepDomain(curves, expected) } },
    { label: "loss", scale: { domain: range } },
    [
      plot.dot(dots, { x: "step", y: "loss", r: 1.4, fill: COLOUR.ink, fillOpacity: 0.6 }),
      ...fitted.map((points) =>
        plot.lineY(points, { x: "step", y: "fitted", stroke: COLOUR.predicted, strokeWidth: 1 }),
      ),
      ...expected.flatMap(({ points }, i) => {
        const shown = points.filter(({ median }) => isShown(median));
        return band(plot, shown, "step", { range, line: colourOf(i), fill: colourOf(i), fillOpacity: 0.2 });
      }),
    ],
  );
}

function ratePanel(
  plot: PlotLibrary,
  { curves, expected }: CurveLawFigureData,
  colourOf: (i: number) => string,
): PlotOptions {
  const line = (rates: readonly RatePoint[], stroke: string, strokeWidth: number) =>
    plot.lineY(rates, { x: "step", y: "rate", stroke, strokeWidth });
  return framed(
    plot,
    {
      label: "step",
      format: (step) => formatCount(step, 2),
      scale: { domain: stepDomain(curves, expected) },
    },
    { label: "learning rate", ticks: 3, format: (rate) => significant(rate, 3), scale: { zero: true } },
    [
      ...curves.map(({ rates }) => line(rates, COLOUR.predicted, 1)),
      ...expected.map(({ rates }, i) => line(rates, colourOf(i), 1.8)),
    ],
  );
}

function stepDomain(
  curves: CurveLawFigureData["curves"],
  expected: CurveLawFigureData["expected"],
): [number, number] {
  return [0, Math.max(...[...curves, ...expected].map(({ points }) => points.at(-1)!.step))];
}

/** From below the lowest loss to what the highest curve has after a tenth of its points. */
function lossDomain(
  curves: CurveLawFigureData["curves"],
  expected: CurveLawFigureData["expected"],
): [number, number] {
  const lows = [
    ...curves.flatMap(({ points }) => points.map(({ loss }) => loss)),
    ...expected.flatMap(({ points }) => points.map(({ lo }) => lo)),
  ];
  const highs = [
    ...curves.map(({ points }) => points[Math.floor(points.length / 10)]!.loss),
    ...expected.map(({ points }) => points[Math.floor(points.length / 10)]!.median),
  ];
  const lowest = Math.min(...lows);
  const highest = Math.max(...highs);
  return [lowest - 0.04 * (highest - lowest), highest];
}
