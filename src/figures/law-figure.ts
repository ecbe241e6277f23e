/** @file The ladder, the forecast through it and the bet at its end: compute against held-out loss. */

import type { Markish, PlotOptions } from "@observablehq/plot";
import { type Interval, mapInterval } from "../math/interval.ts";
import { formatSignedPercent, significant } from "../units/print.ts";
import { COLOUR, drawFigure, type PlotLibrary } from "./draw.ts";
import {
  band,
  computeAxis,
  DASHED,
  diamonds,
  framed,
  padded,
  paddedLog,
  type Range,
  rings,
  uprightInterval,
} from "./panel.ts";

/** The ladder, the law through it, and the target. */
export type LawFigureData = {
  readonly points: readonly LadderPoint[];
  /** In order of compute. */
  readonly line: readonly LawFigurePoint[];
  readonly target: {
    readonly flops: number;
    readonly predicted: Interval;
    readonly measured: number | null;
  };
};

/** One rung's loss. */
export type LadderPoint = {
  readonly flops: number;
  readonly bitsPerByte: number;
  /** The forecast's median at its compute. */
  readonly expected: number;
};

/** The law's forecast at some compute. */
export type LawFigurePoint = Interval & {
  readonly flops: number;
};

/** All losses above; below, their distances from the forecast's median, where noise and misfit show. */
export function lawFigure(data: LawFigureData): Promise<string> {
  const largest = Math.max(...data.points.map((point) => point.flops));
  const reach = data.target.flops / largest;
  return drawFigure({
    title: "The ladder, the forecast and the bet",
    caption:
      "Held-out loss against training compute C (forward and backward, attention included). " +
      `The line is the forecast's median (laws and drift) from ${data.points.length} runs; ` +
      `the target lies ${significant(reach, 2)} times beyond the largest (dashed).`,
    legend: [
      { swatch: "ring", colour: COLOUR.ink, label: "ladder run" },
      { swatch: "line", colour: COLOUR.predicted, label: "forecast's median" },
      { swatch: "band", colour: COLOUR.band, label: "90 % band" },
      { swatch: "interval", colour: COLOUR.predicted, label: "predicted for the target, 90 %" },
      data.target.measured !== null && { swatch: "diamond", colour: COLOUR.measured, label: "measured" },
    ],
    panels: [
      { height: 300, options: (plot) => lossPanel(plot, data, largest) },
      { height: 170, options: (plot) => residualPanel(plot, data, largest) },
    ],
  });
}

function lossPanel(plot: PlotLibrary, data: LawFigureData, largest: number): PlotOptions {
  const { target } = data;
  const losses = [...data.points.map((point) => point.bitsPerByte), target.predicted.lo, target.predicted.hi];
  const range = padded(target.measured === null ? losses : [...losses, target.measured], 0.08);
  const line = data.line.filter(({ median }) => median >= range[0] && median <= range[1]);
  const places = data.points.map(({ flops, bitsPerByte }) => ({ flops, height: bitsPerByte }));
  return framed(
    plot,
    { scale: { type: "log", domain: computeDomain(data) } },
    { label: "held-out loss (bits per byte)", scale: { domain: range } },
    lawMarks(plot, data, largest, { line, places, range, heightOf: (loss) => loss }),
  );
}

function residualPanel(plot: PlotLibrary, data: LawFigureData, largest: number): PlotOptions {
  const { predicted, measured } = data.target;
  const percentOf = (loss: number, median: number) => (loss / median - 1) * 100;
  const places = data.points.map(({ flops, bitsPerByte, expected }) => ({
    flops,
    height: percentOf(bitsPerByte, expected),
  }));
  const heightOf = (loss: number) => percentOf(loss, predicted.median);
  const ends = [predicted.lo, predicted.hi, measured ?? predicted.median].map(heightOf);
  const limit = 1.15 * Math.max(0.5, ...[...places.map(({ height }) => height), ...ends].map(Math.abs));
  const range: Range = [-limit, limit];
  const line = data.line.map(({ flops, ...expected }) => ({
    flops,
    ...mapInterval(expected, (loss) => percentOf(loss, expected.median)),
  }));
  return framed(
    plot,
    computeAxis(computeDomain(data)),
    {
      label: "distance from median",
      ticks: 5,
      format: (value) => formatSignedPercent(value, limit < 2 ? 1 : 0),
      scale: { domain: range },
    },
    lawMarks(plot, data, largest, { line, places, range, heightOf }),
  );
}

/** A panel's own measure of loss: the forecast, the runs and the target in it. */
type Heights = {
  readonly line: readonly LawFigurePoint[];
  readonly places: readonly { readonly flops: number; readonly height: number }[];
  readonly range: Range;
  readonly heightOf: (loss: number) => number;
};

/** What both panels show. */
function lawMarks(
  plot: PlotLibrary,
  data: LawFigureData,
  largest: number,
  { line, places, range, heightOf }: Heights,
): Markish[] {
  const { flops, predicted, measured } = data.target;
  const [from, to] = computeDomain(data);
  const shown = line.filter((point) => point.flops >= from && point.flops <= to);
  return [
    ...band(plot, shown, "flops", { range }),
    plot.ruleX([largest], DASHED),
    ...uprightInterval(plot, flops, mapInterval(predicted, heightOf)),
    rings(plot, places, { x: "flops", y: "height" }),
    diamonds(plot, measured === null ? [] : [[flops, heightOf(measured)]]),
  ];
}

function computeDomain(data: LawFigureData): [number, number] {
  return paddedLog([...data.points.map((point) => point.flops), data.target.flops], 1.4);
}
