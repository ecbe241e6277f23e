import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lineThrough } from "../../math/line.ts";
import { Random } from "../../math/random.ts";
import { nearMinimum, type TriedSize } from "./budgets.ts";
import { akimaMinimum, parabolaMinimum } from "./other-minima.ts";
import { fitLine } from "./power-law.ts";
import { curveOver, learnSmoothness } from "./smooth.ts";

const sizesOf = (places: readonly number[], lossOf: (x: number) => number): readonly TriedSize[] =>
  places.map((logN) => ({ logN, logLoss: lossOf(logN), numRuns: 1 }));
const PLACES = [16, 16.5, 17.2, 18, 18.4, 19.1, 20];

describe("minima", () => {
  test("are exact on a parabola, wherever it stands", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 17, max: 19, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (x, curvature) => {
          const sizes = sizesOf(PLACES, (at) => 1 + curvature * (at - x) ** 2);
          expect(parabolaMinimum(sizes)).toBeCloseTo(x, 8);
          // Akima's cubic pieces are a parabola only nearly where the places are uneven.
          expect(Math.abs(akimaMinimum(sizes)! - x)).toBeLessThan(0.1);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("are none at an end", () => {
    const falling = sizesOf(PLACES, (x) => 30 - x);
    expect(akimaMinimum(falling)).toBeNull();
    expect(parabolaMinimum(sizesOf(PLACES, (x) => (x - 25) ** 2))).toBeNull();
  });

  test("look near the lowest, with company on both sides", () => {
    const sizes = sizesOf(PLACES, (x) => Math.abs(x - 17.2));
    expect(nearMinimum(sizes, 0.1, 1).map(({ logN }) => logN)).toEqual([16.5, 17.2, 18]);
    expect(nearMinimum(sizes, 5, 0)).toHaveLength(7);
  });
});

describe("smooth curves", () => {
  test("go through points without noise, and straight past one that has some", () => {
    const random = new Random(1, "smooth.test");
    const places = Array.from({ length: 15 }, (_, i) => 16 + i / 4);
    const truth = (x: number) => 1.2 + 0.05 * (x - 17.5) ** 2 + 0.01 * (x - 17.5) ** 3;
    const clean = learnSmoothness([sizesOf(places, truth)]);
    const noisy = learnSmoothness(
      Array.from({ length: 4 }, () => sizesOf(places, (x) => truth(x) + 0.01 * random.normal())),
    );
    expect(clean.noise).toBeLessThan(3e-4);
    expect(Math.abs(Math.log10(noisy.noise / 0.01))).toBeLessThan(0.3);
    const { mean } = curveOver(sizesOf(places, truth), Float64Array.of(16.1, 17.6, 19.4), clean);
    for (const [i, x] of [16.1, 17.6, 19.4].entries()) expect(mean[i]!).toBeCloseTo(truth(x), 3);
  });

  test("are less sure far from a size than at one", () => {
    const sizes = sizesOf(PLACES, (x) => 0.05 * (x - 18) ** 2);
    const { factor } = curveOver(sizes, Float64Array.of(18, 19.6), { noise: 1e-3, bend: 0.05 });
    const deviation = [factor.slice(0, 2), factor.slice(2)].map((row) => Math.hypot(...row));
    expect(deviation[0]!).toBeLessThan(1.1e-3);
    expect(deviation[1]!).toBeGreaterThan(deviation[0]!);
  });
});

describe("lines", () => {
  test("weigh points", () => {
    expect(lineThrough([0, 1, 2], [1, 3, 5], [1, 1, 1])).toEqual({ intercept: 1, slope: 2 });
    const { slope } = lineThrough([0, 1, 2], [0, 1, 9], [1, 1, 1e-9]);
    expect(slope).toBeCloseTo(1, 6);
  });

  test("notice scatter that the points do not explain", () => {
    const points = (scatter: number) =>
      [0, 1, 2, 3, 4, 5].map((x) => ({
        x,
        y: x + scatter * (x % 2 === 0 ? 1 : -1),
        deviation: 0.05,
        draws: Float64Array.of(x - 0.05, x + 0.05),
      }));
    expect(fitLine(points(0), new Random(1, "line"), 50).excess).toBe(0);
    expect(fitLine(points(0.5), new Random(1, "line"), 50).excess).toBeGreaterThan(0.3);
  });
});
