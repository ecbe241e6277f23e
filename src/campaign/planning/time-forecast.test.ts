import { describe, expect, test } from "vitest";
import { Z_90 } from "../../math/normal.ts";
import { shapeOfWidth } from "../../model/dial.ts";
import { summaryWith } from "../../train/fixture.ts";
import { optimiserOf, type PlannedRun } from "../../train/planned-run.ts";
import { ladderRunWith } from "../fixture.ts";
import { campaignSchema } from "../spec.ts";
import type { RunEstimate } from "./estimate.ts";
import { forecastCost } from "./time-forecast.ts";

const { recipe } = campaignSchema.parse({
  name: "one",
  budget: "1h",
  corpus: { sources: [{ name: "a", path: "a" }] },
});

const TARGET: PlannedRun = {
  name: "target",
  spec: {
    role: "target",
    shape: shapeOfWidth(16, {
      vocabularySize: 300,
      numLayers: 2,
      queriesPerKeyValue: 1,
      tiedEmbeddings: false,
    }),
    optimiser: optimiserOf(recipe),
    sequenceLength: 64,
    batchSequences: 10,
    numSteps: 1000,
    seed: 1,
    heldOutTokens: 1000,
    checkpointSeconds: 8,
  },
  matrixParameters: 80_000,
  tokens: 640_000,
  flops: 1e12,
  evaluationFlops: 1e10,
};

const estimateWith = (changes: Partial<RunEstimate>): RunEstimate => ({
  numThreads: 2,
  stepSeconds: 0.01,
  operationSeconds: { matmul: 0.008, add: 0.002 },
  evaluationSeconds: 0.4,
  arenaBytes: 1e6,
  ...changes,
});

const OWN = estimateWith({
  stepSeconds: 0.02,
  operationSeconds: { matmul: 0.016, add: 0.004 },
  evaluationSeconds: 0.6,
  arenaBytes: 50e6,
});

describe("what the target will cost", () => {
  // Measured over estimated step time: 1.0 and 1.44, whose geometric mean is 1.2.
  const compared = [
    { run: ladderRunWith({ medianStepSeconds: 0.01 }), estimate: estimateWith({}) },
    {
      run: ladderRunWith({
        medianStepSeconds: 0.0144,
        stepsSeconds: 1.584,
        betweenStepsSeconds: 0.3,
        startSeconds: 0.7,
        evaluationSeconds: 0.8,
        operationSeconds: { matmul: 0.008, add: 0.006 },
        peakBytes: 103e6,
      }),
      estimate: estimateWith({}),
    },
  ];
  const all = [...compared.map(({ run }) => run.summary), summaryWith({ peakBytes: 106e6 })];
  const forecast = forecastCost(TARGET, OWN, compared, all);

  test("a step: its estimate times the mean ratio, with the spread of the ratios", () => {
    const { median, lo, hi, basis } = forecast.stepSeconds;
    expect(median).toBeCloseTo(0.024, 12);
    // Logs 0 and ln 1.44: a standard deviation of ln 1.44 / sqrt 2.
    const factor = Math.exp((Z_90 * Math.log(1.44)) / Math.SQRT2);
    expect(hi / median).toBeCloseTo(factor, 12);
    expect(median / lo).toBeCloseTo(factor, 12);
    expect(basis).toBe(
      "each instruction of the target timed alone on 2 threads, times 1.200, the ratio of measured to so estimated step time on 2 runs of the ladder",
    );
  });

  test("the wall: steps by their mean, batches by the token, start and evaluation as on the rungs", () => {
    // Mean over median step: 1, 1.1. Between steps: 1, 3 us a token. Evaluation over estimate: 1, 2.
    expect(forecast.parts.steps).toBeCloseTo(1000 * 0.024 * 1.05, 9);
    expect(forecast.parts.betweenSteps).toBeCloseTo(640_000 * 2e-6, 9);
    expect(forecast.parts.start).toBeCloseTo(0.6, 12);
    expect(forecast.parts.evaluation).toBeCloseTo(0.6 * 1.5, 12);
    expect(forecast.wallSeconds.median).toBeCloseTo(25.2 + 1.28 + 0.6 + 0.9, 9);
    expect(forecast.wallSeconds.hi / forecast.wallSeconds.median).toBeCloseTo(
      forecast.stepSeconds.hi / forecast.stepSeconds.median,
      12,
    );
  });

  test("memory: the planned arena, and what the runs took beside theirs", () => {
    // 100, 102 and 105 MB beside 1 MB of arena each.
    const { median, lo, basis } = forecast.peakBytes;
    expect(forecast.arenaBytes).toBe(50e6);
    expect(median).toBe(152e6);
    expect(median / lo).toBeCloseTo(Math.exp(Z_90 * 0.04), 12);
    expect(basis).toBe(
      "the arena of the target, planned to the byte, plus what 3 runs of the ladder took beside theirs",
    );
  });

  test("memory beside the arena grows with it where it did on the rungs", () => {
    // 101, 103, 104, 108 MB beside 1, 2, 4, 5 MB: 99.5 + 1.5 a MB, residuals 0, .5, -1.5, 1.
    const grown = [1, 2, 4, 5].map((arena, i) =>
      summaryWith({ arenaBytes: arena * 1e6, peakBytes: (arena + [101, 103, 104, 108][i]!) * 1e6 }),
    );
    const { median, lo, basis } = forecastCost(TARGET, OWN, compared, grown).peakBytes;
    expect(median).toBeCloseTo(1e6 * (50 + 99.5 + 1.5 * 50), 3);
    const deviation = Math.sqrt((3.5 / 2) * (1 + 1 / 4 + 47 ** 2 / 10)) / (50 + 99.5 + 1.5 * 50);
    expect(median / lo).toBeCloseTo(Math.exp(Z_90 * deviation), 9);
    expect(basis).toContain("beside theirs, and how that grows with it");
  });

  test("operations: each by its own ratio, together the forecast of the step", () => {
    // Ratios: matmul 1 and 1, add 0.5 and 3 (1.75 in the middle); 16 and 7 ms, scaled to 24 ms.
    expect(forecast.operationSeconds.matmul).toBeCloseTo((0.024 * 16) / 23, 12);
    expect(forecast.operationSeconds.add).toBeCloseTo((0.024 * 7) / 23, 12);
  });

  test("is no surer of time than machines are steady, however well the rungs agree", () => {
    const [first] = compared;
    for (const agreeing of [[first!], [first!, first!]]) {
      const { stepSeconds } = forecastCost(TARGET, OWN, agreeing, all);
      expect(stepSeconds.median).toBeCloseTo(0.02, 12);
      expect(stepSeconds.hi / stepSeconds.median).toBeCloseTo(Math.exp(Z_90 * 0.045), 12);
    }
  });
});
