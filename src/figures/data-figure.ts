/** @file What the corpus became: bytes kept, held out and dropped, source by source. */

import type { PlotOptions } from "@observablehq/plot";
import { sum } from "../math/statistics.ts";
import { formatBytes, formatCount, formatPercent, scaleFor } from "../units/print.ts";
import { COLOUR, drawFigure, FIGURE_WIDTH, HALO, type PlotLibrary, textWidth } from "./draw.ts";
import { AXIS_LABEL_X } from "./panel.ts";

/** What became of the bytes of one source. */
export type DataFigureSource = {
  readonly source: string;
  readonly bytesTrained: number;
  readonly bytesHeldOut: number;
  readonly trainTokens: number;
  readonly dropped: readonly { readonly reason: string; readonly bytes: number }[];
};

type Segment = {
  readonly source: string;
  readonly part: Part;
  readonly from: number;
  readonly to: number;
};

type Part = "trained on" | "held out" | "dropped";

const COLOUR_OF: Record<Part, string> = {
  "trained on": COLOUR.kept,
  "held out": COLOUR.heldOut,
  dropped: COLOUR.faint,
};
const ROW_HEIGHT = 74;
const RIGHT = 30;

/** Draws one bar for each source, with what was dropped and why spelt out below it. */
export function dataFigure(sources: readonly DataFigureSource[]): Promise<string> {
  const total = sum(sources.map(bytesOf));
  const dropped = sum(sources.map(droppedBytes));
  return drawFigure({
    title: "The data, source by source",
    caption:
      `${formatBytes(total)} of text went in; ${formatBytes(dropped)} ` +
      `(${formatPercent((100 * dropped) / total)}) was dropped. ` +
      "Bytes are UTF-8, after encodings were repaired.",
    legend: (Object.keys(COLOUR_OF) as Part[]).map((part) => ({
      swatch: "bar",
      colour: COLOUR_OF[part],
      label: part,
    })),
    panels: [{ height: sources.length * ROW_HEIGHT + 58, options: (plot) => panel(plot, sources) }],
  });
}

function panel(plot: PlotLibrary, sources: readonly DataFigureSource[]): PlotOptions {
  const most = Math.max(...sources.map(bytesOf));
  const scale = scaleFor("bytes", most);
  const left = Math.min(260, 24 + Math.max(60, ...sources.map((source) => textWidth(source.source, 12))));
  const lineWidth = FIGURE_WIDTH - left - RIGHT - 8;
  return {
    marginLeft: left,
    marginRight: RIGHT,
    marginTop: 8,
    marginBottom: 46,
    x: { domain: [0, most / scale.factor], label: null },
    y: { domain: sources.map((source) => source.source), label: null, padding: 0.1 },
    marks: [
      plot.gridX({ ticks: 6, stroke: COLOUR.grid, strokeOpacity: 1 }),
      plot.axisX({
        ticks: 6,
        label: `text (${scale.unit})`,
        ...AXIS_LABEL_X,
      }),
      plot.axisY({ tickSize: 0, dy: -16 }),
      plot.barX(sources.flatMap(segments), {
        x1: (segment: Segment) => segment.from / scale.factor,
        x2: (segment: Segment) => segment.to / scale.factor,
        y: "source",
        fill: (segment: Segment) => COLOUR_OF[segment.part],
        insetTop: 4,
        insetBottom: 38,
      }),
      ...[keptLine, (source: DataFigureSource) => droppedLine(source, lineWidth)].map((line, index) =>
        plot.text(sources, {
          frameAnchor: "left",
          textAnchor: "start",
          y: "source",
          dx: 4,
          dy: 10 + 16 * index,
          text: line,
          fontSize: 12,
          fill: index === 0 ? COLOUR.ink : COLOUR.faint,
          ...HALO,
        }),
      ),
      plot.ruleX([0], { stroke: COLOUR.faint }),
    ],
  };
}

function segments(source: DataFigureSource): Segment[] {
  const sizes: [Part, number][] = [
    ["trained on", source.bytesTrained],
    ["held out", source.bytesHeldOut],
    ["dropped", droppedBytes(source)],
  ];
  let from = 0;
  return sizes.map(([part, bytes]) => {
    const segment = { source: source.source, part, from, to: from + bytes };
    from += bytes;
    return segment;
  });
}

function keptLine(source: DataFigureSource): string {
  const tokens = `${formatCount(source.trainTokens)} tokens`;
  const [trained, heldOut] = [source.bytesTrained, source.bytesHeldOut].map((bytes) => formatBytes(bytes));
  return `trained on ${trained} (${tokens}), held out ${heldOut}`;
}

/** Names as many reasons as fit on the line, the weightiest first; the rest are added up. */
function droppedLine(source: DataFigureSource, width: number): string {
  const reasons = source.dropped.filter((drop) => drop.bytes > 0).sort((a, b) => b.bytes - a.bytes);
  if (reasons.length === 0) return "dropped nothing";
  for (let named = reasons.length; named > 0; named--) {
    const rest = sum(reasons.slice(named).map((drop) => drop.bytes));
    const parts = reasons.slice(0, named).map((drop) => `${drop.reason} ${formatBytes(drop.bytes)}`);
    if (rest > 0) parts.push(`other ${formatBytes(rest)}`);
    const line = `dropped: ${parts.join(", ")}`;
    if (textWidth(line, 12) <= width) return line;
  }
  return `dropped: ${formatBytes(droppedBytes(source))}`;
}

function bytesOf(source: DataFigureSource): number {
  return source.bytesTrained + source.bytesHeldOut + droppedBytes(source);
}

function droppedBytes(source: DataFigureSource): number {
  return sum(source.dropped.map((drop) => drop.bytes));
}
