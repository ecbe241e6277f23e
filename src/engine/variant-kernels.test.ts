/**
 * @file The kernels of the decoder's variants against their float64 references: GELU, and the norm of each
 * head.
 */

import { describe, expect, test } from "vitest";
import { check } from "./kernel-check.ts";
import { runKernel } from "./kernel-runner.ts";
import { native } from "./native.ts";
import { geluGradientRow, geluRow } from "./operations/gelu.ts";
import { headNormGradientRow, headNormRow } from "./operations/head-norm.ts";
import type { Shape } from "./tensor.ts";

describe("gelu", () => {
  test.each([1, 15, 16, 17, 8193, 20_000])("of %i numbers, in place too", async (N) => {
    for (const share of [{}, { 0: 0 }])
      await check({ operation: geluRow, operands: [[N]], attributes: null, share });
    for (const share of [{}, { 0: 0 }, { 0: 1 }])
      await check({ operation: geluGradientRow, operands: [[N], [N]], attributes: null, share });
  });

  test("where it is 0 or x, and around its lowest point", async () => {
    const x = { shape: [12], numbers: [-1000, -100, -10, -4, -0.75, -1e-3, 0, 1e-3, 0.75, 4, 10, 1000] };
    await check({ operation: geluRow, operands: [x], attributes: null });
    await check({ operation: geluGradientRow, operands: [[12], x], attributes: null });
  });

  test("is within 0.001 of x times the normal distribution's share below x", () => {
    // Phi(-2), Phi(-1), Phi(0), Phi(1), Phi(2).
    const shares = [0.022750132, 0.158655254, 0.5, 0.841344746, 0.977249868];
    const [y] = geluRow.reference([Float64Array.of(-2, -1, 0, 1, 2)], geluRow.lengths([[5]], null), null);
    for (const [i, share] of shares.entries()) expect(Math.abs(y![i]! - (i - 2) * share)).toBeLessThan(1e-3);
  });
});

describe("headNorm", () => {
  // M H G D: one head and many, groups, heads of a vector, more and less; more rows than one chunk holds.
  test.each([
    [1, 1, 1, 2],
    [5, 3, 1, 6],
    [33, 4, 2, 16],
    [70, 2, 2, 20],
    [2500, 5, 5, 8],
    [3, 8, 4, 64],
  ])("%i rows, %i and %i heads of %i", async (M, H, G, D) => {
    const heads = { numHeads: H, numKeyValueHeads: G, headDim: D };
    const x: Shape = [M, (H + 2 * G) * D];
    await check({
      operation: headNormRow,
      operands: [x, [D], [D]],
      attributes: { ...heads, epsilon: 1e-5 },
      tolerance: 4e-6,
    });
    const rstd = {
      shape: [M, H + G],
      numbers: Array.from({ length: M * (H + G) }, (_, i) => Math.fround(1 + (i % 7) / 9)),
    };
    for (const share of [{}, { 0: 0 }])
      await check({
        operation: headNormGradientRow,
        operands: [x, x, [D], [D], rstd],
        attributes: heads,
        share,
        tolerance: 1e-5,
      });
  });

  test("gives each head a mean square of 1 and leaves values alone", () => {
    const heads = { numHeads: 2, numKeyValueHeads: 1, headDim: 4, epsilon: 0 };
    const x = Float64Array.from({ length: 16 }, (_, i) => i + 1);
    const gains = [new Float64Array(4).fill(1), new Float64Array(4).fill(2)];
    const [y] = headNormRow.reference([x, ...gains], headNormRow.lengths([[1, 16], [4], [4]], heads), heads);
    const meanSquare = (from: number) =>
      y!.slice(from, from + 4).reduce((sum, value) => sum + value ** 2 / 4, 0);
    expect([0, 4, 8].map(meanSquare).map((value) => Number(value.toFixed(12)))).toEqual([1, 1, 4]);
    expect([...y!.slice(12)]).toEqual([13, 14, 15, 16]);
  });
});

test("what is not a number shows in GELU and in the norm of its head alone", async () => {
  for (const instructionSet of native.instructionSets()) {
    const options = { instructionSet, numThreads: 1 };
    const [y] = await runKernel(geluRow, [Float64Array.of(1, Number.NaN)], [[2]], null, options);
    expect([...y!].map(Number.isNaN)).toEqual([false, true]);
    const x = Float64Array.of(Number.NaN, 1, 1, 1, 1, 1);
    const attributes = { numHeads: 1, numKeyValueHeads: 1, headDim: 2, epsilon: 1e-5 };
    const gain = Float64Array.of(1, 1);
    const [normed] = await runKernel(headNormRow, [x, gain, gain], [[1, 6], [2], [2]], attributes, options);
    expect([...normed!].map(Number.isNaN)).toEqual([true, true, false, false, false, false]);
  }
});
