import { describe, expect, test } from "vitest";
import { flopsOf } from "../../engine/compile.ts";
import { native } from "../../engine/native.ts";
import { trainingPrograms } from "../../train/programs.ts";
import { campaignSchema } from "../spec.ts";
import { placeFeatures } from "./estimate.ts";
import { planCampaign, planSchema, runsOf } from "./plan.ts";

const BUDGET = 6e12;
const FILE = {
  name: "one",
  budget: "1h",
  corpus: { sources: [{ name: "a", path: "a" }] },
  vocabularySize: 512,
};
const FEATURES = [
  { name: "swiglu", change: { feedForward: "swiglu" }, adopt: true },
  { name: "qk-norm", change: { queryKeyNorm: true } },
];

const plan = planCampaign(
  campaignSchema.parse({ ...FILE, recipe: { feedForward: "gelu" }, features: FEATURES }),
  BUDGET,
);
const ladder = runsOf(plan.rungs);
const [swiglu, norm] = plan.features!;

describe("a plan with features on trial", () => {
  test("pays for every run of them out of the budget", () => {
    const all = [...ladder, ...runsOf(swiglu!.rungs), ...runsOf(norm!.rungs), plan.target];
    const total = all.reduce((sum, run) => sum + run.flops + run.evaluationFlops, 0);
    expect(plan.totalFlops).toBeCloseTo(total, -3);
    expect(plan.totalFlops).toBeLessThanOrEqual(BUDGET);
    expect(plan.totalFlops).toBeGreaterThan(0.75 * BUDGET);
  });

  test.each([
    ["swiglu", true, "no-swiglu", "feedForward swiglu instead of gelu"],
    ["qk-norm", false, "qk-norm", "queryKeyNorm true instead of false"],
  ])("runs each rung once more for %s: same seeds, batches, steps and N", (name, adopted, label, change) => {
    const feature = plan.features!.find((candidate) => candidate.name === name)!;
    expect(feature).toMatchObject({ adopted, change });
    const own = runsOf(feature.rungs);
    expect(own.map((run) => run.name)).toEqual(ladder.map((run) => `${label}-${run.name}`));
    for (const [i, { spec, matrixParameters, tokens, flops }] of own.entries()) {
      const base = ladder[i]!;
      const { shape, ...rest } = spec;
      const { shape: baseShape, ...baseRest } = base.spec;
      expect(rest).toEqual(baseRest);
      expect({ matrixParameters, tokens }).toEqual({
        matrixParameters: base.matrixParameters,
        tokens: base.tokens,
      });
      expect(shape).toMatchObject({ width: baseShape.width, numLayers: baseShape.numLayers });
      expect(shape).not.toEqual(baseShape);
      expect(Math.abs(flops / base.flops - 1)).toBeLessThan(0.05);
    }
  });

  test("trains ladder and target with what is adopted, and with nothing else", () => {
    for (const { spec } of [...ladder, plan.target]) {
      expect(spec.shape).not.toHaveProperty("feedForward");
      expect(spec.shape).not.toHaveProperty("queryKeyNorm");
    }
    for (const { spec } of runsOf(swiglu!.rungs)) expect(spec.shape.feedForward).toBe("gelu");
    for (const { spec } of runsOf(norm!.rungs)) expect(spec.shape.queryKeyNorm).toBe(true);
  });

  test("states the FLOPs of their runs as their programs have them", () => {
    for (const { spec, flops } of [swiglu!, norm!].map(({ rungs }) => rungs[2]!.runs[0]!)) {
      const { shape, batchSequences: batch, sequenceLength, optimiser, numSteps } = spec;
      const { programs } = trainingPrograms(shape, { batch, sequenceLength }, optimiser);
      expect(flops).toBe(numSteps * flopsOf(programs.get("train")!));
    }
  });

  test("places small runs of all features side by side, the two largest rungs on all threads", () => {
    const placed = placeFeatures(plan, {
      processor: "a test's",
      numThreads: 2,
      instructionSet: native.instructionSets()[0]!,
      memoryBytes: 1e9,
      freeDiskBytes: 1e9,
    });
    expect(placed).toHaveLength(2 * ladder.length);
    for (const { run, numThreads } of placed) expect(numThreads).toBe(/rung-[45]/.test(run.name) ? 2 : 1);
    const narrow = placed.filter(({ numThreads }) => numThreads === 1).map(({ run }) => run.flops);
    expect(narrow).toEqual(narrow.toSorted((a, b) => b - a));
  });

  test("survives the record", () => {
    expect(planSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });
});

test("a plan without features does not mention them, so that plans of old are found again", () => {
  expect(planCampaign(campaignSchema.parse(FILE), BUDGET)).not.toHaveProperty("features");
});

test("a target that transformers has no class for is refused before anything is spent", () => {
  const both = { feedForward: "gelu", queryKeyNorm: true };
  expect(() => planCampaign(campaignSchema.parse({ ...FILE, recipe: both }), BUDGET)).toThrow(
    "no class for the two together",
  );
});
