/** @file The target's loss on its way, in or out of its band, and how the forecast of its end moved. */

import type { PlotOptions } from "@observablehq/plot";
import type { Interval } from "../math/interval.ts";
import { fixed, formatCount, formatPercent } from "../units/print.ts";
import { CAP_ACROSS, COLOUR, drawFigure, type PlotLibrary } from "./draw.ts";
import { type Axis, band, diamonds, framed, padded } from "./panel.ts";

/** A training curve and the band it was promised. */
export type CurveFigureData = {
  /** Training loss in order of tokens. */
  readonly points: readonly CurveFigurePoint[];
  readonly band: readonly CurveFigureInterval[];
  /** The band is not meant for what comes before. */
  readonly warmupTokens: number;
  readonly totalTokens: number;
  /** The final loss, as expected along the way. */
  readonly reforecasts: readonly CurveFigureInterval[];
  /** What was locked before the first step; null where nothing was predicted. */
  readonly finalPredicted: Interval | null;
  readonly finalMeasured: number | null;
};

/** Training loss after so many tokens. */
export type CurveFigurePoint = {
  readonly tokens: number;
  readonly bitsPerByte: number;
  /** Whether it lies in the band; null during the warm-up, where the band does not apply. */
  readonly inside: boolean | null;
};

/** An interval after so many tokens. */
export type CurveFigureInterval = Interval & {
  readonly tokens: number;
};

/** Draws the curve; the loss axis covers what follows warm-up, and the caption counts what is above it. */
export function curveFigure(data: CurveFigureData): Promise<string> {
  const scored = data.points.filter((point) => point.inside !== null).length;
  const inside = data.points.filter((point) => point.inside).length;
  const isReforecast = data.reforecasts.length > 0;
  const yDomain = lossDomain(data);
  const above = data.points.filter((point) => point.bitsPerByte > yDomain[1]).length;
  const share =
    scored === 0
      ? "No point of the band has been reached yet."
      : `${inside} of ${scored} points after warm-up ` +
        `(${formatPercent((100 * inside) / scored, 0)}) lie inside the band.`;
  const hidden = above === 0 ? "" : ` Not shown: ${above} at the start, above the axis.`;
  return drawFigure({
    title: "The loss curve against its band",
    caption: `${share}${hidden} The shaded start is warm-up, where the band does not apply.`,
    legend: [
      { swatch: "band", colour: COLOUR.band, label: "band predicted, 90 %" },
      { swatch: "line", colour: COLOUR.predicted, label: "its median" },
      { swatch: "dot", colour: COLOUR.ink, label: "training loss" },
      inside < scored && { swatch: "ring", colour: COLOUR.measured, label: "outside the band" },
      isReforecast && { swatch: "interval", colour: COLOUR.kept, label: "re-forecast" },
      data.finalMeasured !== null && {
        swatch: "diamond",
        colour: COLOUR.measured,
        label: "held-out loss, end",
      },
    ],
    panels: [
      { height: 310, options: (plot) => curvePanel(plot, data, yDomain) },
      ...(isReforecast ? [{ height: 170, options: (plot: PlotLibrary) => reforecastPanel(plot, data) }] : []),
    ],
  });
}

function curvePanel(plot: PlotLibrary, data: CurveFigureData, range: [number, number]): PlotOptions {
  const shown = data.points.filter((point) => point.bitsPerByte <= range[1]);
  const isOutside = (point: CurveFigurePoint) => point.inside === false;
  const inside = shown.filter((point) => !isOutside(point));
  const place = { x: "tokens", y: "bitsPerByte" } as const;
  const ring = { r: 3, stroke: COLOUR.measured, fill: "#ffffff", strokeWidth: 1.5 };
  const ofBand = data.band.filter(({ median }) => median <= range[1]);
  return framed(
    plot,
    tokensAxis(data, data.reforecasts.length === 0),
    { label: "training loss (bits per byte)", scale: { domain: range } },
    [
      ...band(plot, ofBand, "tokens", { range }),
      plot.dot(inside, { ...place, r: 1.8, fill: COLOUR.ink }),
      plot.dot(shown.filter(isOutside), { ...place, ...ring }),
    ],
    [plot.rectX([0], { x1: 0, x2: data.warmupTokens, fill: COLOUR.grid, fillOpacity: 0.6 })],
  );
}

function reforecastPanel(plot: PlotLibrary, data: CurveFigureData): PlotOptions {
  const { finalPredicted, finalMeasured, totalTokens, reforecasts } = data;
  const predicted = finalPredicted === null ? [] : [finalPredicted];
  const ends = [...reforecasts, ...predicted].flatMap(({ lo, hi }) => [lo, hi]);
  const range = padded(finalMeasured === null ? ends : [...ends, finalMeasured], 0.12);
  const caps = reforecasts.flatMap(({ tokens, lo, hi }) => [lo, hi].map((end) => ({ tokens, end })));
  const kept = { stroke: COLOUR.kept, strokeWidth: 1.8 };
  const whole = { x1: 0, x2: totalTokens, y1: "lo", y2: "hi", fill: COLOUR.band, fillOpacity: 0.3 };
  return framed(
    plot,
    tokensAxis(data, true),
    { label: "final loss expected", ticks: 4, format: (loss) => fixed(loss, 2), scale: { domain: range } },
    [
      plot.rectY(predicted, whole),
      plot.ruleY(predicted, { y: "median", stroke: COLOUR.predicted, strokeWidth: 1.5 }),
      plot.ruleX(reforecasts, { x: "tokens", y1: "lo", y2: "hi", ...kept }),
      plot.dot(caps, { x: "tokens", y: "end", symbol: CAP_ACROSS, ...kept }),
      plot.dot(reforecasts, { x: "tokens", y: "median", r: 3, fill: COLOUR.kept }),
      diamonds(plot, finalMeasured === null ? [] : [[totalTokens, finalMeasured]], 6),
    ],
  );
}

function tokensAxis({ totalTokens }: CurveFigureData, isLowest: boolean): Axis {
  const scale = { domain: [0, totalTokens] };
  if (!isLowest) return { scale };
  return { label: "tokens trained on, D", ticks: 7, format: (tokens) => formatCount(tokens, 2), scale };
}

/** From just under the lowest to what the loss is when warm-up ends. */
function lossDomain(data: CurveFigureData): [number, number] {
  const after = data.points.filter((point) => point.tokens > data.warmupTokens);
  const band = data.band.filter((point) => point.tokens > data.warmupTokens);
  const values = [
    ...(after.length > 0 ? after : data.points).map((point) => point.bitsPerByte),
    ...band.flatMap(({ lo, hi }) => [lo, hi]),
  ];
  const [lo, hi] = [Math.min(...values), Math.max(...values)];
  return [lo - 0.05 * (hi - lo), hi + 0.03 * (hi - lo)];
}
