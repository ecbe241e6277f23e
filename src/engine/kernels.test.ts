/**
 * @file Every kernel against its float64 reference in the table, on awkward shapes, on every instruction set
 * of this machine.
 */

import { describe, expect, test } from "vitest";
import { check, stream, tokens } from "./kernel-check.ts";
import { runKernel } from "./kernel-runner.ts";
import { native } from "./native.ts";
import { attentionGradientRow, attentionRow } from "./operations/attention.ts";
import { addRow, broadcastRow, fillRow, meanRow, sumOfSquaresRow } from "./operations/elementwise.ts";
import { embedGradientRow, embedRow } from "./operations/embed.ts";
import { headLossGradientRow, headLossRow } from "./operations/loss.ts";
import { matmulRow } from "./operations/matmul.ts";
import { rmsNormGradientRow, rmsNormRow } from "./operations/norm.ts";
import { adamwRow } from "./operations/optimiser.ts";
import { rotaryRow } from "./operations/rotary.ts";
import { swigluGradientRow, swigluRow } from "./operations/swiglu.ts";
import { type Shape, sizeOf } from "./tensor.ts";

describe("matmul", () => {
  const lengths = [1, 3, 5, 17, 65, 130];
  const shapes = lengths.flatMap((M, i) => [
    [M, lengths[(i + 2) % 6]!, lengths[(i + 5) % 6]!],
    [M, lengths[(i + 3) % 6]!, lengths[(i + 1) % 6]!],
    [M, lengths[(i + 5) % 6]!, lengths[(i + 4) % 6]!],
  ]) as [number, number, number][];
  const layouts = [
    { transposeA: false, transposeB: false, scale: 1 },
    { transposeA: false, transposeB: true, scale: -0.5 },
    { transposeA: true, transposeB: false, scale: 2 },
  ];
  const operandsOf = ([M, N, K]: readonly number[], { transposeA, transposeB }: (typeof layouts)[number]) =>
    [transposeA ? [K!, M!] : [M!, K!], transposeB ? [N!, K!] : [K!, N!]] as const;

  test.each(layouts)("awkward shapes, %o", async (attributes) => {
    for (const shape of shapes) {
      const [A, B] = operandsOf(shape, attributes);
      await check({ operation: matmulRow, operands: [A, B, null], attributes });
    }
  });

  test.each(layouts)("shapes of models, with an addend in place, %o", async (attributes) => {
    for (const shape of [
      [100, 344, 96],
      [192, 48, 1100],
      [50, 130, 600],
    ] as const) {
      const [A, B] = operandsOf(shape, attributes);
      await check({
        operation: matmulRow,
        operands: [A, B, [shape[0], shape[1]]],
        attributes,
        share: { 0: 2 },
      });
    }
  });

  test("more columns and depth than are packed at once", async () => {
    const attributes = { transposeA: false, transposeB: true, scale: 1 };
    await check({
      operation: matmulRow,
      operands: [
        [2, 1030],
        [4500, 1030],
        [2, 4500],
      ],
      attributes,
    });
  });
});

describe("attention", () => {
  // batch, length, query heads, key heads, head dimension
  const shapes = [
    [1, 1, 1, 1, 2],
    [2, 3, 2, 1, 5],
    [1, 17, 3, 3, 16],
    [2, 64, 4, 2, 32],
    [1, 65, 2, 1, 48],
    [1, 130, 2, 2, 64],
    [1, 200, 4, 1, 20],
  ] as const;
  const attributesOf = (
    batch: number,
    sequenceLength: number,
    numHeads: number,
    numKeyValueHeads: number,
    headDim: number,
  ) => ({
    batch,
    sequenceLength,
    numHeads,
    numKeyValueHeads,
    headDim,
    scale: 1 / Math.sqrt(headDim),
  });

  test.each(shapes)("batch %i, length %i, heads %i / %i of %i", async (B, T, H, G, D) => {
    const attributes = attributesOf(B, T, H, G, D);
    await check({ operation: attentionRow, operands: [[B * T, (H + 2 * G) * D]], attributes });
  });

  test.each(shapes)("gradient: batch %i, length %i, heads %i / %i of %i", async (B, T, H, G, D) => {
    const attributes = attributesOf(B, T, H, G, D);
    const qkv = [B * T, (H + 2 * G) * D] as const;
    const next = stream(7);
    const qkvValues = Float64Array.from({ length: sizeOf(qkv) }, next);
    const [out, logSumExp] = attentionRow.reference(
      [qkvValues],
      attentionRow.lengths([qkv], attributes),
      attributes,
    );
    await check({
      operation: attentionGradientRow,
      operands: [
        [B * T, H * D],
        { shape: qkv, numbers: [...qkvValues] },
        { shape: [B * T, H * D], numbers: [...out!] },
        { shape: [B * H * T], numbers: [...logSumExp!] },
      ],
      attributes,
      tolerance: 1e-5,
    });
  });

  test("scores far apart neither overflow nor lose the largest", async () => {
    const attributes = {
      batch: 1,
      sequenceLength: 40,
      numHeads: 1,
      numKeyValueHeads: 1,
      headDim: 4,
      scale: 400,
    };
    await check({ operation: attentionRow, operands: [[40, 12]], attributes, tolerance: 1e-4 });
  });
});

