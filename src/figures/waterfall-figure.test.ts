import { expect, test } from "vitest";
import { waterfallFigure } from "./waterfall-figure.ts";

const data = {
  subject: "a model on h100:64",
  layout: "dp=8,tp=8",
  steps: [
    { label: "useful FLOPs at the peak rate", seconds: 2 },
    { label: "products below peak", seconds: 1 },
    { label: "bubble", seconds: 1 },
  ],
  stages: [
    { label: "stage 0", components: { weights: 1e10, activations: 3e10 } },
    { label: "stage 1", components: { weights: 1e10, activations: 2e10 } },
  ],
  capacityBytes: 8e10,
  sensitivities: [{ label: "compute", gainPercent: 7 }],
};

test("one standalone SVG, the same for the same data, with the step and its peak share", async () => {
  const figure = await waterfallFigure(data);
  expect(figure).toBe(await waterfallFigure(data));
  expect(figure).toContain("a step of 4.00 s, of which 2.00 s is useful work at the peak rate, 50.0 %");
  for (const text of ["bubble", "stage 1", "7.0 %"]) expect(figure).toContain(text);
  expect(await waterfallFigure({ ...data, sensitivities: [] })).not.toContain("7.0 %");
});
