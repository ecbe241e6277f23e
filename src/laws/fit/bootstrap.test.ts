import { expect, test } from "vitest";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { Random } from "../../math/random.ts";
import { standardDeviation } from "../../math/statistics.ts";
import { bootstrapFit } from "./bootstrap.ts";
import { fitLaw } from "./fit.ts";
import { EPOCH, epochTable, knownRuns } from "./fixture.ts";
import { fitData, inverseInformation } from "./objective.ts";
import { type Resampling, resamplerOf, resamplingFor } from "./resample.ts";

const squared = { kind: "squared" } as const;

function deviations(draws: readonly Float64Array[]): readonly number[] {
  return [0, 1, 2, 3, 4].map((j) => standardDeviation(draws.map((draw) => draw[j]!)));
}

test("a drawing depends on the seed and its number alone", () => {
  const runs = knownRuns(0.01);
  const fit = fitLaw(chinchillaLaw, runs);
  const draw = (numResamples: number, seed: number) =>
    bootstrapFit(fit, runs, { resampling: "case", numResamples, seed });
  expect(draw(20, 5).slice(0, 8)).toEqual(draw(8, 5));
  expect(draw(1, 6)).not.toEqual(draw(1, 5));
});

test("residuals drawn again spread as the theory of least squares says", () => {
  const runs = knownRuns(0.002, 2, [5, 10, 20, 40, 80, 160]);
  const fit = fitLaw(chinchillaLaw, runs, { loss: squared });
  const draws = bootstrapFit(fit, runs, { resampling: "residual", numResamples: 2000, seed: 1 });
  // sigma^2 (J'J)^-1, with n - p degrees of freedom: independent of any resampling.
  const variance = fit.residuals.reduce((sum, r) => sum + r * r, 0) / (runs.length - 5);
  const inverse = inverseInformation(chinchillaLaw, fit.data, fit.theta);
  for (const [j, deviation] of deviations(draws).entries()) {
    const expected = Math.sqrt(variance * inverse[j * 5 + j]!);
    expect(Math.abs(deviation / expected - 1)).toBeLessThan(0.15);
  }
});

test("four copies of every row: drawing rows takes them for evidence, drawing runs does not", () => {
  const runs = knownRuns(0.005, 4, [5, 10, 20, 40]);
  const copies = runs.flatMap((run) => [run, run, run, run]);
  const spread = (of: typeof runs, resampling: Resampling) =>
    deviations(
      bootstrapFit(fitLaw(chinchillaLaw, of, { loss: squared }), of, {
        resampling,
        numResamples: 600,
        seed: 3,
      }),
    )[4]!;
  const honest = spread(runs, "case");
  expect(Math.abs(spread(copies, "cluster") / honest - 1)).toBeLessThan(0.15);
  expect(spread(copies, "case") / honest).toBeLessThan(0.65);
  expect(resamplingFor(copies, 5)).toBe("cluster");
});

test("drawing seeds keeps every design; drawing rows keeps their number", () => {
  const runs = knownRuns(0.005).flatMap((run) => [
    { ...run, seed: 1 },
    { ...run, seed: 2, loss: run.loss * 1.001 },
  ]);
  const data = fitData(chinchillaLaw, runs);
  const residuals = new Float64Array(runs.length);
  const drawSeeds = resamplerOf("seed", runs, data, residuals);
  for (let i = 0; i < 20; i++) {
    drawSeeds(new Random(i, "test"));
    for (let at = 0; at < runs.length; at += 2) expect(data.weights[at]! + data.weights[at + 1]!).toBe(2);
  }
  data.weights.fill(1);
  const drawRows = resamplerOf("case", runs, data, residuals);
  drawRows(new Random(1, "test"));
  expect(data.weights.reduce((sum, w) => sum + w, 0)).toBe(runs.length);
  expect(Math.max(...data.weights)).toBeGreaterThan(1);
});

test("without replicates seeds cannot be drawn", () => {
  const runs = knownRuns(0.005);
  expect(() => resamplerOf("seed", runs, fitData(chinchillaLaw, runs), new Float64Array(15))).toThrow(
    /no design with two runs/,
  );
});

test("a small ladder is drawn by residuals, a large table by rows", () => {
  expect(resamplingFor(knownRuns(0).slice(0, 8), 5)).toBe("residual");
  expect(resamplingFor(knownRuns(0, 1, [5, 10, 20, 40]), 5)).toBe("case");
});

EPOCH.describe("Chinchilla's runs", () => {
  test("4,000 drawings give the published standard errors", () => {
    const { runs } = epochTable();
    const fit = fitLaw(chinchillaLaw, runs);
    const draws = bootstrapFit(fit, runs, { resampling: "case", numResamples: 4000, seed: 0 });
    const published = [124.5, 1293, 0.02566, 0.0154, 0.0206];
    for (const [j, expected] of published.entries()) {
      const own = standardDeviation(draws.map((draw) => chinchillaLaw.natural(draw)[j]!));
      expect(Math.abs(own / expected - 1)).toBeLessThan(0.05);
    }
  });
});
