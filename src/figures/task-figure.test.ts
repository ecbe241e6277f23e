import { JSDOM } from "jsdom";
import { expect, test } from "vitest";
import { type TaskFigureData, taskFigure } from "./task-figure.ts";

const point = (flops: number, value: number) => ({
  flops,
  accuracy: { median: value, lo: value - 0.04, hi: value + 0.04 },
  bitsPerByte: { median: 2 - value, lo: 1.9 - value, hi: 2.1 - value },
});
const data: TaskFigureData = {
  tasks: [
    { name: "cloze", chance: 0.25, points: [point(1e11, 0.3), point(1e12, 0.5), point(1e13, 0.7)] },
    { name: "agreement", chance: 0.5, points: [point(1e11, 0.5), point(1e12, 0.6), point(1e13, 0.8)] },
  ],
};

test("every model of every task is a dot in both panels, with its interval", async () => {
  const svg = await taskFigure(data);
  const { document } = new JSDOM(svg, { contentType: "image/svg+xml" }).window;
  const marks = (label: string) => [...document.querySelectorAll(`[aria-label="${label}"]`)];
  expect(marks("dot")).toHaveLength(4);
  expect(marks("dot").flatMap((group) => [...group.querySelectorAll("circle")])).toHaveLength(12);
  expect(svg).toContain(">agreement</text>");
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(await taskFigure(data)).toBe(svg);
});
