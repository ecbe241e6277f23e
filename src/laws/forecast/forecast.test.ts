import fc from "fast-check";
import { expect, test } from "vitest";
import { predict } from "../../law/predict.ts";
import { Random } from "../../math/random.ts";
import type { TableRun } from "../table/run-table.ts";
import { forecast, forecastAt } from "./forecast.ts";
import { driftPrior, floorSharePrior } from "./priors.ts";
import { study } from "./study.ts";

type Truth = { readonly b: number; readonly floor: number; readonly noise: number; readonly seed: number };

/** Loss at x decades above the largest rung, in bits per byte. */
const lossAt = (x: number, truth: Truth) => 2 * (truth.floor + (1 - truth.floor) * 10 ** (-truth.b * x));

/** Sizes of the public tables, where the prior of the floor's share is about a half (priors.ts). */
function designAt(x: number) {
  const n = 1e8 * 10 ** (x / 2);
  return { n, d: 20 * n, c: 6 * n * 20 * n };
}

/** Seven rungs over 1.5 decades, the two smallest with three seeds each. */
function ladder(truth: Truth): TableRun[] {
  const random = new Random(truth.seed, "ladder");
  return [-1.5, -1.25, -1, -0.75, -0.5, -0.25, 0].flatMap((x, i) =>
    Array.from({ length: i < 2 ? 3 : 1 }, (_, seed) => ({
      run: `rung-${i}`,
      seed,
      ...designAt(x),
      loss: lossAt(x, truth) * Math.exp(truth.noise * random.normal()),
    })),
  );
}

const truth: Truth = { b: 0.16, floor: 0.55, noise: 0.003, seed: 1 };

test("a well-behaved ladder: close, inside, not too wide, and it says on what it rests", () => {
  const answer = forecast(ladder(truth), designAt(1));
  const actual = lossAt(1, truth);
  expect(Math.abs(answer.median / actual - 1)).toBeLessThan(0.01);
  expect(answer.lo).toBeLessThan(actual);
  expect(answer.hi).toBeGreaterThan(actual);
  expect((answer.hi - answer.lo) / answer.median).toBeLessThan(0.06);
  expect(answer.reach).toBeCloseTo(10, 9);
  expect(answer.laws.map((law) => law.name)).toEqual(["compute", "chinchilla-tied"]);
  expect(answer.laws.reduce((sum, law) => sum + law.weight, 0)).toBeCloseTo(1, 9);
  expect(answer.backTest.map((row) => row.reach.toFixed(2))).toEqual([
    "1.78",
    "3.16",
    "5.62",
    "1.78",
    "3.16",
    "1.78",
  ]);
  expect(answer.basis).toMatch(
    /^11 runs of 7 designs over 1\.5 decades of compute, reach 10\.0; scatter 0\.\d\d %, drift 0\.\d\d % per root decade; \d of 6 back-test/,
  );
});

test("the same runs in any order give the same digits", () => {
  const runs = ladder(truth);
  const shuffled = new Random(9, "order").shuffle([...runs]);
  expect(forecast(shuffled, designAt(1))).toEqual({ ...forecast(runs, designAt(1)) });
});

test("the unit of the loss does not matter", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 10, noNaN: true }), (factor) => {
      const scaled = ladder(truth).map((run) => ({ ...run, loss: run.loss * factor }));
      expect(forecast(scaled, designAt(1)).hi / factor).toBeCloseTo(
        forecast(ladder(truth), designAt(1)).hi,
        6,
      );
    }),
    { numRuns: 3 },
  );
});

test("the interval grows with the reach and with the noise", () => {
  const width = (t: Truth, x: number) => {
    const { lo, hi } = forecast(ladder(t), designAt(x));
    return hi / lo - 1;
  };
  expect(width(truth, 0.3)).toBeLessThan(width(truth, 1));
  expect(width(truth, 1)).toBeLessThan(width(truth, 2));
  expect(width({ ...truth, noise: 0.001 }, 1)).toBeLessThan(width({ ...truth, noise: 0.01 }, 1));
});

