/** @file Rows: the embedding looked up by token, and its gradient. M rows, V tokens, C channels. */

import { assert } from "../../errors.ts";
import { apply, type OperandShapes, type Operation, sizeOf, type Tensor } from "../tensor.ts";
import { addOptional, assertOptionalShape, assertShape, matrix, shapeOf, valuesOf } from "./shared.ts";

/** M rows of tokens, a table of V rows of C channels. */
type Lengths = {
  readonly M: number;
  readonly V: number;
  readonly C: number;
};

const encode = ({ M, V, C }: Lengths) => [M, V, C];

function lookUpLengths(inputs: OperandShapes): Lengths {
  const [V, C] = matrix(inputs, 1, "embed");
  return { M: sizeOf(shapeOf(inputs, 0)), V, C };
}

export const embedRow: Operation<null, Lengths> = {
  name: "embed",
  lengths: lookUpLengths,
  outputShapes: ({ M, C }) => [[M, C]],
  encode,
  gradient(node, [dy]) {
    const [tokens, table] = node.inputs;
    if (!dy || !tokens || !table) return [];
    const numTokens = table.shape[0]!;
    return [null, apply(embedGradientRow, [tokens, dy, null], { numTokens })[0]!];
  },
  flops: () => 0,
  reference(values, { M, C }) {
    const tokens = valuesOf(values, 0);
    const table = valuesOf(values, 1);
    return [Float64Array.from({ length: M * C }, (_, i) => table[tokens[Math.floor(i / C)]! * C + (i % C)]!)];
  },
};

type ScatterAttributes = {
  readonly numTokens: number;
};

function scatterLengths(inputs: OperandShapes, { numTokens }: ScatterAttributes): Lengths {
  const [M, C] = matrix(inputs, 1, "embedGradient");
  assertShape(inputs, 0, [M], "embedGradient");
  assertOptionalShape(inputs, 2, [numTokens, C], "embedGradient");
  return { M, V: numTokens, C };
}

export const embedGradientRow: Operation<ScatterAttributes, Lengths> = {
  name: "embedGradient",
  addend: { input: 2, output: 0 },
  lengths: scatterLengths,
  outputShapes: ({ V, C }) => [[V, C]],
  encode,
  flops: ({ M, C }) => M * C,
  reference(values, { M, V, C }) {
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
