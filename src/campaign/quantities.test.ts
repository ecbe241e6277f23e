import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { manifestWith } from "../corpus/fixture.ts";
import { Z_90 } from "../math/normal.ts";
import { openRecord } from "../record/record.ts";
import { score } from "../record/score.ts";
import { summaryWith } from "../train/fixture.ts";
import type { RunSummary } from "../train/summary.ts";
import { storedFit, targetForecast } from "./fixture.ts";
import { lockPredictions, predictionsOf } from "./predictions.ts";
import {
  LOSS,
  MEMORY,
  type PartedPrediction,
  type Quantity,
  STEP_TIME,
  type TargetForecast,
  type TargetOutcome,
  targetQuantities,
  WALL_TIME,
} from "./quantities.ts";

const rows = targetQuantities(manifestWith("corpus", 512));
const SOURCE = rows.find(({ name }) => name === "held-out loss, tales")!;
const percentOf = (measured: number, predicted: number) => 100 * (measured / predicted - 1);
const sumOf = (causes: readonly { readonly percent: number }[]) =>
  causes.reduce((sum, { percent }) => sum + percent, 0);
const byName = (causes: readonly { readonly name: string; readonly percent: number }[]) =>
  Object.fromEntries(causes.map(({ name, percent }) => [name, percent]));

/** A target with changed forecast and outcome; `predictions` by quantity go before the forecast's. */
function outcomeWith({
  summary = {},
  from = {},
  predictions = [],
  noisePercent = storedFit.noisePercent,
}: {
  readonly summary?: Partial<RunSummary>;
  readonly from?: Partial<TargetForecast["cost"]>;
  readonly predictions?: readonly (readonly [Quantity, Partial<PartedPrediction>])[];
  readonly noisePercent?: number;
}): TargetOutcome {
  const own = { ...targetForecast, cost: { ...targetForecast.cost, ...from } };
  const locked = new Map(rows.map((row) => [row.name, row.predict(own)]));
  for (const [row, changes] of predictions) locked.set(row.name, { ...locked.get(row.name)!, ...changes });
  return { summary: summaryWith(summary), band: storedFit.band, noisePercent, predictions: locked };
}

const causesOf = (row: Quantity, outcome: TargetOutcome) =>
  row.causes(percentOf(row.measure(outcome).value, outcome.predictions.get(row.name)!.median), outcome);

const seconds = fc.double({ min: 1e-3, max: 100, noNaN: true });

