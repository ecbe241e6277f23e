import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { flopsOf } from "../../engine/compile.ts";
import { native } from "../../engine/native.ts";
import { programsOf } from "../../machine/step.ts";
import type { Machine } from "../../machine/this-machine.ts";
import { campaignSchema } from "../spec.ts";
import {
  estimateRun,
  estimateRuns,
  placeLadder,
  runSeconds,
  START_SECONDS,
  wallSeconds,
} from "./estimate.ts";
import { planCampaign } from "./plan.ts";

const machineWith = (numThreads: number): Machine => ({
  processor: "a test's",
  numThreads,
  instructionSet: native.instructionSets()[0]!,
  memoryBytes: 1e9,
  freeDiskBytes: 1e9,
});

const plan = planCampaign(
  campaignSchema.parse({
    name: "one",
    budget: "1h",
    corpus: { sources: [{ name: "a", path: "a" }] },
    vocabularySize: 512,
  }),
  2e12,
);

describe("runs started in order, each as soon as its threads are free", () => {
  const run = (numThreads: number, seconds: number) => ({ numThreads, seconds });

  test.each([
    ["nothing takes no time", [], 2, 0],
    ["one after the other on one thread", [run(1, 5), run(1, 3)], 1, 8],
    ["side by side on two", [run(1, 5), run(1, 3)], 2, 5],
    ["the third follows the shorter one", [run(1, 5), run(1, 3), run(1, 4)], 2, 7],
    ["a wide one waits for both", [run(1, 5), run(1, 3), run(2, 4)], 2, 9],
    ["and all wait for a wide one", [run(1, 5), run(1, 3), run(2, 4), run(1, 1), run(1, 2)], 2, 11],
    ["two of two on four", [run(2, 3), run(2, 4), run(2, 2), run(4, 1)], 4, 6],
  ])("%s", (_, runs, numThreads, seconds) => expect(wallSeconds(runs, numThreads)).toBe(seconds));

  test("take at least their longest and their even share, at most their sum", () => {
    const runs = fc.array(
      fc.record({ numThreads: fc.integer({ min: 1, max: 3 }), seconds: fc.integer({ min: 0, max: 100 }) }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(runs, fc.integer({ min: 3, max: 6 }), (list, numThreads) => {
        const wall = wallSeconds(list, numThreads);
        const work = list.reduce((sum, { numThreads: needed, seconds }) => sum + needed * seconds, 0);
        expect(wall).toBeGreaterThanOrEqual(Math.max(...list.map(({ seconds }) => seconds)));
        expect(wall).toBeGreaterThanOrEqual(work / numThreads);
        expect(wall).toBeLessThanOrEqual(list.reduce((sum, { seconds }) => sum + seconds, 0));
      }),
    );
  });
});

describe("the order of the ladder", () => {
  const placed = placeLadder(plan, machineWith(2));

  test("has every run once: small ones on a thread each, longest first, then the largest two on all", () => {
    expect(new Set(placed.map(({ run }) => run.name)).size).toBe(
      plan.rungs.flatMap(({ runs }) => runs).length,
    );
    const rungOf = (name: string) => Number(name.split("-")[1]);
    const rungs = placed.map(({ run }) => rungOf(run.name));
    // Seeds: 4 of the smallest rung, 3 of every other.
    expect(rungs).toEqual([3, 3, 3, 2, 2, 2, 1, 1, 1, 0, 0, 0, 0, 4, 4, 4, 5, 5, 5]);
    for (const { run, numThreads } of placed) expect(numThreads).toBe(rungOf(run.name) >= 4 ? 2 : 1);
  });
});

describe("the estimate of a run", () => {
  test("says which run it times, each shape once", async () => {
    const [run] = plan.rungs[0]!.runs;
    const other = { ...run!, name: "another seed" };
    const said: unknown[] = [];
    const placed = [run!, other].map((each) => ({ run: each, numThreads: 1 }));
    const estimates = await estimateRuns(placed, machineWith(1), ({ name }, ...place) =>
      said.push([name, ...place]),
    );
    expect(said).toEqual([[run!.name, 0, 2]]);
    expect(estimates[1]).toBe(estimates[0]);
  });

  test("adds its parts up, and gives evaluation the speed of the steps", async () => {
    const run = plan.rungs[0]!.runs[0]!;
    const estimate = await estimateRun(run, 1, machineWith(1));
    const executable = programsOf(run.spec);
    expect(estimate.numThreads).toBe(1);
    expect(estimate.arenaBytes).toBe(4 * executable.numFloats);
    const operations = Object.values(estimate.operationSeconds).reduce((sum, own) => sum + own, 0);
    expect(estimate.stepSeconds).toBeGreaterThan(0);
    // Waking the threads is no operation.
    expect(operations).toBeLessThan(estimate.stepSeconds);
    const flopsPerSecond = flopsOf(executable.programs.get("train")!) / estimate.stepSeconds;
    expect(estimate.evaluationSeconds).toBeCloseTo(run.evaluationFlops / flopsPerSecond, 9);
    expect(runSeconds(run, estimate)).toBeCloseTo(
      START_SECONDS + run.spec.numSteps * estimate.stepSeconds + estimate.evaluationSeconds,
      9,
    );
  });
});
