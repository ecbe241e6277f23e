/** @file A figure: title, legend, panels by Plot, caption; one SVG, the same bytes for the same data. */

import type { PlotOptions, SymbolImplementation } from "@observablehq/plot";

/** Observable Plot, handed to whoever describes a panel: heavy, so loaded when a figure is wanted. */
export type PlotLibrary = typeof import("@observablehq/plot");

export const FIGURE_WIDTH = 720;
const FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/** Okabe and Ito's palette: safe under every common kind of colour blindness, and in grey by lightness. */
export const COLOUR = {
  ink: "#222222",
  faint: "#767676",
  grid: "#e4e4e4",
  predicted: "#0072b2",
  band: "#56b4e9",
  measured: "#d55e00",
  kept: "#009e73",
  heldOut: "#e69f00",
  other: "#cc79a7",
} as const;

/** The ends of an interval as symbols: Plot's own markers carry numbers from a counter of the process. */
export const CAP_ACROSS: SymbolImplementation = {
  draw(context: Pen) {
    context.moveTo(-7, 0);
    context.lineTo(7, 0);
  },
};
export const CAP_UPRIGHT: SymbolImplementation = {
  draw(context: Pen) {
    context.moveTo(0, -6);
    context.lineTo(0, 6);
  },
};

type Pen = {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
};

/** How a legend entry looks; it repeats what the panel draws. */
export type Swatch = "line" | "dashed" | "band" | "bar" | "dot" | "ring" | "diamond" | "interval";

export type LegendEntry = {
  readonly swatch: Swatch;
  readonly colour: string;
  readonly label: string;
};

export type Panel = {
  readonly height: number;
  readonly options: (plot: PlotLibrary) => PlotOptions;
};

export type FigureSpec = {
  readonly title: string;
  readonly caption: string;
  /** False: an entry that this figure has no use for. */
  readonly legend: readonly (LegendEntry | false)[];
  /** One below the other. */
  readonly panels: readonly Panel[];
};

/** Panels that stand below one another share these, so that their axes line up. */
export const PANEL_MARGINS = { marginLeft: 68, marginRight: 24, marginTop: 10 } as const;
export const AXIS_LABEL_Y = { labelAnchor: "center", labelArrow: "none", labelOffset: 54 } as const;
/** Keeps grid lines from running through text. */
export const HALO = { stroke: "#ffffff", strokeWidth: 4 } as const;

const MARGIN = 20;
const TITLE_BASELINE = 30;
const LEGEND_ROW = 22;
const CAPTION_LINE = 17;

