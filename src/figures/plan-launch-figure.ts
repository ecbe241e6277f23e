/** @file When a run ends, and what it costs, against the day on which it is launched. */

import type { PlotOptions } from "@observablehq/plot";
import type { Interval } from "../math/interval.ts";
import { AXIS_LABEL_Y, COLOUR, drawFigure, PANEL_MARGINS, type PlotLibrary } from "./draw.ts";

type Day = {
  readonly day: number;
  readonly finishDay: Interval;
  readonly meanFinishDay: number;
  readonly cost: Interval | null;
  readonly meanCost: number | null;
};

export type PlanLaunchFigureData = {
  readonly today: string;
  readonly recommended: number;
  readonly recommendedDate: string;
  readonly deadlineDay: number | null;
  readonly days: readonly Day[];
};

/** The end above, the cost below where there is one. */
export function planLaunchFigure(data: PlanLaunchFigureData): Promise<string> {
  const hasCost = data.days.every(({ cost }) => cost !== null);
  return drawFigure({
    title:
      data.recommended === 0
        ? "Launch now"
        : `Launch on ${data.recommendedDate}, in ${data.recommended} days`,
    caption: `Days count from ${data.today}. Above: the day on which the run ends${hasCost ? "; below: what it costs from today on, in millions" : ""}. Lines are means, bands 90 % intervals${data.deadlineDay === null ? "" : "; dashed: the deadline"}.`,
    legend: [
      { swatch: "line", colour: COLOUR.predicted, label: "mean" },
      { swatch: "band", colour: COLOUR.band, label: "90 % interval" },
      { swatch: "line", colour: COLOUR.kept, label: "recommended day" },
    ],
    panels: [
      { height: 250, options: (plot) => panel(plot, data, finishRows(data), "end of the run, day", true) },
      ...(hasCost
        ? [
            {
              height: 220,
              options: (plot: PlotLibrary) => panel(plot, data, costRows(data), "cost, millions", false),
            },
          ]
        : []),
    ],
  });
}

type Row = {
  readonly day: number;
  readonly mean: number;
  readonly lo: number;
  readonly hi: number;
};

const finishRows = ({ days }: PlanLaunchFigureData): readonly Row[] =>
  days.map(({ day, finishDay, meanFinishDay }) => ({
    day,
    mean: meanFinishDay,
    lo: finishDay.lo,
    hi: finishDay.hi,
  }));

const costRows = ({ days }: PlanLaunchFigureData): readonly Row[] =>
  days.flatMap(({ day, cost, meanCost }) =>
    cost === null ? [] : [{ day, mean: meanCost! / 1e6, lo: cost.lo / 1e6, hi: cost.hi / 1e6 }],
  );

function panel(
  plot: PlotLibrary,
  { recommended, deadlineDay }: PlanLaunchFigureData,
  rows: readonly Row[],
  label: string,
  isFinish: boolean,
): PlotOptions {
  return {
    ...PANEL_MARGINS,
    marginBottom: 46,
    x: { label: null },
    y: { label: null, nice: true },
    marks: [
      plot.gridY({ ticks: 5, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({
        ticks: 8,
        label: "launch, days from today",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 38,
      }),
      plot.axisY({ ticks: 5, label, ...AXIS_LABEL_Y }),
      plot.areaY(rows, { x: "day", y1: "lo", y2: "hi", fill: COLOUR.band, fillOpacity: 0.3 }),
      plot.lineY(rows, { x: "day", y: "mean", stroke: COLOUR.predicted, strokeWidth: 2 }),
      plot.ruleX([recommended], { stroke: COLOUR.kept, strokeWidth: 2 }),
      plot.ruleY(isFinish && deadlineDay !== null ? [deadlineDay] : [], {
        stroke: COLOUR.faint,
        strokeDasharray: "4,4",
      }),
      plot.frame({ stroke: COLOUR.faint }),
    ],
  };
}
