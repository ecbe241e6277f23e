import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Z_90 } from "../../math/normal.ts";
import { fitWith, summaryWith } from "../fixture.ts";
import {
  causesOfLoss,
  causesOfMemory,
  causesOfSource,
  causesOfStepTime,
  causesOfWallTime,
} from "./causes.ts";

const percentOf = (measured: number, predicted: number) => 100 * (measured / predicted - 1);
const sumOf = (causes: readonly { readonly percent: number }[]) =>
  causes.reduce((sum, { percent }) => sum + percent, 0);
const byName = (causes: readonly { readonly name: string; readonly percent: number }[]) =>
  Object.fromEntries(causes.map(({ name, percent }) => [name, percent]));

const seconds = fc.double({ min: 1e-3, max: 100, noNaN: true });

describe("a gap in the loss", () => {
  const fit = fitWith({
    loss: { median: 2, lo: 2 * Math.exp(-0.02 * Z_90), hi: 2 * Math.exp(0.02 * Z_90), basis: "" },
  });

  test("is the training curve's, split by variance between law and seed, and what held-out text adds", () => {
    // The interval is 2 % to either side of one deviation, the seeds have 0.5 %: a sixteenth of the variance.
    const curve = [...new Array<number>(63).fill(2), 2 * 1.04];
    const causes = byName(causesOfLoss(fit, 5, curve));
    expect(causes.law).toBeCloseTo((4 * 15) / 16, 9);
    expect(causes["seed noise"]).toBeCloseTo(4 / 16, 9);
    expect(causes["data: held-out against training text"]).toBeCloseTo(1, 9);
  });

  test("is all seed noise where the forecast is no wider than the noise", () => {
    const causes = byName(causesOfLoss({ ...fit, noisePercent: 7 }, -3, [2 * 0.97]));
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
          const causes = causesOfLoss({ ...fit, noisePercent }, gap, [2 * Math.exp(training / 100)]);
          expect(sumOf(causes)).toBeCloseTo(gap, 9);
        },
      ),
    );
  });
});

describe("a gap on one source", () => {
  test("is what all text shares, and its own", () => {
    expect(causesOfSource(3, 1.25)).toEqual([
      { name: "shared by all text", percent: 1.25 },
      { name: "this source apart", percent: 1.75 },
    ]);
  });
});

describe("a gap in the step time", () => {
  test("is told by operation, measured times scaled to the median step, in percent of the forecast", () => {
    // 12 ms a step where 10 were foretold; 9 : 1 of them in products and sums, where 8 : 2 were foretold.
    const summary = summaryWith({
      medianStepSeconds: 0.012,
      operationSeconds: { matmul: 0.009, add: 0.001 },
    });
    const causes = byName(causesOfStepTime(fitWith({}), summary));
    expect(causes.matmul).toBeCloseTo(28, 9);
    expect(causes.add).toBeCloseTo(-8, 9);
  });

  test("adds up, since the forecast's operations make up its step", () => {
    fc.assert(
      fc.property(
        seconds,
        seconds,
        seconds,
        seconds,
        seconds,
        (matmul, add, median, foretoldMatmul, foretoldAdd) => {
          const predicted = foretoldMatmul + foretoldAdd;
          const fit = fitWith({
            stepSeconds: { median: predicted, lo: 0, hi: 200, basis: "" },
            operationSeconds: { matmul: foretoldMatmul, add: foretoldAdd },
          });
          const summary = summaryWith({ medianStepSeconds: median, operationSeconds: { matmul, add } });
          expect(sumOf(causesOfStepTime(fit, summary))).toBeCloseTo(percentOf(median, predicted), 5);
        },
      ),
    );
  });

  test("counts an operation that was never timed as none of the step", () => {
    const causes = causesOfStepTime(fitWith({}), summaryWith({ operationSeconds: { matmul: 0.004 } }));
    expect(byName(causes)).toEqual({ matmul: expect.closeTo(20, 9) as number, add: -20 });
  });
});

describe("a gap in the wall time", () => {
  test("is told by part of the run", () => {
    const summary = summaryWith({
      stepsSeconds: 1.2,
      betweenStepsSeconds: 0.1,
      startSeconds: 0.4,
      evaluationSeconds: 0.5,
    });
    const causes = byName(causesOfWallTime(fitWith({}), summary));
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
        const fit = fitWith({
          wallParts: parts,
          wallSeconds: { median: predicted, lo: 0, hi: 1000, basis: "" },
        });
        const measured = {
          stepsSeconds: e!,
          betweenStepsSeconds: f!,
          startSeconds: g!,
          evaluationSeconds: h!,
        };
        const wallSeconds = e! + f! + g! + h!;
        const causes = causesOfWallTime(fit, summaryWith({ ...measured, wallSeconds }));
        expect(sumOf(causes)).toBeCloseTo(percentOf(wallSeconds, predicted), 5);
      }),
    );
  });
});

describe("a gap in memory", () => {
  test("is the arena's, planned to the byte, and the rest of the process", () => {
    const summary = summaryWith({ arenaBytes: 1e6, peakBytes: 106.05e6 });
    expect(byName(causesOfMemory(fitWith({}), summary, 5))).toEqual({
      "arena: parameters, moments, activations": 0,
      "process beside the arena": 5,
    });
    const larger = byName(causesOfMemory(fitWith({}), summaryWith({ arenaBytes: 2.01e6 }), 1.5));
    expect(larger["arena: parameters, moments, activations"]).toBeCloseTo(1, 9);
    expect(larger["process beside the arena"]).toBeCloseTo(0.5, 9);
  });
});
