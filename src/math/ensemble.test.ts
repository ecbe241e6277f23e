import { expect, test } from "vitest";
import { stretchMoves } from "./ensemble.ts";
import { Random } from "./random.ts";
import { mean, standardDeviation } from "./statistics.ts";

test("walkers find a correlated normal density of very different scales", () => {
  const random = new Random(1, "ensemble");
  // y given x is normal about 100 x with deviation 1: x has deviation 1, y of 100.005.
  const walkerAt = (point: Float64Array) => ({
    point,
    density: -(point[0]! ** 2 + (point[1]! - 100 * point[0]!) ** 2) / 2,
  });
  const walkers = Array.from({ length: 20 }, () =>
    walkerAt(Float64Array.of(random.normal(), 100 * random.normal())),
  );
  const draws: Float64Array[] = [];
  for (let sweep = 0; sweep < 6000; sweep++) {
    stretchMoves(walkers, walkerAt, ({ density }) => density, random);
    if (sweep > 1000 && sweep % 10 === 0) draws.push(...walkers.map(({ point }) => point));
  }
  const column = (j: number) => draws.map((draw) => draw[j]!);
  expect(Math.abs(mean(column(0)))).toBeLessThan(0.1);
  expect(standardDeviation(column(0))).toBeCloseTo(1, 1);
  expect(standardDeviation(column(1)) / 100).toBeCloseTo(1, 1);
  expect(standardDeviation(draws.map(([x, y]) => y! - 100 * x!))).toBeCloseTo(1, 1);
});