describe("every row of the table, whatever it is", () => {
  test("is locked once, read back, measured and scored, and its causes add up to the gap", () => {
    const folder = mkdtempSync(join(tmpdir(), "longrun-quantities-"));
    try {
      using record = openRecord(folder);
      lockPredictions(record, "target", rows.slice(0, 2), targetForecast);
      lockPredictions(record, "target", rows, {
        ...targetForecast,
        loss: { ...targetForecast.loss, basis: "of a launch after a kill, which finds the first one locked" },
      });
      expect(record.events.map(({ data }) => (data as { quantity: string }).quantity)).toEqual(
        rows.map(({ name }) => name),
      );
      const predictions = predictionsOf(record.events, "target");
      expect([...predictions.values()]).toEqual(rows.map((row) => row.predict(targetForecast)));

      const outcome = {
        ...storedFit,
        predictions,
        summary: summaryWith({ peakBytes: 110e6, wallSeconds: 2 }),
      };
      const measured = rows.map((row) => {
        const { value } = row.measure(outcome);
        return { run: "target", quantity: row.name, unit: row.unit, value };
      });
      for (const [i, { gapPercent, inside }] of score(record.events, measured).entries()) {
        expect(inside).toBe(true);
        expect(sumOf(rows[i]!.causes(gapPercent!, outcome))).toBeCloseTo(gapPercent!, 9);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a gap in the loss", () => {
  const narrow = [[LOSS, { lo: 2 * Math.exp(-0.02 * Z_90), hi: 2 * Math.exp(0.02 * Z_90) }]] as const;

  test("is the training curve's, split by variance between law and seed, and what held-out text adds", () => {
    // The interval is 2 % to either side of one deviation, the seeds have 0.5 %: a sixteenth of the variance.
    const curve = [...new Array<number>(63).fill(2), 2 * 1.04];
    const causes = byName(LOSS.causes(5, outcomeWith({ summary: { curve }, predictions: narrow })));
    expect(causes.law).toBeCloseTo((4 * 15) / 16, 9);
    expect(causes["seed noise"]).toBeCloseTo(4 / 16, 9);
    expect(causes["data: held-out against training text"]).toBeCloseTo(1, 9);
  });

  test("is all seed noise where the forecast is no wider than the noise", () => {
    const summary = { curve: [2 * 0.97] };
    const causes = byName(LOSS.causes(-3, outcomeWith({ summary, predictions: narrow, noisePercent: 7 })));
    expect(causes.law).toBeCloseTo(0, 9);
    expect(causes["seed noise"]).toBeCloseTo(-3, 9);
  });

  test("adds up", () => {
    const percent = fc.double({ min: -20, max: 20, noNaN: true });
    fc.assert(
      fc.property(
        percent,
        percent,
        fc.double({ min: 0, max: 5, noNaN: true }),
        (gap, training, noisePercent) => {
          const summary = { curve: [2 * Math.exp(training / 100)] };
          const outcome = outcomeWith({ summary, predictions: narrow, noisePercent });
          expect(sumOf(LOSS.causes(gap, outcome))).toBeCloseTo(gap, 9);
        },
      ),
    );
  });
});

test("a gap on one source is what all text shares, and its own", () => {
  const heldOut = summaryWith({}).heldOut;
  const summary = { heldOut: { ...heldOut, all: { ...heldOut.all, bitsPerByte: 2 * 1.0125 } } };
  expect(SOURCE.causes(3, outcomeWith({ summary }))).toEqual([
    { name: "shared by all text", percent: expect.closeTo(1.25, 9) },
    { name: "this source apart", percent: expect.closeTo(1.75, 9) },
  ]);
});

describe("a gap in the step time", () => {
  test("is split by operation, measured times scaled to the median step, in percent of the forecast", () => {
    // 12 ms a step where 10 were predicted; 9 : 1 of them in products and sums, where 8 : 2 were predicted.
    const summary = { medianStepSeconds: 0.012, operationSeconds: { matmul: 0.009, add: 0.001 } };
    const causes = byName(causesOf(STEP_TIME, outcomeWith({ summary })));
    expect(causes.matmul).toBeCloseTo(28, 9);
    expect(causes.add).toBeCloseTo(-8, 9);
  });

  test("adds up, since the forecast's operations make up its step", () => {
    const times = fc.tuple(seconds, seconds, seconds, seconds, seconds);
    fc.assert(
      fc.property(times, ([matmul, add, median, predictedMatmul, predictedAdd]) => {
        const predicted = predictedMatmul + predictedAdd;
        const outcome = outcomeWith({
          from: {
            stepSeconds: { median: predicted, lo: 0, hi: 200, basis: "" },
            operationSeconds: { matmul: predictedMatmul, add: predictedAdd },
          },
          summary: { medianStepSeconds: median, operationSeconds: { matmul, add } },
        });
        expect(sumOf(causesOf(STEP_TIME, outcome))).toBeCloseTo(percentOf(median, predicted), 5);
      }),
    );
  });

  test("counts an operation that was never timed as none of the step", () => {
    const outcome = outcomeWith({ summary: { operationSeconds: { matmul: 0.004 } } });
    expect(byName(causesOf(STEP_TIME, outcome))).toEqual({
      matmul: expect.closeTo(20, 9) as number,
      add: -20,
    });
  });
});

describe("a gap in the wall time", () => {
  test("is split by part of the run", () => {
    const summary = {
      stepsSeconds: 1.2,
      betweenStepsSeconds: 0.1,
      startSeconds: 0.4,
      evaluationSeconds: 0.5,
    };
    const causes = byName(causesOf(WALL_TIME, outcomeWith({ summary })));
    expect(causes["optimiser steps"]).toBeCloseTo(10, 9);
    expect(causes["between steps: batches, checkpoints"]).toBe(0);
    expect(causes.start).toBeCloseTo(-5, 9);
    expect(causes.evaluation).toBeCloseTo(5, 9);
  });

  test("adds up, since both the wall and its forecast are the sums of their parts", () => {
    fc.assert(
      fc.property(fc.array(seconds, { minLength: 8, maxLength: 8 }), ([a, b, c, d, e, f, g, h]) => {
        const parts = { steps: a!, betweenSteps: b!, start: c!, evaluation: d! };
        const predicted = a! + b! + c! + d!;
        const summary = {
          stepsSeconds: e!,
          betweenStepsSeconds: f!,
          startSeconds: g!,
          evaluationSeconds: h!,
          wallSeconds: e! + f! + g! + h!,
        };
        const wallSeconds = { median: predicted, lo: 0, hi: 1000, basis: "" };
        const outcome = outcomeWith({ from: { parts, wallSeconds }, summary });
        const gap = percentOf(summary.wallSeconds, predicted);
        expect(sumOf(causesOf(WALL_TIME, outcome))).toBeCloseTo(gap, 5);
      }),
    );
  });
});

describe("a gap in memory", () => {
  test("is the arena's, planned to the byte, and the rest of the process", () => {
    const outcome = outcomeWith({ summary: { arenaBytes: 1e6, peakBytes: 106.05e6 } });
    expect(byName(causesOf(MEMORY, outcome))).toEqual({
      "arena: parameters, moments, activations": 0,
      "process beside the arena": expect.closeTo(5, 9) as number,
    });
    const larger = outcomeWith({ summary: { arenaBytes: 2.01e6, peakBytes: 101e6 * 1.015 } });
    const causes = byName(causesOf(MEMORY, larger));
    expect(causes["arena: parameters, moments, activations"]).toBeCloseTo(1, 9);
    expect(causes["process beside the arena"]).toBeCloseTo(0.5, 9);
  });
});
