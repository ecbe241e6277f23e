import { expect, test } from "vitest";
import { peakOf, weightedDraws } from "./importance.ts";

/** A ridge that bends: x normal, y normal about x^2 / 6 with deviation 1/2; the rest standard normals. */
const bent = (point: Float64Array) => {
  let sum = 0;
  for (let j = 2; j < point.length; j++) sum -= point[j]! ** 2 / 2;
  return sum - point[0]! ** 2 / 2 - (2 * (point[1]! - point[0]! ** 2 / 6)) ** 2 / 2;
};

const mean = (draws: ReturnType<typeof weightedDraws>, of: (point: Float64Array) => number) =>
  draws.points.reduce((sum, point, i) => sum + draws.weights[i]! * of(point), 0);

test.each([2, 5, 8])("means and spreads of a bent density in %i dimensions", (dimension) => {
  const peak = peakOf(bent, new Float64Array(dimension).fill(0.3));
  const draws = weightedDraws(bent, peak, 1024);
  expect(draws.effective).toBeGreaterThan(200);
  expect(draws.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  const near = (of: (point: Float64Array) => number, truth: number) =>
    expect(Math.abs(mean(draws, of) - truth)).toBeLessThan(0.1);
  near(([x]) => x!, 0);
  near(([x]) => x! ** 2, 1);
  // y has mean 1/6 and variance 1/4 + 1/18.
  near(([, y]) => y!, 1 / 6);
  near(([, y]) => (y! - 1 / 6) ** 2, 1 / 4 + 1 / 18);
});

test("nothing is random: the same density gives the same draws, a shifted one the same draws shifted", () => {
  const shifted = (point: Float64Array) => bent(point.map((x, j) => (j === 0 ? x - 1e-3 : x)));
  const at = (density: typeof bent) => weightedDraws(density, peakOf(density, new Float64Array(3)), 256);
  expect(at(bent)).toEqual(at(bent));
  const [own, moved] = [at(bent), at(shifted)];
  expect(mean(moved, ([x]) => x!) - mean(own, ([x]) => x!)).toBeCloseTo(1e-3, 5);
});
