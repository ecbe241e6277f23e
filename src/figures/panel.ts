/** @file What panels share: axes, grid, frame, and marks for bands, intervals, runs and measurements. */

import type { Markish, PlotOptions, ScaleOptions } from "@observablehq/plot";
import type { Interval } from "../math/interval.ts";
import { formatFlops } from "../units/print.ts";
import { AXIS_LABEL_Y, CAP_ACROSS, COLOUR, PANEL_MARGINS, type PlotLibrary } from "./draw.ts";

export type Range = readonly [number, number];

export type Axis = {
  /** Left out where the panel below has the same axis. */
  readonly label?: string;
  readonly ticks?: number | number[];
  readonly format?: (value: number) => string;
  readonly scale?: ScaleOptions;
};

/** A label in the middle of a horizontal axis. */
export const AXIS_LABEL_X = { labelAnchor: "center", labelArrow: "none", labelOffset: 40 } as const;
export const DASHED = { stroke: COLOUR.faint, strokeDasharray: "4,4" } as const;

/** Marks between two axes, in a frame. `under` lies below the grid. */
export function framed(
  plot: PlotLibrary,
  x: Axis,
  y: Axis,
  marks: readonly Markish[],
  under: readonly Markish[] = [],
): PlotOptions {
  const ticksOf = ({ ticks = 6, format, label }: Axis) => ({
    ticks,
    ...(format === undefined ? {} : { tickFormat: format }),
    label: label ?? null,
  });
  const gridTicks = y.ticks ?? 6;
  return {
    ...PANEL_MARGINS,
    marginBottom: x.label === undefined ? 12 : 46,
    x: { ...x.scale, label: null, axis: null },
    y: { ...y.scale, label: null },
    marks: [
      ...under,
      plot.gridY({ ticks: gridTicks, stroke: COLOUR.grid, strokeOpacity: 1 }),
      ...(x.label === undefined ? [] : [plot.axisX({ ...ticksOf(x), ...AXIS_LABEL_X })]),
      plot.axisY({ ...ticksOf(y), ...AXIS_LABEL_Y }),
      ...marks,
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}

/** The axis that most figures stand on. */
export function computeAxis(domain: Range): Axis {
  return {
    label: "training compute C (logarithmic)",
    ticks: logTicks(domain),
    format: (flops) => formatFlops(flops, 1),
    scale: { type: "log", domain },
  };
}

/** A 90 % band along `x` and the line of its medians; what leaves `range` is cut at its edge. */
export function band<Point extends Interval>(
  plot: PlotLibrary,
  points: readonly Point[],
  x: keyof Point & string,
  {
    range = [-Infinity, Infinity],
    line = COLOUR.predicted,
    fill = COLOUR.band,
    fillOpacity = 0.3,
  }: BandStyle = {},
): Markish[] {
  return [
    plot.areaY(points, {
      x,
      y1: ({ lo }: Point) => clamp(lo, range),
      y2: ({ hi }: Point) => clamp(hi, range),
      fill,
      fillOpacity,
    }),
    plot.lineY(points, { x, y: "median", stroke: line, strokeWidth: 2 }),
  ];
}

type BandStyle = {
  readonly range?: Range;
  readonly line?: string;
  readonly fill?: string;
  readonly fillOpacity?: number;
};

/** An upright interval with caps at both ends and at the median. */
export function uprightInterval(plot: PlotLibrary, x: number, { median, lo, hi }: Interval): Markish[] {
  const style = { stroke: COLOUR.predicted, strokeWidth: 2.5 };
  return [
    plot.ruleX([x], { y1: lo, y2: hi, ...style }),
    plot.dot([lo, hi, median], { x: () => x, y: (value: number) => value, symbol: CAP_ACROSS, ...style }),
  ];
}

/** Runs as rings. */
export function rings<Point>(
  plot: PlotLibrary,
  points: readonly Point[],
  place: { readonly x: string; readonly y: string | ((point: Point) => number) },
): Markish {
  return plot.dot(points, { ...place, r: 4, stroke: COLOUR.ink, fill: "#ffffff", strokeWidth: 1.5 });
}

/** What was measured, as diamonds: places [x, y]. */
export function diamonds(plot: PlotLibrary, places: readonly Range[], r = 5): Markish {
  const style = { fill: COLOUR.measured, stroke: "#ffffff" };
  return plot.dot(places, { x: "0", y: "1", symbol: "diamond", r, ...style });
}

/** The range of values, wider at both ends by this share of itself. */
export function padded(values: readonly number[], share: number): [number, number] {
  const [lo, hi] = [Math.min(...values), Math.max(...values)];
  const pad = (hi - lo || Math.abs(hi) || 1) * share;
  return [lo - pad, hi + pad];
}

/** The range of values on a logarithmic axis, wider at both ends by a factor. */
export function paddedLog(values: readonly number[], factor: number): [number, number] {
  return [Math.min(...values) / factor, Math.max(...values) * factor];
}

export function clamp(value: number, [lo, hi]: Range): number {
  return Math.min(hi, Math.max(lo, value));
}

/** 1, 2 and 5 of every decade, or the decades alone where there are many: labels then never touch. */
function logTicks([lo, hi]: Range): number[] {
  const steps = hi / lo > 150 ? [1] : [1, 2, 5];
  const first = Math.floor(Math.log10(lo));
  const powers = Array.from({ length: Math.ceil(Math.log10(hi / lo)) + 2 }, (_, i) => 10 ** (first + i));
  return powers
    .flatMap((power) => steps.map((step) => step * power))
    .filter((tick) => tick >= lo && tick <= hi);
}
