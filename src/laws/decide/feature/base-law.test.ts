import { expect, test } from "vitest";
import { quantile } from "../../../math/statistics.ts";
import { baseLawOf, logLossSteps, multiplierFor, scaled } from "./base-law.ts";
import { byDesign } from "./pairs.ts";

const loss = (n: number, d: number) => 1.7 + 400 * n ** -0.34 + 900 * d ** -0.31;
const grid = [1e7, 3e7, 1e8, 3e8].flatMap((n) =>
  [5, 20, 80].map((ratio) => ({ run: "", n, d: ratio * n, c: 6 * ratio * n * n, loss: loss(n, ratio * n) })),
);
const baseLaw = baseLawOf(byDesign(grid), 0);
const design = { n: 1e8, d: 2e9, c: 1.2e18 };
const spread = (values: readonly number[]) => [0.05, 0.5, 0.95].map((fraction) => quantile(values, fraction));

test("a law without noise is found again, within what the priors leave open", () => {
  const [low, , high] = spread(baseLaw.draws.map(({ alpha }) => alpha));
  expect(low).toBeLessThan(0.345);
  expect(high).toBeGreaterThan(0.335);
  expect(high! - low!).toBeLessThan(0.06);
});

test("compute and tokens that make up for an effect are those of the true law", () => {
  const effect = Math.log(0.98);
  const compute = spread(
    baseLaw.draws.map((draw) => multiplierFor(baseLaw, draw, design, effect, "compute")),
  );
  const tokens = spread(baseLaw.draws.map((draw) => multiplierFor(baseLaw, draw, design, effect, "tokens")));
  const wanted = 0.98 * loss(design.n, design.d);
  // Independent reference: the true law's own D, in closed form, and its C by a scan.
  const d = ((wanted - 1.7 - 400 * design.n ** -0.34) / 900) ** (-1 / 0.31);
  expect(tokens[1]).toBeCloseTo(d / design.d, 1);
  let factor = 1;
  while (loss(design.n * factor ** 0.5, design.d * factor ** 0.5) > wanted) factor *= 1.0005;
  expect(Math.abs(compute[1]! / factor - 1)).toBeLessThan(0.02);
  expect(tokens[0]).toBeLessThan(d / design.d);
  expect(tokens[2]).toBeGreaterThan(d / design.d);
});

test("no effect is worth 1 times anything, and what lies below the floor is unbounded", () => {
  for (const draw of baseLaw.draws.slice(0, 20)) {
    expect(multiplierFor(baseLaw, draw, design, 0, "compute")).toBeCloseTo(1, 9);
    expect(multiplierFor(baseLaw, draw, design, 0, "tokens")).toBeCloseTo(1, 9);
    expect(multiplierFor(baseLaw, draw, design, -1, "compute")).toBe(Number.POSITIVE_INFINITY);
  }
});

test("more compute along the ladder lowers the loss in every draw", () => {
  const steps = logLossSteps(baseLaw, design, scaled(baseLaw, design, 2));
  expect(Math.max(...steps)).toBeLessThan(0);
  expect(scaled(baseLaw, design, 4).c).toBe(4 * design.c);
});

test("a table without tokens has a law over compute alone", () => {
  const bare = baseLawOf(byDesign(grid.map((run) => ({ ...run, d: Number.NaN }))), 0);
  expect(bare.hasTokens).toBe(false);
  expect(Math.max(...logLossSteps(bare, design, { ...design, c: 2 * design.c }))).toBeLessThan(0);
});
