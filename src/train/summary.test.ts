import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { matrixParameters } from "../model/shape.ts";
import { SeriesWriter, seriesPath } from "../record/series.ts";
import { SMALL_RUN } from "./fixture.ts";
import { SERIES_COLUMNS } from "./series-columns.ts";
import { runSummarySchema, secondsByOperation, summarise } from "./summary.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-summary-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("seconds of instructions are added up by operation", () => {
  const entry = (operation: string, seconds: number) => ({
    instruction: { operation, operands: [], attributes: [], cost: { flops: 1, bytes: 1 } },
    seconds,
  });
  expect(secondsByOperation([entry("matmul", 1), entry("add", 0.25), entry("matmul", 2)])).toEqual({
    matmul: 3,
    add: 0.25,
  });
});

test("a summary adds up what two attempts left on disk", () => {
  const spec = { ...SMALL_RUN, sequenceLength: 8, batchSequences: 2, numSteps: 4 };
  const attempts = [
    [1, 2, 3],
    [3, 4],
  ];
  for (const [i, steps] of attempts.entries()) {
    using series = new SeriesWriter(seriesPath(folder, "one", i + 1), SERIES_COLUMNS);
    for (const step of steps) {
      const row = { step, tokens: 16 * step, gradientNorm: 1, learningRate: 0.01 };
      series.append({
        ...row,
        loss: (6 - step) * Math.LN2,
        stepSeconds: step === 3 ? 0.3 : 0.1,
        otherSeconds: 0.01,
      });
    }
  }
  const score = { numTokens: 100, numBytes: 200, natsPerToken: 2, bitsPerByte: 1.4 };
  const summary = summarise({
    spec,
    seriesFolder: join(folder, "series", "one"),
    heldOut: { all: score, sources: { a: score } },
    bytesPerToken: 2,
    startSeconds: 0.5,
    evaluationSeconds: 0.25,
    flopsPerStep: 1000,
    operationSeconds: { matmul: 0.4, add: 0.02 },
    arenaBytes: 5000,
    peakBytes: 90_000,
    attempt: 2,
  });
  const { curve, wallSeconds, stepsSeconds, betweenStepsSeconds, ...rest } = summary;
  expect(rest).toEqual({
    matrixParameters: matrixParameters(spec.shape),
    numSteps: 4,
    tokens: 64,
    flops: 4000,
    heldOut: { all: score, sources: { a: score } },
    medianStepSeconds: 0.1,
    startSeconds: 0.5,
    evaluationSeconds: 0.25,
    operationSeconds: { matmul: 0.1, add: 0.005 },
    arenaBytes: 5000,
    peakBytes: 90_000,
    numAttempts: 2,
  });
  // Step 3 counts once: as the second attempt repeated it.
  expect(stepsSeconds).toBeCloseTo(0.6, 12);
  expect(betweenStepsSeconds).toBeCloseTo(0.04, 12);
  expect(wallSeconds).toBeCloseTo(0.5 + 0.6 + 0.04 + 0.25, 12);
  // Losses of 5, 4, 3 and 2 ln 2 nats a token, two bytes a token.
  for (const [i, bitsPerByte] of [2.5, 2, 1.5, 1].entries())
    expect(curve[16 * i]).toBeCloseTo(bitsPerByte, 12);
  expect(runSummarySchema.parse(summary)).toEqual(summary);
});
