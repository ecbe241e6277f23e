import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { Random } from "../../math/random.ts";
import { fitTaskLaw } from "./fit.ts";
import { forecastTask, type TaskRun } from "./forecast.ts";

const accuracyAt = (loss: number, chance = 0.25) => chance + (0.9 - chance) / (1 + Math.exp(4 * (loss - 2)));

/** A ladder at 20 tokens a parameter whose accuracy is a sigmoid of its loss, measured on so many items. */
function ladder(numItems: number, seed: number, largest = 1e14, scores = accuracyAt): TaskRun[] {
  const random = new Random(seed, "ladder");
  return Array.from({ length: 14 }, (_, i) => {
    const c = largest * 10 ** (-0.2 * Math.floor(i / 2));
    const n = Math.sqrt(c / 120);
    const loss = 1.2 + 25 * c ** -0.1;
    const score = scores(loss);
    const sd = Math.sqrt((score * (1 - score)) / numItems);
    const measured = Math.min(1, Math.max(0, score + sd * random.normal()));
    return { n, d: 20 * n, c, loss, score: measured, chance: 0.25, sd };
  });
}

const target = (c: number) => {
  const n = Math.sqrt(c / 120);
  const loss = 1.2 + 25 * c ** -0.1;
  return { design: { n, d: 20 * n, c }, loss: { median: loss, lo: 0.995 * loss, hi: 1.005 * loss } };
};

describe("the sigmoid of the loss", () => {
  test("is found again where the ladder crosses it", () => {
    // Without noise, so that the truth has to lie inside: with it, each 90 % interval may miss once in ten
    // times.
    const runs = [1e13, 1e16, 1e18]
      .flatMap((largest) => ladder(20_000, 1, largest))
      .map((run) => ({ ...run, score: accuracyAt(run.loss) }));
    const { parameters, scoreAt } = fitTaskLaw(runs);
    for (const [name, value] of Object.entries({ floor: 0.25, top: 0.9, slope: 4, midpoint: 2 })) {
      const { lo, hi } = parameters[name as keyof typeof parameters];
      expect(lo).toBeLessThan(value);
      expect(hi).toBeGreaterThan(value);
      expect((hi - lo) / value).toBeLessThan(0.3);
    }
    expect(scoreAt(2).median).toBeCloseTo(accuracyAt(2), 2);
    expect(parameters.midpoint.identified).toBe(true);
  });

  test("has no known top where the ladder does not reach it, and says so", () => {
    const { parameters, warnings } = fitTaskLaw(ladder(400, 1));
    expect(parameters.top.identified).toBe(false);
    expect(parameters.top.hi - parameters.top.lo).toBeGreaterThan(0.2);
    expect(warnings.join()).toMatch(/does not show where accuracy levels off/);
  });

  test("does without standard deviations, and says what it takes instead", () => {
    const bare = ladder(400, 1).map((run) => ({ ...run, sd: 0 }));
    expect(fitTaskLaw(bare).warnings.join()).toMatch(/no standard deviations given/);
  });
});

describe("a forecast of accuracy", () => {
  test("holds the truth, gives both laws, and is the same each time", () => {
    const { design, loss } = target(1e15);
    const forecast = forecastTask(ladder(400, 4), design, loss);
    expect(forecast.reach).toBeCloseTo(10, 6);
    expect(forecast.lo).toBeLessThan(accuracyAt(loss.median));
    expect(forecast.hi).toBeGreaterThan(accuracyAt(loss.median));
    for (const { median, lo, hi } of [forecast, forecast.twoStep, forecast.direct]) {
      expect(lo).toBeLessThan(median);
      expect(hi).toBeGreaterThan(median);
      expect(lo).toBeGreaterThanOrEqual(0);
      expect(hi).toBeLessThanOrEqual(1);
    }
    expect(forecast.weights.twoStep + forecast.weights.direct).toBeCloseTo(1, 12);
    expect(forecast.backTest.length).toBeGreaterThan(0);
    for (const row of forecast.backTest) expect(row.reach).toBeGreaterThan(1);
    expect(forecastTask(ladder(400, 4), design, loss)).toEqual(forecast);
    expect(forecast.basis).toMatch(/^14 runs, accuracy up to \d+\.\d % \(chance 25 %\), reach 10\.0; of /);
  });

  test("is wider for a less certain loss and for a farther target", () => {
    const width = (c: number, spread: number) => {
      const { design, loss } = target(c);
      const { twoStep } = forecastTask(ladder(400, 4).slice(0, 8), design, {
        median: loss.median,
        lo: loss.median * (1 - spread),
        hi: loss.median * (1 + spread),
      });
      return twoStep.hi - twoStep.lo;
    };
    const near = width(3e14, 0.001);
    expect(width(3e14, 0.1)).toBeGreaterThan(1.2 * near);
    expect(width(1e17, 0.001)).toBeGreaterThan(1.2 * near);
  });

  test("weighs the direct law more where accuracy is a power of compute", () => {
    const direct = ladder(20_000, 5).map((run) => ({
      ...run,
      // Loss that says nothing new below a floor: the sigmoid cannot follow.
      score: 0.25 + 0.75 * Math.exp(-1.2 * (run.c / 1e14) ** -0.2),
      loss: 2 + 0.05 * Math.abs(Math.sin(run.c)),
    }));
    const { weights } = forecastTask(direct, target(1e15).design, { median: 2.02, lo: 2, hi: 2.04 });
    expect(weights.direct).toBeGreaterThan(0.7);
  });

  test("warns where tokens per parameter differ", () => {
    const { design, loss } = target(1e15);
    const { warnings } = forecastTask(ladder(400, 4), { ...design, d: 10 * design.d }, loss);
    expect(warnings.join()).toMatch(/tokens per parameter differ 10\.0 times/);
  });
});

describe("is refused", () => {
  const { design, loss } = target(1e15);
  const atChance = () => ladder(400, 6, 1e14, () => 0.25);

  test("at chance within noise on all rungs, with the way out", () => {
    try {
      forecastTask(atChance(), design, loss);
      throw new Error("it was not refused");
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      const { found, expected, remedy } = error as UserError;
      expect(found).toMatch(
        /^accuracy within noise of chance \(25 %\) on all 14 runs: the largest excess is/,
      );
      expect(expected).toMatch(/this ladder says nothing of emergence/);
      expect(remedy).toMatch(/use the continuous score/);
    }
  });

  test("but one rung well above chance is enough", () => {
    const [first, ...rest] = atChance();
    expect(forecastTask([{ ...first!, score: 0.4 }, ...rest], design, loss).hi).toBeGreaterThan(0.3);
  });

  test.each([
    ["a score in percent", { score: 61 }, /with loss .*, score 61/],
    ["a loss that is not positive", { loss: 0 }, /with loss 0/],
    ["a chance of 1", { chance: 1 }, /chance 1/],
    ["two chance levels", { chance: 0.5 }, /chance levels of 0.5, 0.25/],
  ])("with %s", (_, change, message) => {
    const [first, ...rest] = ladder(400, 7);
    expect(() => fitTaskLaw([{ ...first!, ...change }, ...rest])).toThrow(message);
  });

  test("with fewer than four models", () => {
    expect(() => fitTaskLaw(ladder(400, 7).slice(0, 6))).toThrow("scores of 3 models");
  });

  test("without an interval for the loss", () => {
    const noInterval = { ...loss, hi: Number.POSITIVE_INFINITY };
    expect(() => forecastTask(ladder(400, 7), design, noInterval)).toThrow(
      "a loss forecast with an interval",
    );
  });
});