/** Draws the figure. Text is laid out by estimated widths, so that the data alone decides the result. */
export async function drawFigure(spec: FigureSpec): Promise<string> {
  const drawPanel = await panelDrawer();
  const entries = spec.legend.filter((entry) => entry !== false);
  const legend = layOutLegend(entries, TITLE_BASELINE + 26);
  let y = legend.bottom + 6;
  const parts: string[] = [];
  for (const panel of spec.panels) {
    parts.push(drawPanel(panel, y));
    y += panel.height;
  }
  const caption = wrapText(spec.caption, 12, FIGURE_WIDTH - 2 * MARGIN);
  const captionTop = y + 20;
  const height = captionTop + caption.length * CAPTION_LINE + 4;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${FIGURE_WIDTH}" height="${height}" viewBox="0 0 ${FIGURE_WIDTH} ${height}" role="img" font-family="${FONT}" color="${COLOUR.ink}">`,
    `<title>${escapeXml(spec.title)}</title><desc>${escapeXml(spec.caption)}</desc>`,
    `<rect width="${FIGURE_WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(MARGIN, TITLE_BASELINE, spec.title, `font-size="16" font-weight="bold" fill="${COLOUR.ink}"`),
    legend.svg,
    ...parts,
    ...caption.map((line, index) =>
      text(MARGIN, captionTop + index * CAPTION_LINE, line, `font-size="12" fill="${COLOUR.faint}"`),
    ),
    "</svg>\n",
  ].join("\n");
}

/** Width of a line of text in pixels, by Helvetica's advances by kind of letter, to a few percent. */
export function textWidth(line: string, fontSize: number): number {
  let em = 0;
  for (const letter of line) {
    if (/[ijl.,:;'|!ftr()[\] ]/.test(letter)) em += 0.285;
    else if (/[mwMW%]/.test(letter)) em += 0.84;
    else if (/[A-Z]/.test(letter)) em += 0.69;
    else em += 0.55;
  }
  return em * fontSize;
}

/** jsdom gives Plot the document that it draws in; both are loaded on first use. */
async function panelDrawer(): Promise<(panel: Panel, y: number) => string> {
  const [plot, { JSDOM }] = await Promise.all([import("@observablehq/plot"), import("jsdom")]);
  const { document, XMLSerializer } = new JSDOM("").window;
  const serializer = new XMLSerializer();
  return (panel, y) => {
    const drawing = plot.plot({
      document,
      width: FIGURE_WIDTH,
      height: panel.height,
      ...panel.options(plot),
    });
    tidy(drawing);
    drawing.setAttribute("y", String(y));
    drawing.setAttribute("overflow", "visible");
    drawing.setAttribute("font-size", "12");
    drawing.setAttribute("font-family", FONT);
    return serializer.serializeToString(drawing);
  };
}

/** Drops the style sheet (many SVG readers know no `:where`); rounds coordinates to what a screen shows. */
function tidy(drawing: Element): void {
  for (const style of drawing.querySelectorAll("style")) style.remove();
  drawing.removeAttribute("class");
  for (const element of drawing.querySelectorAll("*")) {
    for (const attribute of element.attributes) {
      if (attribute.name === "aria-label") continue;
      attribute.value = attribute.value.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (number) =>
        String(+(+number).toFixed(2)),
      );
    }
  }
}

function layOutLegend(entries: readonly LegendEntry[], top: number): { svg: string; bottom: number } {
  let x = MARGIN;
  let y = top;
  const parts: string[] = [];
  for (const entry of entries) {
    const width = 30 + textWidth(entry.label, 12) + 18;
    if (x > MARGIN && x + width > FIGURE_WIDTH - MARGIN + 18) {
      x = MARGIN;
      y += LEGEND_ROW;
    }
    parts.push(
      drawSwatch(entry, x, y - 4),
      text(x + 30, y, entry.label, `font-size="12" fill="${COLOUR.ink}"`),
    );
    x += width;
  }
  return { svg: parts.join("\n"), bottom: entries.length > 0 ? y : top - LEGEND_ROW };
}

function drawSwatch({ swatch, colour }: LegendEntry, x: number, y: number): string {
  const middle = x + 12;
  const line = (extra = "") =>
    `<line x1="${x}" x2="${x + 24}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2" ${extra}/>`;
  switch (swatch) {
    case "line":
      return line();
    case "dashed":
      return line(`stroke-dasharray="5,3"`);
    case "band":
      return `<rect x="${x}" y="${y - 6}" width="24" height="12" fill="${colour}" fill-opacity="0.3"/>`;
    case "bar":
      return `<rect x="${x}" y="${y - 6}" width="24" height="12" fill="${colour}"/>`;
    case "dot":
      return `<circle cx="${middle}" cy="${y}" r="4" fill="${colour}"/>`;
    case "ring":
      return `<circle cx="${middle}" cy="${y}" r="4" fill="#ffffff" stroke="${colour}" stroke-width="1.8"/>`;
    case "diamond":
      return `<path d="M${middle},${y - 7}l6,7l-6,7l-6,-7z" fill="${colour}" stroke="#ffffff"/>`;
    case "interval":
      return `${line()}<path d="M${x},${y - 5}v10M${x + 24},${y - 5}v10" stroke="${colour}" stroke-width="2"/>`;
  }
}

function wrapText(sentence: string, fontSize: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of sentence.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last} ${word}`, fontSize) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