describe("head and loss", () => {
  const shapes = [
    [1, 1, 1],
    [3, 5, 7],
    [17, 65, 48],
    [300, 130, 24],
    [520, 33, 16],
  ] as const;
  const targetsOf = (M: number, V: number) =>
    Array.from({ length: M }, (_, m) => (m % 7 === 3 ? -1 : (m * 31) % V));

  test.each(shapes)("%i rows, vocabulary %i, %i channels", async (M, V, C) => {
    const operands = [[M, C], [V, C], tokens(targetsOf(M, V))];
    await check({ operation: headLossRow, operands, attributes: null });
    await check({
      operation: headLossGradientRow,
      operands: [...operands, [M], null],
      attributes: null,
      tolerance: 5e-6,
    });
    await check({
      operation: headLossGradientRow,
      operands: [...operands, [M], [V, C]],
      attributes: null,
      tolerance: 5e-6,
      share: { 2: 4 },
    });
  });
});

describe("embedding", () => {
  test.each([
    [1, 1, 1],
    [5, 3, 17],
    [200, 40, 96],
    [33, 300, 130],
  ])("%i rows, vocabulary %i, %i channels", async (M, V, C) => {
    const ids = tokens(Array.from({ length: M }, (_, m) => (m * m) % V));
    await check({ operation: embedRow, operands: [ids, [V, C]], attributes: null });
    await check({ operation: embedGradientRow, operands: [ids, [M, C], null], attributes: { numTokens: V } });
    await check({
      operation: embedGradientRow,
      operands: [ids, [M, C], [V, C]],
      attributes: { numTokens: V },
    });
    await check({
      operation: embedGradientRow,
      operands: [ids, [M, C], [V, C]],
      attributes: { numTokens: V },
      share: { 0: 2 },
    });
  });
});

describe("norm", () => {
  test.each([
    [1, 1],
    [3, 5],
    [65, 48],
    [200, 130],
    [2100, 32],
  ])("%i rows of %i", async (M, C) => {
    await check({ operation: rmsNormRow, operands: [[M, C], [C]], attributes: { epsilon: 1e-5 } });
    const rstd = { shape: [M], numbers: Array.from({ length: M }, (_, m) => 1 + (m % 5) / 8) };
    const operands = [[M, C], [M, C], [C], rstd];
    await check({ operation: rmsNormGradientRow, operands: [...operands, null], attributes: null });
    await check({
      operation: rmsNormGradientRow,
      operands: [...operands, [M, C]],
      attributes: null,
      share: { 0: 4 },
    });
    await check({
      operation: rmsNormGradientRow,
      operands: [...operands, [M, C]],
      attributes: null,
      share: { 0: 0 },
    });
  });
});

describe("rotary", () => {
  test.each([
    [6, 3, 2, 2, 9],
    [64, 32, 3, 16, 64],
    [40, 20, 2, 48, 96],
    [10, 5, 1, 64, 70],
  ])("%i rows in sequences of %i, %i heads of %i in %i", async (M, sequenceLength, numHeads, headDim, W) => {
    for (const sign of [1, -1] as const)
      for (const share of [{}, { 0: 0 }])
        await check({
          operation: rotaryRow,
          operands: [[M, W]],
          attributes: { sequenceLength, numHeads, headDim, base: 10000, sign },
          share,
        });
  });
});

