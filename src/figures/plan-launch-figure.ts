/** @file When a run ends, and what it costs, against the day on which it is launched. */

import type { PlotOptions } from "@observablehq/plot";
import type { Interval } from "../math/interval.ts";
import { COLOUR, drawFigure, type PlotLibrary } from "./draw.ts";
import { band, DASHED, framed } from "./panel.ts";

/** What comes of a launch on this day. */
export type LaunchDay = {
  readonly day: number;
  readonly finishDay: Interval;
  readonly meanFinishDay: number;
  readonly cost: Interval | null;
  readonly meanCost: number | null;
};

/** The end and the cost of a run by the day of its launch. */
export type PlanLaunchFigureData = {
  readonly today: string;
  readonly recommended: number;
  readonly recommendedDate: string;
  readonly deadlineDay: number | null;
  readonly days: readonly LaunchDay[];
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

type Row = Interval & { readonly day: number };

/** Medians of a row are means here. */
const finishRows = ({ days }: PlanLaunchFigureData): readonly Row[] =>
  days.map(({ day, finishDay, meanFinishDay }) => ({ ...finishDay, day, median: meanFinishDay }));

const costRows = ({ days }: PlanLaunchFigureData): readonly Row[] =>
  days.flatMap(({ day, cost, meanCost }) =>
    cost === null ? [] : [{ day, median: meanCost! / 1e6, lo: cost.lo / 1e6, hi: cost.hi / 1e6 }],
  );

function panel(
  plot: PlotLibrary,
  { recommended, deadlineDay }: PlanLaunchFigureData,
  rows: readonly Row[],
  label: string,
  isFinish: boolean,
): PlotOptions {
  return framed(
    plot,
    { label: "launch, days from today", ticks: 8 },
    { label, ticks: 5, scale: { nice: true } },
    [
      ...band(plot, rows, "day"),
      plot.ruleX([recommended], { stroke: COLOUR.kept, strokeWidth: 2 }),
      plot.ruleY(isFinish && deadlineDay !== null ? [deadlineDay] : [], DASHED),
    ],
  );
}
