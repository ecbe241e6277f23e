import { expect, test } from "vitest";
import { allocateFigure } from "./allocate-figure.ts";

const data = {
  compute: 1e21,
  largestCompute: 1e20,
  valleys: [1e21, 1e22, 1e23].map((compute, i) => ({
    compute,
    optimum: { n: 10 ** (9 + i / 2), loss: 2.5 - 0.1 * i },
    points: [-1, -0.5, 0, 0.5, 1].map((x) => ({
      n: 10 ** (9 + i / 2 + x),
      loss: 2.5 - 0.1 * i + 0.05 * x * x,
    })),
  })),
  path: [1e20, 1e21, 1e22].map((compute, i) => ({
    compute,
    n: 10 ** (8.5 + i / 2),
    lo: 10 ** (8.3 + i / 2),
    hi: 10 ** (8.7 + i / 2),
  })),
  flat: { lo: 7e8, hi: 1.4e9 },
  choice: { n: 4e9, loss: 2.53 },
};

test("one standalone SVG, the same for the same data, that tells the reach", async () => {
  const figure = await allocateFigure(data);
  expect(figure).toBe(await allocateFigure(data));
  expect(figure).toContain("The best size for 1.0e21 FLOP");
  expect(figure).toContain("10 times the table's largest run");
  expect(figure).toContain("size in mind");
  expect(await allocateFigure({ ...data, choice: null })).not.toContain("size in mind");
});
