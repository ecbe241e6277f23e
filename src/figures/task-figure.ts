/** @file Task scores over compute: accuracy and its chance level above, loss of right answers below. */

import type { Markish, PlotOptions } from "@observablehq/plot";
import type { Interval } from "../math/interval.ts";
import { COLOUR, drawFigure, type LegendEntry, type PlotLibrary } from "./draw.ts";
import { computeAxis, framed, paddedLog } from "./panel.ts";

/** Scores of several models on tasks, against compute. */
export type TaskFigureData = {
  readonly tasks: readonly {
    readonly name: string;
    /** Accuracy of guessing; 0 where the answer is open. */
    readonly chance: number;
    readonly points: readonly {
      readonly flops: number;
      readonly accuracy: Interval;
      readonly bitsPerByte: Interval;
    }[];
  }[];
};

const COLOURS = [
  COLOUR.predicted,
  COLOUR.measured,
  COLOUR.kept,
  COLOUR.other,
  COLOUR.heldOut,
  COLOUR.ink,
  COLOUR.faint,
];
const colourOf = (index: number) => COLOURS[index % COLOURS.length]!;

/** Draws every task in one colour through both panels. */
export function taskFigure(data: TaskFigureData): Promise<string> {
  const legend = data.tasks.map(
    ({ name }, i): LegendEntry => ({ swatch: "dot", colour: colourOf(i), label: name }),
  );
  return drawFigure({
    title: "Downstream tasks along the ladder",
    caption:
      "Each dot is one trained model, with the 90 % interval over items. Dashed: accuracy of guessing. Below, the loss of the right answers, which moves long before accuracy does.",
    legend: [...legend, { swatch: "dashed", colour: COLOUR.faint, label: "guessing" }],
    panels: [
      { height: 260, options: (plot) => accuracyPanel(plot, data) },
      { height: 240, options: (plot) => lossPanel(plot, data) },
    ],
  });
}

function accuracyPanel(plot: PlotLibrary, data: TaskFigureData): PlotOptions {
  const chances = data.tasks.map(({ chance }, i) =>
    plot.ruleY([100 * chance], { stroke: colourOf(i), strokeDasharray: "4,4", strokeOpacity: 0.6 }),
  );
  return framed(
    plot,
    { scale: { type: "log", domain: computeDomain(data) } },
    { label: "accuracy (%)", ticks: 5, scale: { domain: [0, 100] } },
    [...chances, ...scoreMarks(plot, data, ({ accuracy }) => accuracy, 100)],
  );
}

function lossPanel(plot: PlotLibrary, data: TaskFigureData): PlotOptions {
  return framed(
    plot,
    computeAxis(computeDomain(data)),
    { label: "right answers (bits per byte)", ticks: 5, scale: { nice: true } },
    scoreMarks(plot, data, ({ bitsPerByte }) => bitsPerByte, 1),
  );
}

type Point = TaskFigureData["tasks"][number]["points"][number];

function scoreMarks(
  plot: PlotLibrary,
  data: TaskFigureData,
  scoreOf: (point: Point) => Interval,
  factor: number,
): Markish[] {
  return data.tasks.flatMap(({ points }, i) => [
    plot.ruleX(points, {
      x: "flops",
      y1: (point: Point) => factor * scoreOf(point).lo,
      y2: (point: Point) => factor * scoreOf(point).hi,
      stroke: colourOf(i),
      strokeOpacity: 0.6,
    }),
    plot.dot(points, {
      x: "flops",
      y: (point: Point) => factor * scoreOf(point).median,
      r: 3,
      fill: colourOf(i),
    }),
  ]);
}

function computeDomain({ tasks }: TaskFigureData): [number, number] {
  return paddedLog(
    tasks.flatMap(({ points }) => points.map(({ flops }) => flops)),
    1.4,
  );
}
