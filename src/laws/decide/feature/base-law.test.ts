import { expect, test } from "vitest";
import { quantile } from "../../../math/statistics.ts";
import { study } from "../../forecast/study.ts";
import { baseLawOf, logLossSteps, multiplierFor, scaled } from "./base-law.ts";
import { byDesign } from "./pairs.ts";

const loss = (n: number, d: number) => 1.7 + 400 * n ** -0.34 + 900 * d ** -0.31;
const grid = [1e7, 3e7, 1e8, 3e8].flatMap((n) =>
  [5, 20, 80].map((ratio) => ({ run: "", n, d: ratio * n, c: 6 * ratio * n * n, loss: loss(n, ratio * n) })),
);
const baseLaw = baseLawOf(byDesign(grid));
const design = { n: 1e8, d: 2e9, c: 1.2e18 };
const spread = (values: ArrayLike<number>) => [0.05, 0.5, 0.95].map((share) => quantile(values, share));

test("a law without noise is found again: a decade on, to less than what laws drift by, .5 %", () => {
  const [low, median, high] = spread(logLossSteps(baseLaw, design, scaled(baseLaw, design, 10)));
  const truth = Math.log(loss(1e8 * 10 ** 0.5, 2e9 * 10 ** 0.5) / loss(1e8, 2e9));
  expect(Math.abs(median! - truth)).toBeLessThan(0.005);
  expect(high! - low!).toBeLessThan(0.01);
});

test("it is the forecast's own posterior of these runs, and the same each time", () => {
  expect(baseLaw.posterior).toEqual(study(grid).posterior);
  expect(baseLawOf(byDesign(grid.toReversed()))).toMatchObject({ laws: baseLaw.laws });
});

test("compute and tokens that make up for an effect are those of the true law", () => {
  const effect = Math.log(0.98);
  const compute = spread(baseLaw.laws.map((law) => multiplierFor(baseLaw, law, design, effect, "compute")));
  const tokens = spread(baseLaw.laws.map((law) => multiplierFor(baseLaw, law, design, effect, "tokens")));
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
  for (const law of baseLaw.laws.filter((_, i) => i % 16 === 0)) {
    expect(multiplierFor(baseLaw, law, design, 0, "compute")).toBeCloseTo(1, 9);
    expect(multiplierFor(baseLaw, law, design, 0, "tokens")).toBeCloseTo(1, 9);
    expect(multiplierFor(baseLaw, law, design, -1, "compute")).toBe(Number.POSITIVE_INFINITY);
  }
});

test("more compute along the ladder lowers the loss under every law", () => {
  const steps = logLossSteps(baseLaw, design, scaled(baseLaw, design, 2));
  expect(Math.max(...steps)).toBeLessThan(0);
  expect(scaled(baseLaw, design, 4).c).toBe(4 * design.c);
});

test("a table without tokens has a law over compute alone", () => {
  const bare = baseLawOf(byDesign(grid.map((run) => ({ ...run, d: Number.NaN }))));
  expect([bare.hasTokens, bare.tokenLaws]).toEqual([false, []]);
  expect(Math.max(...logLossSteps(bare, design, { ...design, c: 2 * design.c }))).toBeLessThan(0);
  expect(Math.max(...logLossSteps(bare, design, { ...design, n: 2 * design.n }))).toBe(0);
});

test("along one D / N a law of compute counts too, but not for what tokens alone would do", () => {
  const ladder = baseLawOf(byDesign(grid.filter(({ n, d }) => d === 20 * n)));
  expect(new Set(ladder.laws.map(({ reads }) => reads))).toEqual(new Set(["compute", "size and data"]));
  expect(ladder.tokenLaws.map(({ reads }) => reads)).toEqual(Array(ladder.laws.length).fill("size and data"));
});

test("three rungs are enough: no cut weighs the laws, and what they leave open is wide", () => {
  const three = baseLawOf(byDesign(grid.filter(({ n, d }) => d === 20 * n && n < 2e8)));
  expect(three.posterior.laws.map(({ name, weight }) => [name, weight])).toEqual([
    ["compute", 0.5],
    ["chinchilla-tied", 0.5],
  ]);
  const step = (base: typeof three) => spread(logLossSteps(base, design, scaled(base, design, 10)));
  const [wide, narrow] = [step(three), step(baseLaw)];
  expect(wide[2]! - wide[0]!).toBeGreaterThan(3 * (narrow[2]! - narrow[0]!));
});
