/** @file Does a change still help: its effect on the loss over compute, with the trend's band out to the target, and the multipliers. */

import type { PlotOptions } from "@observablehq/plot";
import type { Interval } from "../math/interval.ts";
import { formatFlops, formatSignedPercent, significant } from "../units/print.ts";
import { AXIS_LABEL_Y, CAP_ACROSS, COLOUR, drawFigure, PANEL_MARGINS, type PlotLibrary } from "./draw.ts";

/** One scale of the ladder: effect in percent of the loss, and the multiplier of compute (an end may be infinite). */
export type FeatureFigureScale = {
  readonly flops: number;
  readonly effectPercent: Interval;
  readonly multiplier: Interval;
};

export type FeatureFigureData = {
  readonly title: string;
  readonly scales: readonly FeatureFigureScale[];
  /** The trend's median and 90 % band, in order of compute. */
  readonly line: readonly (Interval & { readonly flops: number })[];
  readonly target: FeatureFigureScale;
};

/** Effects above, with zero as the line that must not be crossed; multipliers of compute below. */
export function featureFigure(data: FeatureFigureData): Promise<string> {
  const largest = Math.max(...data.scales.map(({ flops }) => flops));
  const reach = data.target.flops / largest;
  return drawFigure({
    title: data.title,
    caption: `Above: loss with the change against loss without it, at equal compute; below zero it helps. Points are what each scale shows by itself, the band is the trend with its drift; the target lies at ${significant(reach, 2)} times the largest scale (dashed). Below: how many times the compute the base would need for the same loss. All intervals hold 90 %; what is unbounded ends at the panel's edge.`,
    legend: [
      { swatch: "ring", colour: COLOUR.ink, label: "measured at one scale" },
      { swatch: "line", colour: COLOUR.predicted, label: "trend's median" },
      { swatch: "band", colour: COLOUR.band, label: "90 % band" },
      { swatch: "interval", colour: COLOUR.predicted, label: "at the target" },
    ],
    panels: [
      { height: 280, options: (plot) => effectPanel(plot, data, largest) },
      { height: 210, options: (plot) => multiplierPanel(plot, data, largest) },
    ],
  });
}

function computeDomain({ scales, target }: FeatureFigureData): [number, number] {
  const flops = [...scales.map((scale) => scale.flops), target.flops];
  return [Math.min(...flops) / 1.6, Math.max(...flops) * 1.6];
}

function effectPanel(plot: PlotLibrary, data: FeatureFigureData, largest: number): PlotOptions {
  const intervals = [...data.scales, data.target].map(({ effectPercent }) => effectPercent);
  const ends = [0, ...intervals.flatMap(({ lo, hi }) => [lo, hi])];
  const pad = 0.08 * (Math.max(...ends) - Math.min(...ends));
  const domain: [number, number] = [Math.min(...ends) - pad, Math.max(...ends) + pad];
  const decimals = domain[1] - domain[0] < 4 ? 1 : 0;
  return {
    ...PANEL_MARGINS,
    marginBottom: 12,
    x: { type: "log", domain: computeDomain(data), axis: null },
    y: { domain, label: null },
    marks: [
      plot.gridY({ ticks: 6, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisY({
        ticks: 6,
        tickFormat: (value: number) => formatSignedPercent(value, decimals),
        label: "effect on the loss",
        ...AXIS_LABEL_Y,
      }),
      plot.areaY(data.line, {
        x: "flops",
        y1: ({ lo }: Interval) => Math.max(lo, domain[0]),
        y2: ({ hi }: Interval) => Math.min(hi, domain[1]),
        fill: COLOUR.band,
        fillOpacity: 0.3,
      }),
      plot.lineY(data.line, { x: "flops", y: "median", stroke: COLOUR.predicted, strokeWidth: 2 }),
      plot.ruleY([0], { stroke: COLOUR.ink }),
      plot.ruleX([largest], { stroke: COLOUR.faint, strokeDasharray: "4,4" }),
      ...intervalMarks(plot, data, ({ effectPercent }) => effectPercent, domain),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}

function multiplierPanel(plot: PlotLibrary, data: FeatureFigureData, largest: number): PlotOptions {
  const bounded = [...data.scales, data.target]
    .flatMap(({ multiplier }) => [multiplier.lo, multiplier.median, multiplier.hi])
    .filter((value) => value > 0 && value < 1e3);
  const domain: [number, number] = [Math.min(0.9, ...bounded) / 1.1, Math.max(1.1, ...bounded) * 1.1];
  return {
    ...PANEL_MARGINS,
    marginBottom: 46,
    x: { type: "log", domain: computeDomain(data), label: null },
    y: { type: "log", domain, label: null },
    marks: [
      plot.gridY({ ticks: 4, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({
        ticks: 5,
        tickFormat: (value: number) => formatFlops(value, 1),
        label: "training compute C (logarithmic)",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 40,
      }),
      plot.axisY({
        ticks: 4,
        tickFormat: (value: number) => significant(value, 2),
        label: "times the compute",
        ...AXIS_LABEL_Y,
      }),
      plot.ruleY([1], { stroke: COLOUR.ink }),
      plot.ruleX([largest], { stroke: COLOUR.faint, strokeDasharray: "4,4" }),
      ...intervalMarks(plot, data, ({ multiplier }) => multiplier, domain),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}

/** Each scale as a ring on its interval, the target as an interval with caps; what leaves the panel is cut at its edge. */
function intervalMarks(
  plot: PlotLibrary,
  { scales, target }: FeatureFigureData,
  of: (scale: FeatureFigureScale) => Interval,
  [bottom, top]: readonly [number, number],
) {
  const cut = (value: number) => Math.min(top, Math.max(bottom, value));
  const [low, high] = [cut(of(target).lo), cut(of(target).hi)];
  return [
    plot.ruleX(scales, {
      x: "flops",
      y1: (scale: FeatureFigureScale) => cut(of(scale).lo),
      y2: (scale: FeatureFigureScale) => cut(of(scale).hi),
      stroke: COLOUR.ink,
    }),
    plot.dot(scales, {
      x: "flops",
      y: (scale: FeatureFigureScale) => cut(of(scale).median),
      r: 4,
      stroke: COLOUR.ink,
      fill: "#ffffff",
      strokeWidth: 1.5,
    }),
    plot.ruleX([target.flops], { y1: low, y2: high, stroke: COLOUR.predicted, strokeWidth: 2.5 }),
    plot.dot([low, high, cut(of(target).median)], {
      x: () => target.flops,
      y: (value: number) => value,
      symbol: CAP_ACROSS,
      stroke: COLOUR.predicted,
      strokeWidth: 2.5,
    }),
  ];
}
