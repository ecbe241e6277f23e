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
  /** Windows of 32 steps and 10 s; the ranks' factors by window. */
  function slow(factorsAt: (window: number) => readonly number[], numWindows = 6, sigma = 0.02, rows = 32) {
    const random = new Random(2, "ranks");
    const pace = new RankPace();
    pace.slowRanks(0, PLACES, 0);
    return Array.from({ length: numWindows }, (_, i) => {
      const factors = factorsAt(i + 1);
      const own = factors.map((factor) => factor * Math.exp(sigma * random.normal()));
      for (let step = 0; step < rows; step++)
        for (const [rank, seconds] of own.entries())
          pace.take(rank, seconds * Math.exp(0.05 * random.normal()));
      return pace.slowRanks(32 * (i + 1), PLACES.slice(0, factors.length), 10 * (i + 1));
    });
  }

  test("slower than the others is named with its place, once, and again after it was well", () => {
    const seen = slow((window) => [1, 1, window >= 4 && window !== 6 ? 1.4 : 1, 1], 8);
    expect(seen.map(({ length }) => length)).toEqual([0, 0, 0, 1, 0, 0, 1, 0]);
    expect(seen[3]).toMatchObject([{ kind: "slow", step: 128, rank: { rank: 2, place: "b" } }]);
    expect(seen[3]![0]!.stepSeconds / seen[3]![0]!.expectedSeconds).toBeCloseTo(1.4, 0);
  });

  test("that is slow from the start is named when the others' spread is known, at twice the time at once", () => {
    expect(slow(() => [1, 1, 1.5, 1]).map(({ length }) => length)).toEqual([0, 0, 0, 1, 0, 0]);
    expect(slow(() => [1, 2.5, 1, 1]).map(({ length }) => length)).toEqual([1, 0, 0, 0, 0, 0]);
  });

  test("is not, where ranks differ as much from window to window: a machine with fewer cores than ranks", () => {
    expect(slow(() => [1, 1, 1, 1], 300).flat()).toEqual([]);
    expect(slow(() => [1, 1, 1, 1], 300, 0.25).flat()).toEqual([]);
  });

  test("is not, where too few steps were seen, and where two could each be the odd one", () => {
    expect(slow(() => [1, 1, 3, 1], 6, 0.02, 31)[0]).toEqual([]);
    expect(slow(() => [1, 3]).flat()).toEqual([]);
  });

  test("of a new attempt begins anew", () => {
    const pace = new RankPace();
    const take = (factor: number) => {
      for (let step = 0; step < 32; step++) for (const rank of [0, 1, 2]) pace.take(rank, rank ? 1 : factor);
    };
    pace.slowRanks(0, ["a", "b", "c"], 0);
    take(3);
    pace.started();
    pace.slowRanks(1, ["a", "b", "c"], 9);
    take(1);
    expect(pace.slowRanks(2, ["a", "b", "c"], 11)).toEqual([]);
    expect(pace.slowRanks(2, ["a", "b", "c"], 19)).toEqual([]);
    take(3);
    expect(pace.slowRanks(3, ["a", "b", "c"], 29)).toMatchObject([{ rank: { rank: 0, place: "a" } }]);
  });
});
