/** @file Rows: silu(gate) up (Shazeer 2020, arXiv 2002.05202), its gradient. M rows, F features. */

import { assert } from "../../errors.ts";
import { apply, type OperandShapes, type Operation, type Tensor } from "../tensor.ts";
import { assertShape, matrix, valuesOf } from "./shared.ts";

type Lengths = {
  readonly M: number;
  readonly F: number;
};

function lengthsAt(gateUp: number, inputs: OperandShapes): Lengths {
  const [M, twoF] = matrix(inputs, gateUp, "swiglu");
  assert(twoF % 2 === 0, `swiglu: rows of ${twoF} cannot be halved into gate and up`);
  return { M, F: twoF / 2 };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export const swigluRow: Operation<null, Lengths> = {
  name: "swiglu",
  lengths: (inputs) => lengthsAt(0, inputs),
  outputShapes: ({ M, F }) => [[M, F]],
  encode: ({ M, F }) => [M, F],
  gradient(node, [dy]) {
    const [gateUp] = node.inputs;
    return dy && gateUp ? apply(swigluGradientRow, [dy, gateUp], null) : [];
  },
  flops: ({ M, F }) => 5 * M * F,
  reference(values, { M, F }) {
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

export const swigluGradientRow: Operation<null, Lengths> = {
  name: "swigluGradient",
  mayOverwrite: [1],
  lengths(inputs) {
    const lengths = lengthsAt(1, inputs);
    assertShape(inputs, 0, [lengths.M, lengths.F], "swigluGradient");
    return lengths;
  },
  outputShapes: ({ M, F }) => [[M, 2 * F]],
  encode: ({ M, F }) => [M, F],
  flops: ({ M, F }) => 10 * M * F,
  reference(values, { M, F }) {
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
