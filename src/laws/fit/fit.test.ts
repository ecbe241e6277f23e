import fc from "fast-check";
import { expect, test } from "vitest";
import { chinchillaLaw, computeLaw } from "../../law/formulas/power-laws.ts";
import { Random } from "../../math/random.ts";
import { fitLaw, fitObjective, startingPoints } from "./fit.ts";
import { EPOCH, epochTable, knownRuns } from "./fixture.ts";
import { costOf, type Loss } from "./loss.ts";
import { fitData } from "./objective.ts";

const LOSSES: readonly Loss[] = [
  { kind: "huber", delta: 1e-3 },
  { kind: "squared" },
  { kind: "asymmetric", delta: 1e-2, penalty: 10 },
];

test.each(LOSSES)("$kind: the gradient of the objective agrees with central differences", (loss) => {
  const runs = knownRuns(0.01);
  const objective = fitObjective(chinchillaLaw, runs, loss);
  const starts = chinchillaLaw.starts(runs);
  fc.assert(
    fc.property(fc.nat(starts.length - 1), fc.integer({ min: 0, max: 1000 }), (which, seed) => {
      const random = new Random(seed, "jitter");
      const theta = starts[which]!.map((x) => x + 0.05 * random.normal());
      const gradient = new Float64Array(theta.length);
      const unused = new Float64Array(theta.length);
      objective(theta, gradient);
      for (let j = 0; j < theta.length; j++) {
        const h = 1e-6 * Math.max(1, Math.abs(theta[j]!));
        const at = (x: number) =>
          objective(
            theta.map((v, i) => (i === j ? x : v)),
            unused,
          );
        const difference = (at(theta[j]! + h) - at(theta[j]! - h)) / (2 * h);
        expect(Math.abs(gradient[j]! - difference)).toBeLessThan(1e-5 * (Math.abs(difference) + 1e-3));
      }
    }),
    { numRuns: 50 },
  );
});

test.each(LOSSES)("$kind: the objective is the sum of the costs of the residuals", (loss) => {
  const runs = knownRuns(0.01);
  const { objective, residuals } = fitLaw(chinchillaLaw, runs, { loss });
  expect(objective).toBeCloseTo(
    residuals.reduce((sum, r) => sum + costOf(loss, r), 0),
    14,
  );
});

test("a law without noise is found again exactly", () => {
  const { parameters, objective, shareAtOptimum } = fitLaw(chinchillaLaw, knownRuns(0));
  expect(parameters.E).toBeCloseTo(1.8, 6);
  expect(parameters.alpha).toBeCloseTo(0.34, 6);
  expect(parameters.beta).toBeCloseTo(0.36, 6);
  expect(objective).toBeLessThan(1e-16);
  expect(shareAtOptimum).toBeGreaterThan(0);
});

test("the unit of the loss moves A, B and E alone", () => {
  const runs = knownRuns(0.003);
  const { parameters } = fitLaw(chinchillaLaw, runs);
  const scaled = fitLaw(
    chinchillaLaw,
    runs.map((run) => ({ ...run, loss: run.loss * 1000 })),
  ).parameters;
  expect(scaled.alpha).toBeCloseTo(parameters.alpha!, 6);
  expect(scaled.E! / parameters.E!).toBeCloseTo(1000, 2);
});

test("a stray run moves the Huber fit little, and a weight of zero removes it", () => {
  const runs = knownRuns(0.001);
  const clean = fitLaw(chinchillaLaw, runs);
  const stray = [...runs, { ...runs[7]!, loss: runs[7]!.loss * 2 }];
  const weights = stray.map((_, i) => (i < runs.length ? 1 : 0));
  expect(fitLaw(chinchillaLaw, stray).parameters.E).toBeCloseTo(clean.parameters.E!, 1);
  expect(fitLaw(chinchillaLaw, stray, { weights }).objective).toBeCloseTo(clean.objective, 12);
});

