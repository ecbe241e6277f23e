/** @file Rows that add, fill, spread and sum: the glue between the larger operations. */

import { assert } from "../../errors.ts";
import { apply, type Operation, type Shape, sizeOf, type Tensor } from "../tensor.ts";
import {
  addOptional,
  assertOptionalShape,
  assertShape,
  type Flat,
  flat,
  shapeOf,
  valuesOf,
} from "./shared.ts";

export const meanRow: Operation<null, Flat> = {
  name: "mean",
  lengths: (inputs) => flat(shapeOf(inputs, 0)),
  outputShapes: () => [[1]],
  encode: ({ N }) => [N],
  gradient(node, [dy]) {
    const [x] = node.inputs;
    return dy && x ? [broadcast(dy, x.shape, 1 / sizeOf(x.shape))] : [];
  },
  flops: ({ N }) => N,
  reference(values) {
    const x = valuesOf(values, 0);
    return [Float64Array.of(x.reduce((sum, value) => sum + value, 0) / x.length)];
  },
};

type BroadcastAttributes = {
  readonly shape: Shape;
  readonly scale: number;
};

export const broadcastRow: Operation<BroadcastAttributes, Flat> = {
  name: "broadcast",
  lengths(inputs, { shape }) {
    assertShape(inputs, 0, [1], "broadcast");
    return flat(shape);
  },
  outputShapes: ({ shape }) => [shape],
  encode: ({ N }, { scale }) => [N, scale],
  flops: () => 1,
  reference: (values, { N }, { scale }) => [new Float64Array(N).fill(scale * valuesOf(values, 0)[0]!)],
};

type FillAttributes = {
  readonly shape: Shape;
  readonly value: number;
};

export const fillRow: Operation<FillAttributes, Flat> = {
  name: "fill",
  lengths: (_, { shape }) => flat(shape),
  outputShapes: ({ shape }) => [shape],
  encode: ({ N }, { value }) => [N, value],
  flops: () => 0,
  reference: (_, { N }, { value }) => [new Float64Array(N).fill(value)],
};

export const addRow: Operation<null, Flat> = {
  name: "add",
  mayOverwrite: [0, 1],
  lengths(inputs) {
    assertShape(inputs, 1, shapeOf(inputs, 0), "add");
    return flat(shapeOf(inputs, 0));
  },
  outputShapes: ({ shape }) => [shape],
  encode: ({ N }) => [N],
  gradient: (_, [dy]) => (dy ? [dy, dy] : []),
  flops: ({ N }) => N,
  reference(values) {
    const b = valuesOf(values, 1);
    return [valuesOf(values, 0).map((a, i) => a + b[i]!)];
  },
};

export const sumOfSquaresRow: Operation<null, Flat> = {
  name: "sumOfSquares",
  addend: { input: 1, output: 0 },
  lengths(inputs) {
    assertOptionalShape(inputs, 1, [1], "sumOfSquares");
    return flat(shapeOf(inputs, 0));
  },
  outputShapes: () => [[1]],
  encode: ({ N }) => [N],
  flops: ({ N }) => 2 * N,
  reference(values) {
    const result = Float64Array.of(valuesOf(values, 0).reduce((sum, value) => sum + value * value, 0));
    addOptional(result, values[1]);
    return [result];
  },
};

/** Mean of all elements, [1]. */
export function mean(x: Tensor): Tensor {
  return apply(meanRow, [x], null)[0]!;
}

/** A tensor of the given shape, every element scale x[0]. */
export function broadcast(x: Tensor, shape: Shape, scale: number): Tensor {
  return apply(broadcastRow, [x], { shape, scale })[0]!;
}

/** A constant tensor. */
export function fill(shape: Shape, value: number): Tensor {
  return apply(fillRow, [], { shape, value })[0]!;
}

/** a + b, element by element; both of one shape. */
export function add(a: Tensor, b: Tensor): Tensor {
  assert(a.dataType === "f32" && b.dataType === "f32", "add: float operands only");
  return apply(addRow, [a, b], null)[0]!;
}

/** Sum of the squares of all elements, [1]. */
export function sumOfSquares(x: Tensor): Tensor {
  return apply(sumOfSquaresRow, [x, null], null)[0]!;
}
