/** @file One step explained: from the peak to what is achieved, memory by stage, what more of each buys. */

import type { PlotOptions } from "@observablehq/plot";
import { formatPercent, formatSeconds, significant } from "../units/print.ts";
import { COLOUR, drawFigure, type LegendEntry, type PlotLibrary } from "./draw.ts";
import { AXIS_LABEL_X } from "./panel.ts";

/** A step's time from the useful work up, and its memory by stage. */
export type WaterfallFigureData = {
  /** The model and the cluster. */
  readonly subject: string;
  readonly layout: string;
  /** In order; they add up to the step. The first is the useful work at the peak rate. */
  readonly steps: readonly { readonly label: string; readonly seconds: number }[];
  /** Bytes by component, for each group of stages. */
  readonly stages: readonly {
    readonly label: string;
    readonly components: Readonly<Record<string, number>>;
  }[];
  readonly capacityBytes: number;
  readonly sensitivities: readonly { readonly label: string; readonly gainPercent: number }[];
};

const COMPONENT_COLOURS = [
  COLOUR.predicted,
  COLOUR.band,
  COLOUR.kept,
  COLOUR.heldOut,
  COLOUR.measured,
  COLOUR.other,
] as const;

const ROW = 24;
const MARGINS = { marginLeft: 236, marginRight: 88, marginTop: 26, marginBottom: 40 } as const;

/** Waterfall above, memory in the middle, sensitivities below. */
export function waterfallFigure(data: WaterfallFigureData): Promise<string> {
  const total = data.steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const [peak] = data.steps;
  const components = Object.keys(data.stages[0]?.components ?? {});
  const height = (rows: number) => rows * ROW + MARGINS.marginTop + MARGINS.marginBottom;
  return drawFigure({
    title: `Where the step goes: ${data.subject}`,
    caption: `Layout ${data.layout}. Above: a step of ${formatSeconds(total)}, of which ${formatSeconds(peak?.seconds ?? 0)} is useful work at the peak rate, ${significant((100 * (peak?.seconds ?? 0)) / total, 3)} %; each bar adds what one cause takes, and the last is the step. Middle: memory of one device by pipeline stage against what it has (dashed). Below: what 10 % more of one resource buys in tokens per second.`,
    legend: [
      { swatch: "bar", colour: COLOUR.ink, label: "useful work, the step" },
      { swatch: "bar", colour: COLOUR.faint, label: "what a cause adds" },
      ...components.map(
        (label, i): LegendEntry => ({
          swatch: "bar",
          colour: COMPONENT_COLOURS[i % COMPONENT_COLOURS.length]!,
          label,
        }),
      ),
    ],
    panels: [
      { height: height(data.steps.length + 1), options: (plot) => stepsPanel(plot, data, total) },
      { height: height(data.stages.length), options: (plot) => memoryPanel(plot, data, components) },
      ...(data.sensitivities.length > 0
        ? [
            {
              height: height(data.sensitivities.length),
              options: (plot: PlotLibrary) => gainPanel(plot, data),
            },
          ]
        : []),
    ],
  });
}

function stepsPanel(plot: PlotLibrary, { steps }: WaterfallFigureData, total: number): PlotOptions {
  let reached = 0;
  const bars = steps.map(({ label, seconds }, i) => {
    const from = reached;
    reached += seconds;
    return { label, from, to: reached, seconds, fill: i === 0 ? COLOUR.ink : COLOUR.faint };
  });
  const rows = [...bars, { label: "step", from: 0, to: total, seconds: total, fill: COLOUR.ink }];
  return {
    ...MARGINS,
    x: { label: null, domain: [0, total] },
    y: { label: null, domain: rows.map(({ label }) => label), padding: 0.25 },
    marks: [
      plot.gridX({ ticks: 6, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({ ticks: 6, label: "seconds", ...AXIS_LABEL_X }),
      plot.axisY({ tickSize: 0, label: null }),
      plot.barX(rows, { y: "label", x1: "from", x2: "to", fill: "fill" }),
      plot.text(rows, {
        y: "label",
        x: (row: (typeof rows)[number]) => Math.max(row.from, row.to),
        text: (row: (typeof rows)[number]) => formatSeconds(row.seconds),
        textAnchor: "start",
        dx: 5,
        fill: COLOUR.ink,
      }),
    ],
  };
}

function memoryPanel(
  plot: PlotLibrary,
  data: WaterfallFigureData,
  components: readonly string[],
): PlotOptions {
  const giga = 1e9;
  const pieces = data.stages.flatMap(({ label, components: bytes }) =>
    components.map((component) => ({ label, component, gigabytes: (bytes[component] ?? 0) / giga })),
  );
  return {
    ...MARGINS,
    x: { label: null },
    y: { label: null, domain: data.stages.map(({ label }) => label), padding: 0.25 },
    color: { domain: [...components], range: COMPONENT_COLOURS.slice(0, components.length) },
    marks: [
      plot.gridX({ ticks: 6, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({ ticks: 6, label: "GB on one device", ...AXIS_LABEL_X }),
      plot.axisY({ tickSize: 0, label: null }),
      plot.barX(
        pieces,
        plot.stackX({ y: "label", x: "gigabytes", fill: "component", order: [...components] }),
      ),
      plot.ruleX([data.capacityBytes / giga], { stroke: COLOUR.ink, strokeDasharray: "4,4" }),
    ],
  };
}

function gainPanel(plot: PlotLibrary, { sensitivities }: WaterfallFigureData): PlotOptions {
  return {
    ...MARGINS,
    x: { label: null, domain: [0, Math.max(10, ...sensitivities.map(({ gainPercent }) => gainPercent))] },
    y: { label: null, domain: sensitivities.map(({ label }) => label), padding: 0.25 },
    marks: [
      plot.gridX({ ticks: 6, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({ ticks: 6, label: "% more tokens per second for 10 % more", ...AXIS_LABEL_X }),
      plot.axisY({ tickSize: 0, label: null }),
      plot.barX(sensitivities, { y: "label", x: "gainPercent", fill: COLOUR.predicted }),
      plot.text(sensitivities, {
        y: "label",
        x: "gainPercent",
        text: ({ gainPercent }: (typeof sensitivities)[number]) => formatPercent(gainPercent),
        textAnchor: "start",
        dx: 5,
        fill: COLOUR.ink,
      }),
    ],
  };
}
