import { expect, test } from "vitest";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { lossOf } from "../../law/law.ts";
import { predict } from "../../law/predict.ts";
import { Random } from "../../math/random.ts";
import type { TableRun } from "../table/run-table.ts";
import { backTestTable, scoreIntervals } from "./back-test.ts";
import { calibrate, cutsOf, studyCut } from "./calibration.ts";
import { candidateLawsFor } from "./candidate-laws.ts";
import { forecast, usefulForecast } from "./forecast.ts";
import { rungsOf } from "./model.ts";
import { study } from "./study.ts";
import { suitableRuns } from "./suitable.ts";
import { designFrom } from "./target.ts";

const TRUTH = Float64Array.of(Math.log(400), Math.log(2000), Math.log(1.8), 0.34, 0.34);

/** Runs of a known law at five ratios over `decades` decades of compute. */
function runsOf(decades: number, noise: number, seed = 1, top = 1e20): TableRun[] {
  const random = new Random(seed, "runs");
  const places = Array.from({ length: 9 }, (_, i) => Math.log10(top) - decades + (decades * i) / 8);
  return places.flatMap((place, i) =>
    [5, 10, 20, 40, 80].map((ratio, j) => {
      const c = 10 ** place;
      const n = Math.sqrt(c / (6 * ratio));
      const design = { n, d: ratio * n, c };
      return {
        run: `${i}.${j}`,
        ...design,
        loss: lossOf(chinchillaLaw, TRUTH, design) * Math.exp(noise * random.normal()),
      };
    }),
  );
}

const at = (n: number, ratio: number) => ({ n, d: ratio * n, c: 6 * ratio * n * n });

test("the loss of a known law two decades on lies inside its interval, and the median is near", () => {
  const target = at(1e10, 20);
  const { median, lo, hi, reach, laws } = forecast(runsOf(3, 0.003), target);
  const truth = lossOf(chinchillaLaw, TRUTH, target);
  expect(reach).toBeCloseTo(120, 0);
  expect(Math.abs(median / truth - 1)).toBeLessThan(0.02);
  expect(truth).toBeGreaterThan(lo);
  expect(truth).toBeLessThan(hi);
  expect(laws.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
});

test("the interval grows with reach, and the same runs in any order give the same numbers", () => {
  const runs = runsOf(3, 0.003);
  const { posterior } = study(runs);
  const width = (n: number) => {
    const { lo, hi, median } = predict(posterior, at(n, 20));
    return (hi - lo) / median;
  };
  expect(width(1e10)).toBeGreaterThan(width(3e9));
  expect(width(3e9)).toBeGreaterThan(width(1e9));
  const shuffled = study(new Random(3, "order").shuffle([...runs]));
  expect(shuffled.posterior).toEqual(posterior);
});

test("a forecast that decides nothing is refused with its interval in the message", () => {
  const random = new Random(5, "scatter");
  const noisy = runsOf(2, 0, 1).map((run) => ({ ...run, loss: run.loss * Math.exp(0.08 * random.normal()) }));
  expect(() => forecast(noisy, at(3e10, 20))).toThrow(/90 % interval of .* wide/);
});

test("calibration is nested: nothing above the limit changes it", () => {
  const runs = runsOf(3, 0.003);
  const cuts = cutsOf(rungsOf(runs));
  const limit = cuts.at(-2)!;
  const candidates = candidateLawsFor(runs);
  const change = (run: TableRun) => (run.c > limit ? { ...run, loss: 3 * run.loss } : run);
  const calibration = (own: readonly TableRun[]) =>
    calibrate(
      cuts.slice(0, 4).map((cut) => studyCut(rungsOf(own), candidates, cut)),
      candidates,
      limit,
    );
  expect(calibration(runs.map(change))).toEqual(calibration(runs));
});

test("the score of an interval: width, and twenty times what lies outside", () => {
  const score = scoreIntervals([
    { lo: 1.9, hi: 2.1, loss: 2 },
    { lo: 1.9, hi: 2.1, loss: 2.5 },
  ]);
  expect(score.coverage90).toBe(0.5);
  expect(score.meanWidthPercent).toBeCloseTo((10 + 8) / 2, 10);
  expect(score.intervalScore).toBeCloseTo((10 + 8 + 20 * 16) / 2, 10);
});

test("a back-test of a law that holds: 90 % intervals hold most runs, and those nearest are narrower than 5 %", () => {
  const { cuts, refused } = backTestTable(runsOf(3.2, 0.003, 7));
  expect(refused).toEqual([]);
  expect(cuts.length).toBeGreaterThanOrEqual(3);
  for (const { coverage90, meanErrorPercent } of cuts) {
    expect(coverage90).toBeGreaterThanOrEqual(0.8);
    expect(meanErrorPercent).toBeLessThan(1.2);
  }
  expect(cuts.at(-1)!.meanWidthPercent).toBeLessThan(5);
});

test("runs that no recipe would choose are set aside by name; too few left is a refusal", () => {
  const runs = runsOf(2, 0);
  const odd = [
    { ...runs[0]!, run: "starved", d: 0.5 * runs[0]!.n },
    { ...runs[0]!, run: "worn", unique: runs[0]!.d / 20 },
  ];
  expect(suitableRuns([...runs, ...odd]).setAside.map(({ run }) => run)).toEqual(["starved", "worn"]);
  expect(() => suitableRuns(runs.slice(0, 5))).toThrow("5 runs to forecast from");
});

test("a ladder of one recipe is forecast as such, and refuses a target of another ratio", () => {
  const ladder = runsOf(2, 0.002).filter(({ n, d }) => Math.abs(d / n / 20 - 1) < 0.01);
  const studied = study(ladder);
  const target = designFrom(studied, { c: 1e21 });
  expect(target.d / target.n).toBeCloseTo(20, 0);
  const { median } = usefulForecast(studied, target);
  expect(Math.abs(median / lossOf(chinchillaLaw, TRUTH, target) - 1)).toBeLessThan(0.03);
  expect(() => usefulForecast(studied, at(1e9, 100))).toThrow("tokens a parameter");
});

test("a target takes two of N, D and C, or C alone; the best size at C is Chinchilla's", () => {
  const studied = study(runsOf(3, 0));
  expect(designFrom(studied, { n: 1e9, d: 3e10 })).toEqual({
    n: 1e9,
    d: 3e10,
    c: expect.closeTo(1.8e20, -16),
  });
  const { n, d } = designFrom(studied, { c: 1e21 });
  // A N^-alpha and B D^-alpha: D / N = (B / A)^(1 / alpha) at any budget, here 114; the ratios: 5 to 80.
  expect(d / n).toBeGreaterThan(40);
  expect(() => designFrom(studied, { n: 1e9 })).toThrow("--tokens");
});
