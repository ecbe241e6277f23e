import { expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import { mean, standardDeviation } from "../../math/statistics.ts";
import { posteriorDraws } from "./posterior.ts";
import type { TaskLaw } from "./task-laws.ts";

/** A straight line, whose posterior is known in closed form once the noise is. */
const line: TaskLaw = {
  priors: [
    { mean: 0, sd: 1 },
    { mean: 0, sd: 1 },
  ],
  curve: (theta) => (x) => theta[0]! + theta[1]! * x,
};

test("draws have the mean and spread of the posterior in closed form", () => {
  // x balanced about 0: intercept and slope are independent, precisions 1 + n / s^2 and 1 + sum x^2 / s^2.
  const random = new Random(1, "line");
  const sd = 0.05;
  const xs = Array.from({ length: 40 }, (_, i) => (i - 19.5) / 20);
  const points = xs.map((x) => ({ x, score: 0.5 + 0.2 * x + sd * random.normal(), sd }));
  const draws = posteriorDraws(line, points, 1920, new Random(2, "draws"));
  // The noise factor is learnt: compare with the noise that the residuals show.
  const factor = Math.exp(mean(draws.map((draw) => draw[2]!)));
  const noise = factor * sd;
  const sumSquares = xs.reduce((sum, x) => sum + x * x, 0);
  const intercept = points.reduce((sum, { score }) => sum + score, 0) / (points.length + noise ** 2);
  const slope = points.reduce((sum, { x, score }) => sum + x * score, 0) / (sumSquares + noise ** 2);
  expect(mean(draws.map((draw) => draw[0]!))).toBeCloseTo(intercept, 2);
  expect(mean(draws.map((draw) => draw[1]!))).toBeCloseTo(slope, 2);
  expect(standardDeviation(draws.map((draw) => draw[0]!)) / (noise / Math.sqrt(40))).toBeGreaterThan(0.85);
  expect(standardDeviation(draws.map((draw) => draw[0]!)) / (noise / Math.sqrt(40))).toBeLessThan(1.15);
  expect(standardDeviation(draws.map((draw) => draw[1]!)) / (noise / Math.sqrt(sumSquares))).toBeGreaterThan(
    0.85,
  );
  expect(standardDeviation(draws.map((draw) => draw[1]!)) / (noise / Math.sqrt(sumSquares))).toBeLessThan(
    1.15,
  );
  expect(factor).toBeGreaterThan(0.7);
  expect(factor).toBeLessThan(1.4);
});

test("without data the draws are the prior", () => {
  const priors = [
    { mean: 3, sd: 2 },
    { mean: -2, sd: 0.1 },
  ];
  const draws = posteriorDraws({ ...line, priors }, [], 3200, new Random(1, "prior"));
  const column = (i: number) => draws.map((draw) => draw[i]!);
  expect(mean(column(0))).toBeCloseTo(3, 0);
  expect(standardDeviation(column(0)) / 2).toBeCloseTo(1, 0);
  expect(mean(column(1))).toBeCloseTo(-2, 1);
  expect(standardDeviation(column(1)) / 0.1).toBeCloseTo(1, 0);
});
