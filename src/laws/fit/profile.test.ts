import { expect, test } from "vitest";
import { c4RepeatsLaw } from "../../law/formulas/data-constrained.ts";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { fitLaw } from "./fit.ts";
import { knownRuns, MUENNIGHOFF, muennighoffTable } from "./fixture.ts";
import { inverseInformation } from "./objective.ts";
import { profilerOf } from "./profile.ts";

test("with little noise a profile is as wide as least squares say: 1.645 standard errors a side", () => {
  const runs = knownRuns(2e-4, 2, [5, 10, 20, 40, 80]);
  const fit = fitLaw(chinchillaLaw, runs, { loss: { kind: "squared" } });
  const profiler = profilerOf(fit);
  const variance = fit.residuals.reduce((sum, r) => sum + r * r, 0) / (runs.length - 5);
  const inverse = inverseInformation(chinchillaLaw, fit.data, fit.theta);
  for (let j = 0; j < 5; j++) {
    const { lo, hi } = profiler.interval(j);
    const expected = 2 * 1.6449 * Math.sqrt(variance * inverse[j * 5 + j]!);
    expect(Math.abs((hi - lo) / expected - 1)).toBeLessThan(0.03);
    expect(lo).toBeLessThan(fit.theta[j]!);
    expect(hi).toBeGreaterThan(fit.theta[j]!);
  }
});

test("rows that repeat one another widen the profile", () => {
  const runs = knownRuns(2e-3, 2, [5, 10, 20, 40]);
  const fit = fitLaw(chinchillaLaw, runs, { loss: { kind: "squared" } });
  const width = (rowsPerRun: number) => {
    const { lo, hi } = profilerOf(fit, rowsPerRun).interval(4);
    return hi - lo;
  };
  expect(width(4) / width(1)).toBeGreaterThan(1.8);
});

test("a held parameter costs nothing at the optimum, and more on either side", () => {
  const runs = knownRuns(0.003);
  const fit = fitLaw(chinchillaLaw, runs);
  const { heldAt } = profilerOf(fit);
  expect(heldAt(3, fit.theta[3]!)).toBeCloseTo(fit.objective, 12);
  expect(heldAt(3, fit.theta[3]! + 0.05)).toBeGreaterThan(fit.objective);
  expect(heldAt(3, fit.theta[3]! - 0.05)).toBeGreaterThan(fit.objective);
});

test("at one ratio D / N the two terms cannot be told apart: sides are open", () => {
  const runs = knownRuns(0.002, 3, [20]);
  const copies = [
    ...runs,
    ...knownRuns(0.002, 4, [20]).map((run) => ({ ...run, n: run.n * 2, d: run.d * 2 })),
  ];
  const profiler = profilerOf(fitLaw(chinchillaLaw, copies));
  const sides = [0, 1].flatMap((j) => Object.values(profiler.interval(j)));
  expect(sides.filter((end) => !Number.isFinite(end)).length).toBeGreaterThanOrEqual(2);
});

MUENNIGHOFF.describe("Muennighoff's runs with repeated data", () => {
  test("R_D* is not identified above about 8, R_N* is", () => {
    const { runs } = muennighoffTable();
    const fit = fitLaw(c4RepeatsLaw, runs);
    const profiler = profilerOf(fit);
    const data = profiler.interval(0);
    expect(data.hi).toBe(Infinity);
    expect(Math.exp(data.lo)).toBeGreaterThan(5);
    expect(Math.exp(data.lo)).toBeLessThan(10);
    const size = profiler.interval(1);
    expect(size.lo).toBeGreaterThan(-Infinity);
    expect(size.hi).toBeLessThan(Infinity);
  });
});