test("a weight of two is the run twice", () => {
  const runs = knownRuns(0.01);
  const weighted = fitLaw(chinchillaLaw, runs, { weights: runs.map((_, i) => (i === 4 ? 2 : 1)) });
  const twice = fitLaw(chinchillaLaw, [...runs, runs[4]!]);
  expect(weighted.objective).toBeCloseTo(twice.objective, 13);
  expect(weighted.parameters.beta).toBeCloseTo(twice.parameters.beta!, 6);
});

test("the absolute loss ends where as many residuals vanish as there are parameters", () => {
  const { residuals } = fitLaw(chinchillaLaw, knownRuns(0.01), { loss: { kind: "absolute" } });
  const sizes = residuals.map(Math.abs).sort();
  expect(sizes[4]).toBeLessThan(1e-6);
  expect(sizes[5]).toBeGreaterThan(1e-5);
});

test("the asymmetric loss lies lower: fewer runs below the law", () => {
  const runs = knownRuns(0.01, 3, [5, 10, 20, 40, 80]);
  const below = (loss: Loss) =>
    fitLaw(chinchillaLaw, runs, { loss }).residuals.filter((r) => r < -1e-9).length;
  const even = below({ kind: "huber", delta: 1e-3 });
  expect(below({ kind: "asymmetric", delta: 1e-3, penalty: 10 })).toBeLessThan(even / 2);
});

test("too few distinct runs are the user's to mend", () => {
  const runs = knownRuns(0).slice(0, 2);
  expect(() => fitLaw(computeLaw, [...runs, ...runs])).toThrow(
    /found: 2 distinct runs.*\nexpected: at least 3/,
  );
});

EPOCH.describe("Chinchilla's runs as read off the figure by Epoch AI", () => {
  const fitted = (loss?: Loss, keepAll = false) =>
    fitLaw(chinchillaLaw, epochTable({ keepAll }).runs, loss ? { loss } : {});

  test("the converged Huber fit of the reference answer, from every start", () => {
    const { parameters, objective, shareAtOptimum, residuals } = fitted();
    expect(residuals).toHaveLength(240);
    expect(Math.abs(objective / 1.018274018e-3 - 1)).toBeLessThan(1e-9);
    expect(parameters.A).toBeCloseTo(477.826, 3);
    expect(parameters.B).toBeCloseTo(2143.417, 3);
    expect(parameters.E).toBeCloseTo(1.81722, 5);
    expect(parameters.alpha).toBeCloseTo(0.34731, 5);
    expect(parameters.beta).toBeCloseTo(0.36717, 5);
    expect(shareAtOptimum).toBe(1);
  });

  test("least absolute deviation gives the published digits", () => {
    const { parameters } = fitted({ kind: "absolute" });
    expect(parameters.A).toBeCloseTo(482.01, 2);
    expect(parameters.B).toBeCloseTo(2085.43, 2);
    expect(parameters.E).toBeCloseTo(1.81686, 5);
    expect(parameters.alpha).toBeCloseTo(0.34781, 5);
    expect(parameters.beta).toBeCloseTo(0.36585, 5);
  });

  test("all 245 rows have another optimum", () => {
    const { parameters, objective } = fitted(undefined, true);
    expect(Math.abs(objective / 1.826010523e-3 - 1)).toBeLessThan(1e-9);
    expect(parameters.A).toBeCloseTo(495.73, 2);
    expect(parameters.B).toBeCloseTo(12845.6, 1);
    expect(parameters.E).toBeCloseTo(1.89134, 5);
    expect(parameters.beta).toBeCloseTo(0.45305, 5);
  });

  test("one start from Hoffmann's parameters reaches the same optimum", () => {
    const starts = [[6.0073404, 6.0179186, 0.5267228, 0.33917084, 0.2849083]];
    const { runs } = epochTable();
    expect(fitLaw(chinchillaLaw, runs, { starts }).objective).toBeCloseTo(1.018274018e-3, 11);
  });

  test("at most eight starts are taken", () => {
    const { runs } = epochTable();
    const data = fitData(chinchillaLaw, runs);
    for (const loss of LOSSES)
      expect(startingPoints(chinchillaLaw, runs, data, loss).length).toBeLessThanOrEqual(8);
  });
});
