import { JSDOM } from "jsdom";
import { describe, expect, test } from "vitest";
import { type CurveFigureData, curveFigure } from "./curve-figure.ts";
import { dataFigure } from "./data-figure.ts";
import { FIGURE_WIDTH } from "./draw.ts";
import { type LawFigureData, lawFigure } from "./law-figure.ts";
import { predictedMeasuredFigure } from "./predicted-figure.ts";
import { longest, timeFigure } from "./time-figure.ts";

const law: LawFigureData = {
  points: [
    { flops: 1e11, bitsPerByte: 3.02, expected: 3 },
    { flops: 1e12, bitsPerByte: 2.49, expected: 2.5 },
    { flops: 1e12, bitsPerByte: 2.51, expected: 2.5 },
  ],
  line: [
    { flops: 1e11, median: 3, lo: 2.97, hi: 3.03 },
    { flops: 1e12, median: 2.5, lo: 2.47, hi: 2.53 },
    { flops: 1e13, median: 2.2, lo: 2.15, hi: 2.25 },
  ],
  target: { flops: 1e13, predicted: { median: 2.2, lo: 2.15, hi: 2.25 }, measured: 2.21 },
};
const curve: CurveFigureData = {
  points: [
    { tokens: 100, bitsPerByte: 8, inside: null },
    { tokens: 500, bitsPerByte: 2.9, inside: true },
    { tokens: 750, bitsPerByte: 2.9, inside: false },
    { tokens: 1000, bitsPerByte: 2.1, inside: true },
  ],
  band: [
    { tokens: 400, median: 3, lo: 2.9, hi: 3.1 },
    { tokens: 1000, median: 2.1, lo: 2, hi: 2.2 },
  ],
  warmupTokens: 200,
  totalTokens: 1000,
  reforecasts: [{ tokens: 500, median: 2.12, lo: 2.02, hi: 2.2 }],
  finalPredicted: { median: 2.1, lo: 2, hi: 2.2 },
  finalMeasured: 2.08,
};
const predicted = [
  {
    quantity: "held-out loss",
    unit: "bits per byte",
    predicted: { median: 2, lo: 1.9, hi: 2.1 },
    measured: 2.02,
  },
  { quantity: "step time", unit: "s", predicted: { median: 0.1, lo: 0.09, hi: 0.11 }, measured: 0.12 },
];
const times = [
  { operation: "attention", predictedSeconds: 10, measuredSeconds: 12 },
  { operation: "matrix products", predictedSeconds: 90, measuredSeconds: 88 },
];
const sources = [
  {
    source: "books & <letters>",
    bytesTrained: 9e6,
    bytesHeldOut: 5e5,
    trainTokens: 3e6,
    dropped: [{ reason: "exact duplicates", bytes: 5e5 }],
  },
];

const figures: Record<string, () => Promise<string>> = {
  law: () => lawFigure(law),
  curve: () => curveFigure(curve),
  predicted: () => predictedMeasuredFigure(predicted),
  time: () => timeFigure(times),
  data: () => dataFigure(sources),
};

/** Fails on anything that is not well-formed XML. */
function parse(svg: string): Document {
  const { DOMParser } = new JSDOM("").window;
  return new DOMParser().parseFromString(svg, "image/svg+xml");
}

const textOf = (svg: string) =>
  [...parse(svg).querySelectorAll("text")].map((element) => element.textContent).join(" | ");
const captionOf = (svg: string) => parse(svg).querySelector("desc")!.textContent!;
const count = (svg: string, selector: string) => parse(svg).querySelectorAll(selector).length;

