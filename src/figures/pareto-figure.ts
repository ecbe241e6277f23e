/** @file Speed against memory: layouts that none beats in both, the best of each cut, the just too big. */

import type { PlotOptions } from "@observablehq/plot";
import { significant } from "../units/print.ts";
import { COLOUR, drawFigure, HALO, type PlotLibrary } from "./draw.ts";
import { DASHED, diamonds, framed } from "./panel.ts";

/** A layout's step time and memory. */
export type ParetoPoint = {
  readonly layout: string;
  readonly stepSeconds: number;
  readonly bytes: number;
};

/** Layouts by step time and memory; none of the first kind is beaten in both. */
export type ParetoFigureData = {
  readonly title: string;
  readonly capacityBytes: number;
  /** Fastest first. */
  readonly pareto: readonly ParetoPoint[];
  readonly cuts: readonly ParetoPoint[];
  readonly nearMisses: readonly ParetoPoint[];
  readonly yours: ParetoPoint | null;
};

/** Layouts slower than this many times the best are beyond the figure's edge: they would flatten the rest. */
const SLOWEST_SHOWN = 2;

/** Step time over memory, the capacity as a line. */
export function paretoFigure(data: ParetoFigureData): Promise<string> {
  const fastest = data.pareto[0]?.stepSeconds ?? 0;
  const isShown = ({ stepSeconds }: ParetoPoint) => stepSeconds <= SLOWEST_SHOWN * fastest;
  const shown: ParetoFigureData = {
    ...data,
    pareto: data.pareto.filter(isShown),
    cuts: data.cuts.filter(isShown),
  };
  const isTooBig = data.nearMisses.length > 0;
  const unseen = data.pareto.length - shown.pareto.length;
  return drawFigure({
    title: data.title,
    caption: `Step time over the memory of the fullest stage. On the line: layouts that no other beats in both${unseen > 0 ? ` (${unseen} more take over ${SLOWEST_SHOWN} times as long as the best)` : ""}. Dashed: what one device has.`,
    legend: [
      { swatch: "line", colour: COLOUR.predicted, label: "Pareto set" },
      { swatch: "ring", colour: COLOUR.band, label: "best of a cut" },
      isTooBig && { swatch: "diamond", colour: COLOUR.measured, label: "faster, but too big" },
      data.yours !== null && { swatch: "dot", colour: COLOUR.other, label: "yours" },
    ],
    panels: [{ height: 380, options: (plot) => panel(plot, shown) }],
  });
}

const gigabytes = ({ bytes }: ParetoPoint) => bytes / 1e9;

function panel(plot: PlotLibrary, data: ParetoFigureData): PlotOptions {
  const best = data.pareto.slice(0, 1);
  const place = { x: gigabytes, y: "stepSeconds" } as const;
  return framed(
    plot,
    { label: "memory, GB", ticks: 8, scale: { nice: true } },
    // Room below the fastest, which is the lowest, for its time.
    { label: "step time, s", scale: { nice: true, insetBottom: 22 } },
    [
      plot.ruleX([data.capacityBytes / 1e9], DASHED),
      // Fastest first: with less memory than a point has, the next one is the best.
      plot.lineY(data.pareto, { ...place, stroke: COLOUR.predicted, strokeWidth: 2, curve: "step-before" }),
      plot.dot(data.cuts, { ...place, r: 4, stroke: COLOUR.band, strokeWidth: 1.8 }),
      plot.dot(data.pareto, { ...place, r: 3, fill: COLOUR.predicted }),
      diamonds(
        plot,
        data.nearMisses.map((point) => [gigabytes(point), point.stepSeconds]),
      ),
      plot.dot(data.yours ? [data.yours] : [], { ...place, r: 5, fill: COLOUR.other }),
      plot.text(best, {
        ...place,
        text: ({ stepSeconds }: ParetoPoint) => `${significant(stepSeconds, 3)} s`,
        textAnchor: "end",
        dx: 6,
        dy: 14,
        fill: COLOUR.ink,
        ...HALO,
      }),
    ],
  );
}
