/**
 * @file Rows: the Gaussian error linear unit (Hendrycks & Gimpel 2016, arXiv 1606.08415) in the form with
 * tanh, and its gradient. Since (1 + tanh u) / 2 = sigmoid(2 u), y = x sigmoid(2 u) with u = sqrt(2 / pi) (x
 * + 0.044715 x^3).
 */

import { apply, type Operation, type Tensor } from "../tensor.ts";
import { assertShape, type Flat, flat, shapeOf, valuesOf } from "./shared.ts";

const LINEAR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715 * LINEAR;

/** sigmoid(2 u) at x. */
const gate = (x: number) => 1 / (1 + Math.exp(-x * (LINEAR + CUBIC * x * x)));

export const geluRow: Operation<null, Flat> = {
  name: "gelu",
  mayOverwrite: [0],
  lengths: (inputs) => flat(shapeOf(inputs, 0)),
  outputShapes: ({ shape }) => [shape],
  encode: ({ N }) => [N],
  gradient(node, [dy]) {
    const [x] = node.inputs;
    return dy && x ? apply(geluGradientRow, [dy, x], null) : [];
  },
  // 2 u takes four, the sigmoid three, the product one.
  flops: ({ N }) => 8 * N,
  reference: (values) => [valuesOf(values, 0).map((x) => x * gate(x))],
};

export const geluGradientRow: Operation<null, Flat> = {
  name: "geluGradient",
  mayOverwrite: [0, 1],
  lengths(inputs) {
    assertShape(inputs, 1, shapeOf(inputs, 0), "geluGradient");
    return flat(shapeOf(inputs, 0));
  },
  outputShapes: ({ shape }) => [shape],
  encode: ({ N }) => [N],
  flops: ({ N }) => 15 * N,
  reference(values) {
    const x = valuesOf(values, 1);
    // s' = s (1 - s) (2 u)', and (2 u)' = linear + 3 cubic x^2.
    const slope = (v: number) => {
      const s = gate(v);
      return s + v * s * (1 - s) * (LINEAR + 3 * CUBIC * v * v);
    };
    return [valuesOf(values, 0).map((dy, i) => dy * slope(x[i]!))];
  },
};

/** gelu of every element. */
export function gelu(x: Tensor): Tensor {
  return apply(geluRow, [x], null)[0]!;
}
