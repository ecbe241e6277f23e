import { describe, expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import { RankPace, StepPace } from "./pace.ts";

/** Steps of about ten seconds. */
function slowIn(
  numSteps: number,
  factorAt: (step: number) => number,
  sigma = 0.01,
  planned: number | null = null,
) {
  const random = new Random(1, "pace");
  const pace = new StepPace(planned);
  return Array.from({ length: numSteps }, (_, i) => {
    const stepSeconds = 10 * factorAt(i + 1) * Math.exp(sigma * random.normal());
    return pace.take({ step: i + 1, loss: 2, gradientNorm: null, stepSeconds });
  }).filter((seen) => seen !== null);
}

describe("the run's steps", () => {
  test("that vary raise no alarm in 20,000 steps, nor where they get faster", () => {
    expect(slowIn(20_000, () => 1, 0.01)).toEqual([]);
    expect(slowIn(20_000, () => 1, 0.2)).toEqual([]);
    expect(slowIn(5000, (step) => 2 - step / 5000)).toEqual([]);
  });

  test("a tenth slower are told once, against the run's own best, and again after they were well", () => {
    const twice = (step: number) => ((step > 1000 && step < 2000) || step > 3000 ? 1.1 : 1);
    const [first, second, ...more] = slowIn(4000, twice);
    expect(more).toEqual([]);
    expect(first).toMatchObject({ kind: "slow", rank: null, against: "this run's own best" });
    expect(first!.stepSeconds / first!.expectedSeconds).toBeCloseTo(1.1, 1);
    // Two windows of 300 s at most: the first is half of old steps.
    expect(first!.step).toBeGreaterThan(1000);
    expect(first!.step).toBeLessThanOrEqual(1060);
    expect(second!.step).toBeGreaterThan(3000);
    expect(second!.step).toBeLessThanOrEqual(3060);
  });

  test("above the forecast are told from the first window on", () => {
    const [seen, ...more] = slowIn(500, () => 1, 0.01, 9);
    expect(seen).toMatchObject({ step: 30, expectedSeconds: 9, against: "the plan" });
    expect(more).toEqual([]);
  });

  test("that are not told, or no time, count for nothing", () => {
    const pace = new StepPace(1e-9);
    for (const stepSeconds of [null, Number.NaN, 0])
      expect(pace.take({ step: 1, loss: 1, gradientNorm: 1, stepSeconds })).toBeNull();
  });
});

describe("a rank", () => {
  const PLACES = ["a", "a", "b", "b"];
  const slow = (factors: readonly number[], numSteps = 40) => {
    const random = new Random(2, "ranks");
    const pace = new RankPace();
    for (let step = 0; step < numSteps; step++)
      for (const [rank, factor] of factors.entries())
        pace.take(rank, factor * Math.exp(0.02 * random.normal()));
    return [pace.slowRanks(numSteps, PLACES), pace.slowRanks(numSteps, PLACES)];
  };

  test("slower than the others is named with its place, once", () => {
    const [first, again] = slow([1, 1, 1.3, 1]);
    expect(first).toMatchObject([{ kind: "slow", step: 40, rank: { rank: 2, place: "b" } }]);
    expect(first![0]!.stepSeconds / first![0]!.expectedSeconds).toBeCloseTo(1.3, 1);
    expect(again).toEqual([]);
  });

  test("is not, where all are alike, where too few steps were seen, and where two could each be the odd one", () => {
    expect(slow([1, 1, 1, 1])).toEqual([[], []]);
    expect(slow([1, 1, 1.3, 1], 31)).toEqual([[], []]);
    const pace = new RankPace();
    for (let step = 0; step < 40; step++) for (const rank of [0, 1]) pace.take(rank, 1 + rank);
    expect(pace.slowRanks(40, ["a", "b"])).toEqual([]);
  });
});
