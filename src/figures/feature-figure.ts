/** @file Does a change still help: its effect on the loss over compute, to the target, and multipliers. */

import type { Markish, PlotOptions } from "@observablehq/plot";
import { type Interval, mapInterval } from "../math/interval.ts";
import { formatSignedPercent, significant } from "../units/print.ts";
import { COLOUR, drawFigure, type PlotLibrary } from "./draw.ts";
import {
  band,
  clamp,
  computeAxis,
  DASHED,
  framed,
  padded,
  paddedLog,
  type Range,
  rings,
  uprightInterval,
} from "./panel.ts";

/** One scale of the ladder: effect in percent of the loss, multiplier of compute (an end may be infinite). */
export type FeatureFigureScale = {
  readonly flops: number;
  readonly effectPercent: Interval;
  readonly multiplier: Interval;
};

/** A change's effect over compute, with its trend up to the target. */
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
    caption:
      "Above: loss with the change against loss without it, at equal compute; below zero it helps. " +
      "Points are what each scale shows by itself, the band is the trend with its drift; " +
      `the target lies at ${significant(reach, 2)} times the largest scale (dashed). ` +
      "Below: how many times the compute the base would need for the same loss. " +
      "All intervals hold 90 %; what is unbounded ends at the panel's edge.",
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
  return paddedLog([...scales.map((scale) => scale.flops), target.flops], 1.6);
}

function effectPanel(plot: PlotLibrary, data: FeatureFigureData, largest: number): PlotOptions {
  const intervals = [...data.scales, data.target].map(({ effectPercent }) => effectPercent);
  const range = padded([0, ...intervals.flatMap(({ lo, hi }) => [lo, hi])], 0.08);
  const decimals = range[1] - range[0] < 4 ? 1 : 0;
  return framed(
    plot,
    { scale: { type: "log", domain: computeDomain(data) } },
    {
      label: "effect on the loss",
      format: (value) => formatSignedPercent(value, decimals),
      scale: { domain: range },
    },
    [
      ...band(plot, data.line, "flops", { range }),
      plot.ruleY([0], { stroke: COLOUR.ink }),
      plot.ruleX([largest], DASHED),
      ...intervalMarks(plot, data, ({ effectPercent }) => effectPercent, range),
    ],
  );
}

function multiplierPanel(plot: PlotLibrary, data: FeatureFigureData, largest: number): PlotOptions {
  const bounded = [...data.scales, data.target]
    .flatMap(({ multiplier }) => [multiplier.lo, multiplier.median, multiplier.hi])
    .filter((value) => value > 0 && value < 1e3);
  const domain = paddedLog([0.9, 1.1, ...bounded], 1.1);
  return framed(
    plot,
    computeAxis(computeDomain(data)),
    {
      label: "times the compute",
      ticks: 4,
      format: (value) => significant(value, 2),
      scale: { type: "log", domain },
    },
    [
      plot.ruleY([1], { stroke: COLOUR.ink }),
      plot.ruleX([largest], DASHED),
      ...intervalMarks(plot, data, ({ multiplier }) => multiplier, domain),
    ],
  );
}

/** Each scale as a ring on its interval, the target as one with caps; the panel's edge cuts them. */
function intervalMarks(
  plot: PlotLibrary,
  { scales, target }: FeatureFigureData,
  of: (scale: FeatureFigureScale) => Interval,
  range: Range,
): Markish[] {
  const shown = (interval: Interval) => mapInterval(interval, (value) => clamp(value, range));
  const points = scales.map((scale) => ({ flops: scale.flops, ...shown(of(scale)) }));
  return [
    plot.ruleX(points, { x: "flops", y1: "lo", y2: "hi", stroke: COLOUR.ink }),
    rings(plot, points, { x: "flops", y: "median" }),
    ...uprightInterval(plot, target.flops, shown(of(target))),
  ];
}
