/** @file Rows: the gated activation silu(gate) up (Shazeer 2020, arXiv 2002.05202) and its gradient. M rows, F features; gate is the first half. */

import { assert } from "../../errors.ts";
import type { OperandShapes, Operation, Tensor } from "../tensor.ts";
import { apply } from "../tensor.ts";
import { assertShape, bytesOf, matrix, valuesOf } from "./shared.ts";

function dimensions(inputs: OperandShapes, gateUp: number) {
  const [M, twoF] = matrix(inputs, gateUp, "swiglu");
  assert(twoF % 2 === 0, `swiglu: rows of ${twoF} cannot be halved into gate and up`);
  return { M, F: twoF / 2 };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export const swigluRow: Operation<null> = {
  name: "swiglu",
  outputShapes(inputs) {
    const { M, F } = dimensions(inputs, 0);
    return [[M, F]];
  },
  encode(inputs) {
    const { M, F } = dimensions(inputs, 0);
    return [M, F];
  },
  gradient(node, [dy]) {
    const [gateUp] = node.inputs;
    return dy && gateUp ? apply(swigluGradientRow, [dy, gateUp], null) : [];
  },
  cost(inputs) {
    const { M, F } = dimensions(inputs, 0);
    return { flops: 5 * M * F, bytes: bytesOf(inputs, [[M, F]]) };
  },
  reference(values, shapes) {
    const { M, F } = dimensions(shapes, 0);
    const gateUp = valuesOf(values, 0);
    const y = new Float64Array(M * F);
    for (let m = 0; m < M; m++)
      for (let f = 0; f < F; f++) {
        const gate = gateUp[m * 2 * F + f]!;
        y[m * F + f] = gate * sigmoid(gate) * gateUp[m * 2 * F + F + f]!;
      }
    return [y];
  },
};

export const swigluGradientRow: Operation<null> = {
  name: "swigluGradient",
  mayOverwrite: [1],
  outputShapes(inputs) {
    const { M, F } = dimensions(inputs, 1);
    assertShape(inputs, 0, [M, F], "swigluGradient");
    return [[M, 2 * F]];
  },
  encode(inputs) {
    const { M, F } = dimensions(inputs, 1);
    return [M, F];
  },
  cost(inputs) {
    const { M, F } = dimensions(inputs, 1);
    return { flops: 10 * M * F, bytes: bytesOf(inputs, [[M, 2 * F]]) };
  },
  reference(values, shapes) {
    const { M, F } = dimensions(shapes, 1);
    const dy = valuesOf(values, 0);
    const gateUp = valuesOf(values, 1);
    const result = new Float64Array(M * 2 * F);
    for (let m = 0; m < M; m++)
      for (let f = 0; f < F; f++) {
        const at = m * 2 * F + f;
        const gate = gateUp[at]!;
        const s = sigmoid(gate);
        // silu'(g) = s + g s (1 - s)
        result[at] = dy[m * F + f]! * gateUp[at + F]! * (s + gate * s * (1 - s));
        result[at + F] = dy[m * F + f]! * gate * s;
      }
    return [result];
  },
};

/** y[M, F] = silu(gate) up from gateUp[M, 2 F]. */
export function swiglu(gateUp: Tensor): Tensor {
  return apply(swigluRow, [gateUp], null)[0]!;
}
