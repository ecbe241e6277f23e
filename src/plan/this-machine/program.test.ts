import { expect, test } from "vitest";
import { type Executable, flopsOf } from "../../engine/compile.ts";
import { shapeOfWidth } from "../../model/dial.ts";
import { trainingPrograms } from "../../train/programs.ts";
import { stepProgram } from "./program.ts";
import { workOf } from "./work.ts";

const family = { vocabularySize: 64, numLayers: 2, queriesPerKeyValue: 2, tiedEmbeddings: true };
const batchShape = { batch: 2, sequenceLength: 16 };
const optimiser = {
  learningRate: 0.01,
  baseWidth: 64,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clip: 1,
};

/** AdamW's rate and decay are numbers that change no time. */
const instructionsOf = (executable: Executable) =>
  executable.programs
    .get("train")!
    .instructions.map(({ operation, attributes, cost }) => [
      operation,
      operation === "adamw" ? attributes.slice(0, 1) : attributes,
      cost,
    ]);

const shapes = [
  shapeOfWidth(32, family),
  shapeOfWidth(48, { ...family, tiedEmbeddings: false, feedForward: "gelu", queryKeyNorm: true }),
];

test("the planner's step is the engine's, instruction by instruction", () => {
  for (const shape of shapes) {
    const planned = stepProgram(shape, batchShape);
    const trained = trainingPrograms(shape, batchShape, optimiser);
    expect(instructionsOf(planned)).toEqual(instructionsOf(trained));
    expect(flopsOf(planned.programs.get("train")!)).toBe(flopsOf(trained.programs.get("train")!));
  }
});

test("the work of every instruction of a step is known, and does not grow with the threads", () => {
  for (const shape of shapes)
    for (const instruction of stepProgram(shape, batchShape).programs.get("train")!.instructions) {
      const on = (numThreads: number) => workOf(instruction, { numThreads, lanes: 16, arenaBytes: 1e9 });
      const [one, two, many] = [on(1), on(2), on(64)];
      expect(one.quantities[0]).toBe(1);
      for (const [i, quantity] of one.quantities.entries()) {
        expect(quantity).toBeGreaterThanOrEqual(0);
        expect(two.quantities[i]).toBeLessThanOrEqual(quantity * (1 + 1e-12));
        expect(many.quantities[i]).toBeLessThanOrEqual(quantity * (1 + 1e-12));
      }
      expect(two.family).toBe(one.family);
    }
});

test("a product in whole tiles, counted by hand", () => {
  const instruction = (M: number, N: number, K: number) => ({
    operation: "matmul",
    operands: [],
    attributes: [M, N, K, 0, 1, 1],
    cost: { flops: 2 * M * N * K, bytes: 4 * (M * K + N * K + M * N) },
  });
  const width = { numThreads: 1, lanes: 16, arenaBytes: 1 };
  // 64 x 30 x 10: 30 columns are two vectors of 16.
  expect(workOf(instruction(64, 30, 10), width)).toEqual({
    family: "matmul nt",
    quantities: [1, 64 * 32 * 10, 64 * 32, 64 * 32, 32 * 10, 64 * 10, 0],
  });
  // 288 rows are three tiles of 96, and with one panel of columns each is cut no further: of two threads one gets two tiles.
  const [, multiplied] = workOf(instruction(288, 64, 10), { ...width, numThreads: 2 }).quantities;
  const tiles = 3 * 1;
  expect(multiplied).toBeCloseTo((288 * 64 * 10 * Math.ceil(tiles / 2)) / tiles, 6);
});

test("half a cache's worth of operands is far, and what exceeds the last cache is cold", () => {
  const bytes = 2 ** 21;
  const instruction = {
    operation: "fill",
    operands: [],
    attributes: [bytes / 4, 0],
    cost: { flops: 0, bytes },
  };
  const quantities = (arenaBytes: number) =>
    workOf(instruction, { numThreads: 1, lanes: 16, arenaBytes }).quantities;
  expect(quantities(2 ** 25)).toEqual([1, bytes / 4, bytes - 2 ** 19, 0]);
  expect(quantities(2 ** 26)).toEqual([1, bytes / 4, bytes - 2 ** 19, bytes / 2]);
});