describe.each(Object.entries(figures))("the %s figure", (_name, draw) => {
  test("stands alone: well-formed, on white, with fonts, title and caption, and no style sheet", async () => {
    const document = parse(await draw());
    const root = document.documentElement;
    expect(root.namespaceURI).toBe("http://www.w3.org/2000/svg");
    expect(root.getAttribute("width")).toBe(String(FIGURE_WIDTH));
    expect(root.getAttribute("font-family")).toContain("Helvetica");
    expect(document.querySelector("rect")!.getAttribute("fill")).toBe("#ffffff");
    expect(document.querySelector("desc")!.textContent!.length).toBeGreaterThan(20);
    expect(document.querySelectorAll("style, script, [href]")).toHaveLength(0);
    for (const element of document.querySelectorAll("text")) {
      expect(element.closest("[fill]")!.getAttribute("fill"), element.textContent!).not.toMatch(
        /none|white|#ffffff/,
      );
    }
  });

  test("is the same, byte for byte, when drawn again, and holds no number that is none", async () => {
    const svg = await draw();
    expect(await draw()).toBe(svg);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("lawFigure", () => {
  test("shows every run in both panels, the target once in each, and says how far it reaches", async () => {
    const svg = await lawFigure(law);
    expect(count(svg, '[aria-label="dot"] circle')).toBe(2 * law.points.length);
    expect(captionOf(svg)).toContain("the target lies 10 times beyond");
    expect(textOf(svg)).toContain("held-out loss (bits per byte)");
  });

  test("draws no measurement before there is one", async () => {
    const svg = await lawFigure({ ...law, target: { ...law.target, measured: null } });
    expect(textOf(svg)).not.toContain("measured");
  });
});

describe("curveFigure", () => {
  test("says what it scores and what it leaves off the axis", async () => {
    const svg = await curveFigure(curve);
    expect(captionOf(svg)).toContain(
      "2 of 3 points after warm-up (67 %) lie inside the band. Not shown: 1 at the start",
    );
    expect(textOf(svg)).toContain("outside the band");
  });
});

describe("predictedMeasuredFigure", () => {
  test("puts each measurement in the unit of its prediction and marks what fell outside", async () => {
    const svg = await predictedMeasuredFigure(predicted);
    expect(textOf(svg)).toContain("100 (90 to 110) ms");
    expect(textOf(svg)).toContain("120  (+20.0 %)");
    expect(captionOf(svg)).toContain("1 of 2 measurements fell inside");
  });
});

describe("predictedMeasuredFigure with two predictions of one name", () => {
  test("gives each its own row inside the frame", async () => {
    const document = parse(await predictedMeasuredFigure([predicted[0]!, predicted[0]!]));
    const heights = [...document.querySelectorAll('[aria-label="rule"] line')]
      .filter((line) => line.getAttribute("y1") === line.getAttribute("y2"))
      .map((line) => Number(line.getAttribute("y1")));
    const frame = document.querySelector('[aria-label="frame"]')!;
    const top = Number(frame.getAttribute("y"));
    const bottom = top + Number(frame.getAttribute("height"));
    expect(new Set(heights).size).toBe(2);
    for (const height of heights) {
      expect(height).toBeGreaterThan(top + 10);
      expect(height).toBeLessThan(bottom - 10);
    }
  });
});

describe("timeFigure", () => {
  test("labels each bar with seconds, share and gap", async () => {
    expect(textOf(await timeFigure(times))).toContain("12.0 s, 12.0 % (+20 %)");
  });

  test("adds up what it does not show, so that no second is lost", () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      operation: `operation ${index}`,
      predictedSeconds: index,
      measuredSeconds: index + 1,
    }));
    const shown = longest(many, 12);
    expect(shown).toHaveLength(12);
    expect(shown.at(-1)!.operation).toBe("9 others");
    expect(shown.reduce((sum, row) => sum + row.measuredSeconds, 0)).toBe(210);
    expect(shown.reduce((sum, row) => sum + row.predictedSeconds, 0)).toBe(190);
  });
});

describe("dataFigure", () => {
  test("says why bytes were dropped, and does not trust a source's name", async () => {
    const svg = await dataFigure(sources);
    expect(textOf(svg)).toContain("dropped: exact duplicates 500 kB");
    expect(captionOf(svg)).toContain("10.0 MB of text went in; 500 kB (5.0 %) was dropped");
    expect(textOf(svg)).toContain("books & <letters>");
  });
});
