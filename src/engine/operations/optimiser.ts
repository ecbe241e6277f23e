/** @file Row: AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101), clipped by the global norm, in place. */

import { apply, type Operation, type Tensor } from "../tensor.ts";
import { assertShape, type Flat, flat, shapeOf, valuesOf } from "./shared.ts";

/** What AdamW takes of one parameter: its factor on the learning rate, and its decay. */
export type AdamwAttributes = {
  readonly learningRateScale: number;
  readonly weightDecay: number;
};

/** Order of the numbers in the `hyper` operand, written by the training loop before every step. */
export const HYPER = [
  "learningRate",
  "beta1",
  "beta2",
  "epsilon",
  "correction1",
  "correction2",
  "clip",
  "unused",
] as const;

/** Of the bits read, and of those written. */
export const NUM_SUMS = 2;

export const adamwRow: Operation<AdamwAttributes, Flat> = {
  name: "adamw",
  updates: [0, 2, 3, 6],
  bits: 3,
  lengths(inputs) {
    const shape = shapeOf(inputs, 0);
    for (const index of [1, 2, 3]) assertShape(inputs, index, shape, "adamw");
    assertShape(inputs, 4, [1], "adamw");
    assertShape(inputs, 5, [HYPER.length], "adamw");
    assertShape(inputs, 6, [NUM_SUMS], "adamw");
    return flat(shape);
  },
  outputShapes: ({ shape }) => [shape, shape, shape, [NUM_SUMS]],
  encode: ({ N }, { learningRateScale, weightDecay }) => [N, learningRateScale, weightDecay],
  flops: ({ N }) => 16 * N,
  reference(values, _, { learningRateScale, weightDecay }) {
    const p = valuesOf(values, 0);
    const g = valuesOf(values, 1);
    const m = valuesOf(values, 2);
    const v = valuesOf(values, 3);
    const sums = valuesOf(values, 6).slice();
    const norm2 = valuesOf(values, 4)[0]!;
    const hyper = [...valuesOf(values, 5)] as [number, number, number, number, number, number, number];
    const [learningRate, beta1, beta2, epsilon, correction1, correction2, clip] = hyper;
    if (!Number.isFinite(norm2)) return [p.slice(), m.slice(), v.slice(), sums];
    const shrink = Math.min(1, clip / Math.sqrt(norm2));
    const rate = learningRate * learningRateScale;
    const m2 = m.map((old, i) => beta1 * old + (1 - beta1) * g[i]! * shrink);
    const v2 = v.map((old, i) => beta2 * old + (1 - beta2) * (g[i]! * shrink) ** 2);
    const p2 = p.map(
      (old, i) =>
        old -
        rate * weightDecay * old -
        (rate * (m2[i]! / correction1)) / (Math.sqrt(v2[i]! / correction2) + epsilon),
    );
    return [p2, m2, v2, sums];
  },
};

/** Updates parameter, first and second moment in place; returns them as they are after the update. */
export function adamw(
  operands: {
    readonly parameter: Tensor;
    readonly gradient: Tensor;
    readonly first: Tensor;
    readonly second: Tensor;
    readonly squaredNorm: Tensor;
    readonly hyper: Tensor;
    /** Two words, to which the bits read and written are added (native/kernels/optimiser.h). */
    readonly sums: Tensor;
  },
  attributes: AdamwAttributes,
): readonly Tensor[] {
  const { parameter, gradient, first, second, squaredNorm, hyper, sums } = operands;
  return apply(adamwRow, [parameter, gradient, first, second, squaredNorm, hyper, sums], attributes);
}
