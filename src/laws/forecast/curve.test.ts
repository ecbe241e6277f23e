import { expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import { forecastCurve, type RungCurve, smooth } from "./curve.ts";

const fractions = Array.from({ length: 32 }, (_, k) => (k + 1) / 32);

/** Sizes of the public tables, where the prior of the floor's share is about a half (priors.ts). */
function designAt(x: number) {
  const n = 1e8 * 10 ** (x / 2);
  return { n, d: 20 * n, c: 120 * n * n };
}

/** A curve that falls quickly at first, then ever more slowly; single points scatter by `noise`. */
function curveAt(x: number, noise: number, random: Random): RungCurve {
  const final = 2 * (0.55 + 0.45 * 10 ** (-0.16 * x));
  const losses = fractions.map(
    (f) => final * (1 + 0.25 * (1 - f) ** 2) * f ** -0.05 * Math.exp(noise * random.normal()),
  );
  return { run: `x${x}`, ...designAt(x), losses };
}

const ladder = (noise: number, random: Random) =>
  [-1.5, -1.25, -1, -0.75, -0.5, -0.25, 0].map((x) => curveAt(x, noise, random));

test("the band holds most of the target's points and is narrow", () => {
  const random = new Random(1, "curves");
  let inside = 0;
  let width = 0;
  const numTargets = 4;
  for (let i = 0; i < numTargets; i++) {
    const { points } = forecastCurve(ladder(0.004, random), designAt(1), fractions);
    const target = curveAt(1, 0.004, random);
    for (const [k, point] of points.entries()) {
      if (target.losses[k]! >= point.lo && target.losses[k]! <= point.hi) inside++;
      width += (point.hi - point.lo) / point.median;
    }
  }
  expect(inside / (numTargets * fractions.length)).toBeGreaterThan(0.8);
  expect(width / (numTargets * fractions.length)).toBeLessThan(0.06);
});

test("the point noise of the largest rung is measured and told", () => {
  const { pointNoisePercent } = forecastCurve(ladder(0.01, new Random(5, "n")), designAt(1), fractions);
  expect(pointNoisePercent).toBeGreaterThan(0.5);
  expect(pointNoisePercent).toBeLessThan(1.5);
});

test("the medians fall along the run and the band contains them", () => {
  const { points } = forecastCurve(ladder(0, new Random(1, "s")), designAt(1), fractions);
  expect(points.map((point) => point.fraction)).toEqual(fractions);
  for (const [k, point] of points.entries()) {
    expect(point.lo).toBeLessThan(point.median);
    expect(point.hi).toBeGreaterThan(point.median);
    if (k > 0) expect(point.median).toBeLessThan(points[k - 1]!.median);
  }
});

test("smoothing keeps a straight line and takes most of the scatter away", () => {
  const line = fractions.map((f) => 3 - f);
  for (const [k, value] of smooth(line).entries()) expect(value).toBeCloseTo(line[k]!, 12);
  const random = new Random(3, "scatter");
  const scatter = Array.from({ length: 2000 }, () => random.normal());
  const left = smooth(scatter).reduce((sum, value) => sum + value * value, 0) / scatter.length;
  expect(left).toBeLessThan(0.3);
});

test("a rung whose curve is incomplete is named", () => {
  const curves = ladder(0, new Random(1, "s"));
  const broken = [{ ...curves[0]!, losses: [1, 2] }, ...curves.slice(1)];
  expect(() => forecastCurve(broken, designAt(1), fractions)).toThrow(
    /found: the curve of x-1\.5 has 2 points\nexpected: 32/,
  );
});
