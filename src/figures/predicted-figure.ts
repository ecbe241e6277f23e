/** @file Every prediction on one scale: its interval as a share of its median, and the measurement. */

import type { Markish, PlotOptions } from "@observablehq/plot";
import { holds, type Interval } from "../math/interval.ts";
import { fixed, formatScaled, formatSignedPercent, intervalDecimals, scaleFor } from "../units/print.ts";
import { CAP_UPRIGHT, COLOUR, drawFigure, type PlotLibrary, textWidth } from "./draw.ts";
import { AXIS_LABEL_X, DASHED } from "./panel.ts";

/** A prediction and its measurement. */
export type PredictedRow = {
  readonly quantity: string;
  readonly unit: string;
  readonly predicted: Interval;
  readonly measured: number;
};

type Bar = {
  /** Its place: two runs may have predictions of one name. */
  readonly key: number;
  readonly label: string;
  readonly lo: number;
  readonly hi: number;
  readonly measured: number;
  readonly inside: boolean;
  readonly predictedText: string;
  readonly measuredText: string;
};

const ROW_HEIGHT = 44;
const LEFT = 250;
const RIGHT = 130;

/** Draws one row for each quantity; 100 % is the predicted median. */
export function predictedMeasuredFigure(rows: readonly PredictedRow[]): Promise<string> {
  const bars = rows.map(toBar);
  const inside = bars.filter((bar) => bar.inside).length;
  return drawFigure({
    title: "Predicted against measured",
    caption:
      "Each 90 % interval is drawn as a share of its own median (100 %), so that unlike quantities " +
      `stand on one axis. ${inside} of ${bars.length} measurements fell inside.`,
    legend: [
      { swatch: "interval", colour: COLOUR.predicted, label: "predicted, 90 %" },
      { swatch: "dot", colour: COLOUR.kept, label: "measured, inside" },
      { swatch: "diamond", colour: COLOUR.measured, label: "measured, outside" },
    ],
    panels: [{ height: bars.length * ROW_HEIGHT + 62, options: (plot) => panel(plot, bars) }],
  });
}

function panel(plot: PlotLibrary, bars: readonly Bar[]): PlotOptions {
  const values = bars.flatMap(({ lo, hi, measured }) => [lo, hi, measured]);
  const above = 1.12 * Math.max(2, ...values.map((value) => value - 100));
  const below = 1.12 * Math.max(2, ...values.map((value) => 100 - value));
  return {
    marginLeft: LEFT,
    marginRight: RIGHT,
    marginTop: 12,
    marginBottom: 46,
    x: { domain: [Math.max(0, 100 - below), 100 + above], label: null },
    y: { type: "point", domain: bars.map((bar) => bar.key), axis: null, padding: 0.5 },
    marks: [
      plot.gridX({ ticks: 5, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({
        ticks: 5,
        tickFormat: (value: number) => `${value} %`,
        label: "share of the predicted median",
        ...AXIS_LABEL_X,
      }),
      plot.ruleX([100], DASHED),
      ...intervalMarks(plot, bars),
      ...measuredMarks(plot, bars),
      ...textMarks(plot, bars),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}

/** Each prediction's interval, with a cap at both ends. */
function intervalMarks(plot: PlotLibrary, bars: readonly Bar[]): Markish[] {
  const style = { stroke: COLOUR.predicted, strokeWidth: 3 };
  const ends = bars.flatMap(({ key, lo, hi }) => [
    { key, end: lo },
    { key, end: hi },
  ]);
  return [
    plot.ruleY(bars, { y: "key", x1: "lo", x2: "hi", ...style }),
    plot.dot(ends, { x: "end", y: "key", symbol: CAP_UPRIGHT, ...style }),
  ];
}

/** Measurements: a dot inside the interval, a diamond outside. */
function measuredMarks(plot: PlotLibrary, bars: readonly Bar[]): Markish[] {
  const [inside, outside] = [bars.filter((bar) => bar.inside), bars.filter((bar) => !bar.inside)];
  const place = { x: "measured", y: "key", stroke: "#ffffff" };
  return [
    plot.dot(inside, { ...place, r: 5, fill: COLOUR.kept }),
    plot.dot(outside, { ...place, symbol: "diamond", r: 6, fill: COLOUR.measured }),
  ];
}

/** The quantity and its forecast to the left of its row, the measurement to the right. */
function textMarks(plot: PlotLibrary, bars: readonly Bar[]): Markish[] {
  const place = { y: "key", fontSize: 12 };
  const left = { ...place, frameAnchor: "left", textAnchor: "end", dx: -12 } as const;
  const right = { ...place, frameAnchor: "right", textAnchor: "start", dx: 12 } as const;
  return [
    plot.text(bars, { ...left, text: "label", dy: -8, fontWeight: "bold" }),
    plot.text(bars, { ...left, text: "predictedText", dy: 8, fill: COLOUR.faint }),
    plot.text(bars, { ...right, text: "measuredText" }),
  ];
}

function toBar({ quantity, unit, predicted, measured }: PredictedRow, index: number): Bar {
  const share = (value: number) => (100 * value) / predicted.median;
  const scale = scaleFor(unit, predicted.median);
  const decimals = intervalDecimals(predicted, scale);
  const gap = formatSignedPercent(share(measured) - 100);
  return {
    key: index,
    label: clip(quantity, LEFT - 20),
    lo: share(predicted.lo),
    hi: share(predicted.hi),
    measured: share(measured),
    inside: holds(predicted, measured),
    predictedText: `${formatScaled(predicted, scale)} ${scale.unit}`,
    measuredText: `${fixed(measured / scale.factor, decimals)}  (${gap})`,
  };
}

function clip(label: string, width: number): string {
  if (textWidth(label, 13) <= width) return label;
  let end = label.length;
  while (end > 1 && textWidth(`${label.slice(0, end)}…`, 13) > width) end--;
  return `${label.slice(0, end)}…`;
}
