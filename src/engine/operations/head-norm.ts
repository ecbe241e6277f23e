/**
 * @file Rows: the root-mean-square norm of each head of queries and of keys (Dehghani et al. 2023, arXiv
 * 2302.05442), and its gradient. M rows of H query heads, G key heads and G value heads of D channels; values
 * pass through.
 */

import { assert } from "../../errors.ts";
import { apply, type OperandShapes, type OperandValues, type Operation, type Tensor } from "../tensor.ts";
import { assertShape, matrix, valuesOf } from "./shared.ts";

/** How a row is divided into heads: H of queries, G of keys, G of values, D numbers each. */
export type HeadAttributes = {
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;
};

/** Heads, and what is added to the mean square before the root. */
export type HeadNormAttributes = HeadAttributes & {
  readonly epsilon: number;
};

function lengthsAt(
  inputs: OperandShapes,
  { numHeads: H, numKeyValueHeads: G, headDim: D }: HeadAttributes,
  at: { readonly x: number; readonly gains: number },
) {
  const [M, W] = matrix(inputs, at.x, "headNorm");
  assert(W === (H + 2 * G) * D, `headNorm: rows of ${W}, expected ${H} + 2 x ${G} heads of ${D}`);
  assertShape(inputs, at.gains, [D], "headNorm");
  assertShape(inputs, at.gains + 1, [D], "headNorm");
  return { M, W, H, G, D };
}

type Lengths = ReturnType<typeof lengthsAt>;

/** Calls body for every normalised head: its number over all rows, its start, the operand of its gain. */
function forEachHead(
  { M, W, H, G, D }: Lengths,
  body: (head: number, start: number, isKey: 0 | 1) => void,
): void {
  for (let m = 0; m < M; m++)
    for (let h = 0; h < H + G; h++) body(m * (H + G) + h, m * W + h * D, h < H ? 0 : 1);
}

export const headNormRow: Operation<HeadNormAttributes, Lengths> = {
  name: "headNorm",
  lengths: (inputs, attributes) => lengthsAt(inputs, attributes, { x: 0, gains: 1 }),
  outputShapes: ({ M, W, H, G }) => [
    [M, W],
    [M, H + G],
  ],
  encode: ({ M, H, G, D }, { epsilon }) => [M, H, G, D, epsilon],
  gradient(node, [dy]) {
    const [x, queryGain, keyGain] = node.inputs;
    const rstd = node.outputs[1];
    if (!dy || !x || !queryGain || !keyGain || !rstd) return [];
    const { epsilon: _, ...heads } = node.attributes as HeadNormAttributes;
    return apply(headNormGradientRow, [dy, x, queryGain, keyGain, rstd], heads);
  },
  flops: ({ M, H, G, D }) => M * (H + G) * (4 * D + 3),
  reference(values, axes, { epsilon }) {
    const x = valuesOf(values, 0);
    const y = x.slice();
    const rstd = new Float64Array(axes.M * (axes.H + axes.G));
    forEachHead(axes, (head, start, isKey) => {
      const gain = valuesOf(values, 1 + isKey);
      const own = x.subarray(start, start + axes.D);
      const meanSquare = own.reduce((sum, value) => sum + value * value, 0) / axes.D;
      rstd[head] = 1 / Math.sqrt(meanSquare + epsilon);
      for (let i = 0; i < axes.D; i++) y[start + i] = own[i]! * rstd[head]! * gain[i]!;
    });
    return [y, rstd];
  },
};

export const headNormGradientRow: Operation<HeadAttributes, Lengths> = {
  name: "headNormGradient",
  mayOverwrite: [0],
  lengths(inputs, attributes) {
    const axes = lengthsAt(inputs, attributes, { x: 1, gains: 2 });
    assertShape(inputs, 0, [axes.M, axes.W], "headNormGradient");
    assertShape(inputs, 4, [axes.M, axes.H + axes.G], "headNormGradient");
    return axes;
  },
  outputShapes: ({ M, W, D }) => [[M, W], [D], [D]],
  encode: ({ M, H, G, D }) => [M, H, G, D],
  flops: ({ M, H, G, D }) => 9 * M * (H + G) * D,
  reference: referenceGradient,
};

/** As for whole rows: dx = rstd (t - h mean(t h)), h = x rstd, t = dy gain, and dGain = sum dy h. */
function referenceGradient(values: OperandValues, axes: Lengths): readonly Float64Array[] {
  const { D } = axes;
  const dy = valuesOf(values, 0);
  const x = valuesOf(values, 1);
  const rstd = valuesOf(values, 4);
  const dx = dy.slice();
  const dGains = [new Float64Array(D), new Float64Array(D)] as const;
  forEachHead(axes, (head, start, isKey) => {
    const gain = valuesOf(values, 2 + isKey);
    const h = x.subarray(start, start + D).map((value) => value * rstd[head]!);
    const t = dy.subarray(start, start + D).map((value, i) => value * gain[i]!);
    const mean = h.reduce((sum, value, i) => sum + value * t[i]!, 0) / D;
    for (let i = 0; i < D; i++) {
      dx[start + i] = rstd[head]! * (t[i]! - h[i]! * mean);
      dGains[isKey][i]! += dy[start + i]! * h[i]!;
    }
  });
  return [dx, ...dGains];
}

/**
 * Each query head over its root mean square times the query gain, each key head likewise; x[M, (H + 2 G) D].
 */
export function headNorm(
  x: Tensor,
  gains: { readonly query: Tensor; readonly key: Tensor },
  attributes: HeadNormAttributes,
): Tensor {
  return apply(headNormRow, [x, gains.query, gains.key], attributes)[0]!;
}
