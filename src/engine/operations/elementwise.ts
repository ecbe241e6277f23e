/** @file Rows that add, fill, spread and sum: the glue between the larger operations. */

import { assert } from "../../errors.ts";
import type { OperandShapes, Operation, Shape, Tensor } from "../tensor.ts";
import { apply, sizeOf } from "../tensor.ts";
import { addOptional, assertOptionalShape, assertShape, bytesOf, shapeOf, valuesOf } from "./shared.ts";

const lengthOf = (inputs: OperandShapes) => sizeOf(shapeOf(inputs, 0));

export const meanRow: Operation<null> = {
  name: "mean",
  outputShapes: () => [[1]],
  encode: (inputs) => [lengthOf(inputs)],
  gradient(node, [dy]) {
    const [x] = node.inputs;
    return dy && x ? [broadcast(dy, x.shape, 1 / sizeOf(x.shape))] : [];
  },
  cost: (inputs) => ({ flops: lengthOf(inputs), bytes: bytesOf(inputs, [[1]]) }),
  reference(values) {
    const x = valuesOf(values, 0);
    return [Float64Array.of(x.reduce((sum, value) => sum + value, 0) / x.length)];
  },
};

type BroadcastAttributes = {
  readonly shape: Shape;
  readonly scale: number;
};

export const broadcastRow: Operation<BroadcastAttributes> = {
  name: "broadcast",
  outputShapes(inputs, { shape }) {
    assertShape(inputs, 0, [1], "broadcast");
    return [shape];
  },
  encode: (_, { shape, scale }) => [sizeOf(shape), scale],
  cost: (inputs, { shape }) => ({ flops: 1, bytes: bytesOf(inputs, [shape]) }),
  reference: (values, _, { shape, scale }) => [
    new Float64Array(sizeOf(shape)).fill(scale * valuesOf(values, 0)[0]!),
  ],
};

type FillAttributes = {
  readonly shape: Shape;
  readonly value: number;
};

export const fillRow: Operation<FillAttributes> = {
  name: "fill",
  outputShapes: (_, { shape }) => [shape],
  encode: (_, { shape, value }) => [sizeOf(shape), value],
  cost: (inputs, { shape }) => ({ flops: 0, bytes: bytesOf(inputs, [shape]) }),
  reference: (_values, _shapes, { shape, value }) => [new Float64Array(sizeOf(shape)).fill(value)],
};

export const addRow: Operation<null> = {
  name: "add",
  mayOverwrite: [0, 1],
  outputShapes(inputs) {
    assertShape(inputs, 1, shapeOf(inputs, 0), "add");
    return [shapeOf(inputs, 0)];
  },
  encode: (inputs) => [lengthOf(inputs)],
  gradient: (_, [dy]) => (dy ? [dy, dy] : []),
  cost: (inputs) => ({ flops: lengthOf(inputs), bytes: bytesOf(inputs, [shapeOf(inputs, 0)]) }),
  reference(values) {
    const b = valuesOf(values, 1);
    return [valuesOf(values, 0).map((a, i) => a + b[i]!)];
  },
};

export const sumOfSquaresRow: Operation<null> = {
  name: "sumOfSquares",
  addend: { input: 1, output: 0 },
  outputShapes(inputs) {
    assertOptionalShape(inputs, 1, [1], "sumOfSquares");
    return [[1]];
  },
  encode: (inputs) => [lengthOf(inputs)],
  cost: (inputs) => ({ flops: 2 * lengthOf(inputs), bytes: bytesOf(inputs, [[1]]) }),
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