test("simulated ladders from the priors' own range are covered about as often as promised", () => {
  const random = new Random(4, "truths");
  const numLadders = 40;
  let inside = 0;
  for (let i = 0; i < numLadders; i++) {
    const t: Truth = {
      b: 0.1 + 0.1 * random.uniform(),
      floor: 0.4 + 0.3 * random.uniform(),
      noise: 0.003,
      seed: i,
    };
    const answer = forecast(ladder(t), designAt(1));
    const actual = lossAt(1, t) * Math.exp(t.noise * random.normal());
    if (actual >= answer.lo && actual <= answer.hi) inside++;
  }
  expect(inside).toBeGreaterThanOrEqual(0.85 * numLadders);
});

test("a ladder with a kink that the law cannot follow gets a wider interval", () => {
  const kinked = ladder(truth).map((run) => (run.c > 5e17 ? { ...run, loss: run.loss * 0.93 } : run));
  const straight = forecast(ladder(truth), designAt(1));
  const bent = forecastAt(study(kinked), designAt(1));
  expect(bent.hi / bent.lo - 1).toBeGreaterThan(1.5 * (straight.hi / straight.lo - 1));
});

test("tiny runs: a straight ladder is continued, not bent by a floor that only large models are near", () => {
  const tiny = (x: number) => {
    const n = 9e4 * 10 ** (x / 2);
    return { n, d: 10 * n, c: 60 * n * n };
  };
  const lossOf = ({ c }: { readonly c: number }) => 2.1 * (c / 5e11) ** -0.07;
  const random = new Random(8, "tiny");
  const runs = [-1.5, -1.2, -0.9, -0.6, -0.3, 0].flatMap((x, rung) =>
    [1, 2, 3].map((seed) => ({
      run: `rung-${rung}`,
      seed,
      ...tiny(x),
      loss: lossOf(tiny(x)) * Math.exp(0.002 * random.normal()),
    })),
  );
  const answer = forecast(runs, tiny(0.9));
  expect(Math.abs(answer.median / lossOf(tiny(0.9)) - 1)).toBeLessThan(0.01);
  expect(answer.hi / answer.lo - 1).toBeLessThan(0.06);
});

test("the floor's share grows with compute, and below the public tables the drift is larger", () => {
  expect(floorSharePrior(1e17).median).toBeCloseTo(0.45, 12);
  // Four decades above: odds of 0.45 / 0.55 times e^(4 x 0.42); five below: times e^(-5 x 0.45).
  const above = (0.45 / 0.55) * Math.exp(1.68);
  expect(floorSharePrior(1e21).median).toBeCloseTo(above / (1 + above), 12);
  const odds = (0.45 / 0.55) * Math.exp(-2.25);
  expect(floorSharePrior(1e12).median).toBeCloseTo(odds / (1 + odds), 12);
  expect(driftPrior(1e18).median).toBeCloseTo(0.005, 12);
  expect(driftPrior(1e12).median).toBeCloseTo(0.012, 12);
});

test("the line passes through the forecast at the target and close to the ladder", () => {
  const runs = ladder(truth);
  const { posterior } = study(runs);
  expect(predict(posterior, designAt(1)).median).toBe(forecast(runs, designAt(1)).median);
  expect(predict(posterior, designAt(-0.5)).median / lossAt(-0.5, truth)).toBeCloseTo(1, 2);
});

test("what the user can mend: too few rungs, a diverged run", () => {
  const runs = ladder(truth);
  expect(() => forecast(runs.slice(0, 6), designAt(1))).toThrow(/found: 2 rungs.*\nexpected: at least 4/);
  expect(() => forecast([{ ...runs[0]!, loss: Number.NaN }, ...runs], designAt(1))).toThrow(
    /loss NaN\nexpected: positive/,
  );
});
