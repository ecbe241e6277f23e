import { expect, test } from "vitest";
import { codesignFigure } from "./codesign-figure.ts";

const valley = (lift: number) =>
  [-2, -1, 0, 1, 2].map((x) => ({
    params: 1e11 * 2 ** x,
    loss: 1.9 + lift + 0.005 * x * x,
    mfuPercent: 50 - 2 * x * x,
  }));

const data = {
  cluster: "1024 x h100",
  days: 30,
  frontier: valley(0).map((point) => ({ ...point, lo: point.loss - 0.01, hi: point.loss + 0.01 })),
  others: [{ domainSize: 72, points: valley(-0.002) }],
  lawAlone: valley(-0.003),
  best: valley(0)[2]!,
};

test("one standalone SVG, the same for the same data, with the choice and the other clusters", async () => {
  const figure = await codesignFigure(data);
  expect(figure).toBe(await codesignFigure(data));
  expect(figure).toContain("the least is 1.900 with 100 B parameters a token");
  expect(figure).toContain("fast domain of 72");
  expect(await codesignFigure({ ...data, others: [] })).not.toContain("fast domain of 72");
});