describe("elementwise and reductions", () => {
  test.each([1, 15, 64, 8193, 40000])("%i numbers", async (N) => {
    await check({ operation: addRow, operands: [[N], [N]], attributes: null });
    await check({ operation: addRow, operands: [[N], [N]], attributes: null, share: { 0: 1 } });
    await check({ operation: meanRow, operands: [[N]], attributes: null });
    await check({ operation: sumOfSquaresRow, operands: [[N], null], attributes: null });
    await check({ operation: sumOfSquaresRow, operands: [[N], [1]], attributes: null });
    await check({ operation: broadcastRow, operands: [[1]], attributes: { shape: [N], scale: 0.5 } });
    await check({ operation: fillRow, operands: [], attributes: { shape: [N], value: -3 } });
  });

  test.each([
    [1, 1],
    [7, 17],
    [40, 344],
  ])("swiglu, %i rows of %i", async (M, F) => {
    await check({ operation: swigluRow, operands: [[M, 2 * F]], attributes: null });
    await check({
      operation: swigluGradientRow,
      operands: [
        [M, F],
        [M, 2 * F],
      ],
      attributes: null,
    });
    await check({
      operation: swigluGradientRow,
      operands: [
        [M, F],
        [M, 2 * F],
      ],
      attributes: null,
      share: { 0: 1 },
    });
  });

  test("swiglu where the sigmoid saturates", async () => {
    const gateUp = {
      shape: [1, 16],
      numbers: [-1000, -100, -87, -40, 40, 87, 100, 1000, ...Array(8).fill(1)],
    };
    await check({ operation: swigluRow, operands: [gateUp], attributes: null });
    await check({ operation: swigluGradientRow, operands: [[1, 8], gateUp], attributes: null });
  });
});

describe("adamw", () => {
  const attributes = { learningRateScale: 0.5, weightDecay: 0.1 };
  const hyper = (clip: number) => ({ shape: [8], numbers: [0.01, 0.9, 0.95, 1e-8, 0.1, 0.05, clip, 0] });
  const positive = (N: number) => ({
    shape: [N],
    numbers: Array.from({ length: N }, (_, i) => Math.fround((i % 9) / 50)),
  });

  test.each([1, 17, 9000])("%i parameters, clipped and not", async (N) => {
    for (const norm2 of [0, 0.25, 100])
      await check({
        operation: adamwRow,
        operands: [[N], [N], [N], positive(N), { shape: [1], numbers: [norm2] }, hyper(1), [2]],
        attributes,
      });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("a squared norm of %d changes nothing", async (norm2) => {
    await check({
      operation: adamwRow,
      operands: [[20], [20], [20], positive(20), { shape: [1], numbers: [norm2] }, hyper(1), [2]],
      attributes,
      tolerance: 1e-12,
    });
  });
});

test("what is not a number shows in the loss, in attention and in the gated unit", async () => {
  const nan = (shape: Shape) => new Float64Array(sizeOf(shape)).fill(Number.NaN);
  for (const instructionSet of native.instructionSets()) {
    const options = { instructionSet, numThreads: 1 };
    const x = [1, 20] as const;
    const loss = await runKernel(
      headLossRow,
      [nan(x), nan([40, 20]), Int32Array.of(3)],
      [x, [40, 20], [1]],
      null,
      options,
    );
    expect(loss[0]![0]).toBeNaN();
    const swiglu = await runKernel(swigluRow, [nan([1, 40])], [[1, 40]], null, options);
    expect(swiglu[0]!.every(Number.isNaN)).toBe(true);
    const attributes = {
      batch: 1,
      sequenceLength: 20,
      numHeads: 1,
      numKeyValueHeads: 1,
      headDim: 8,
      scale: 1,
    };
    const attention = await runKernel(attentionRow, [nan([20, 24])], [[20, 24]], attributes, options);
    expect(attention[0]!.every(Number.isNaN)).toBe(true);
  }
});
