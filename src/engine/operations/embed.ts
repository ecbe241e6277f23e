/** @file Rows: the embedding table looked up by token, and its gradient scattered back. M rows, V tokens, C channels. */

import { assert } from "../../errors.ts";
import type { OperandShapes, Operation, Tensor } from "../tensor.ts";
import { apply, sizeOf } from "../tensor.ts";
import {
  addOptional,
  assertOptionalShape,
  assertShape,
  bytesOf,
  matrix,
  shapeOf,
  valuesOf,
} from "./shared.ts";

function lookUpDimensions(inputs: OperandShapes) {
  const [V, C] = matrix(inputs, 1, "embed");
  return { M: sizeOf(shapeOf(inputs, 0)), V, C };
}

export const embedRow: Operation<null> = {
  name: "embed",
  outputShapes(inputs) {
    const { M, C } = lookUpDimensions(inputs);
    return [[M, C]];
  },
  encode(inputs) {
    const { M, V, C } = lookUpDimensions(inputs);
    return [M, V, C];
  },
  gradient(node, [dy]) {
    const [tokens, table] = node.inputs;
    if (!dy || !tokens || !table) return [];
    const numTokens = table.shape[0]!;
    return [null, apply(embedGradientRow, [tokens, dy, null], { numTokens })[0]!];
  },
  cost(inputs) {
    const { M, C } = lookUpDimensions(inputs);
    return { flops: 0, bytes: 4 * (M + 2 * M * C) };
  },
  reference(values, shapes) {
    const { M, C } = lookUpDimensions(shapes);
    const tokens = valuesOf(values, 0);
    const table = valuesOf(values, 1);
    return [Float64Array.from({ length: M * C }, (_, i) => table[tokens[Math.floor(i / C)]! * C + (i % C)]!)];
  },
};

type ScatterAttributes = {
  readonly numTokens: number;
};

function scatterDimensions(inputs: OperandShapes, { numTokens }: ScatterAttributes) {
  const [M, C] = matrix(inputs, 1, "embedGradient");
  assertShape(inputs, 0, [M], "embedGradient");
  assertOptionalShape(inputs, 2, [numTokens, C], "embedGradient");
  return { M, V: numTokens, C };
}

export const embedGradientRow: Operation<ScatterAttributes> = {
  name: "embedGradient",
  addend: { input: 2, output: 0 },
  outputShapes(inputs, attributes) {
    const { V, C } = scatterDimensions(inputs, attributes);
    return [[V, C]];
  },
  encode(inputs, attributes) {
    const { M, V, C } = scatterDimensions(inputs, attributes);
    return [M, V, C];
  },
  cost(inputs, attributes) {
    const { M, V, C } = scatterDimensions(inputs, attributes);
    return { flops: M * C, bytes: bytesOf(inputs, [[V, C]]) };
  },
  reference(values, shapes, attributes) {
    const { M, V, C } = scatterDimensions(shapes, attributes);
    const tokens = valuesOf(values, 0);
    const dy = valuesOf(values, 1);
    const dTable = new Float64Array(V * C);
    for (let m = 0; m < M; m++) for (let c = 0; c < C; c++) dTable[tokens[m]! * C + c]! += dy[m * C + c]!;
    addOptional(dTable, values[2]);
    return [dTable];
  },
};

/** y[M, C]: the row of table[V, C] for each of tokens[M]. */
export function embed(tokens: Tensor, table: Tensor): Tensor {
  assert(tokens.dataType === "i32", "embed: tokens must be int32");
  return apply(embedRow, [tokens, table], null)[0]!;
}
