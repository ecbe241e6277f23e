/** @file Row: rotary positions (Su et al. 2021, arXiv 2104.09864), rotate-half as in Llama. */

import { assert } from "../../errors.ts";
import { apply, type OperandShapes, type Operation, type Tensor } from "../tensor.ts";
import { matrix, valuesOf } from "./shared.ts";

/** Which heads turn, and how fast. */
export type RotaryAttributes = {
  /** T: positions restart every T rows. */
  readonly sequenceLength: number;
  /** Heads at the front of the row that are rotated (queries and keys); the rest (values) is left alone. */
  readonly numHeads: number;
  readonly headDim: number;
  readonly base: number;
  /** 1 rotates, -1 rotates back. */
  readonly sign: 1 | -1;
};

type Lengths = {
  readonly M: number;
  readonly W: number;
  /** Numbers of a row that are rotated. */
  readonly rotated: number;
};

function lengths(inputs: OperandShapes, { sequenceLength: T, numHeads, headDim }: RotaryAttributes): Lengths {
  const [M, W] = matrix(inputs, 0, "rotary");
  assert(M % T === 0, `rotary: ${M} rows are no whole number of sequences of ${T}`);
  assert(
    headDim % 2 === 0 && numHeads * headDim <= W,
    `rotary: ${numHeads} heads of ${headDim} in rows of ${W}`,
  );
  return { M, W, rotated: numHeads * headDim };
}

export const rotaryRow: Operation<RotaryAttributes, Lengths> = {
  name: "rotary",
  mayOverwrite: [0],
  lengths,
  outputShapes: ({ M, W }) => [[M, W]],
  encode: ({ M, W }, { sequenceLength, numHeads, headDim, base, sign }) => [
    M,
    W,
    sequenceLength,
    numHeads,
    headDim,
    base,
    sign,
  ],
  gradient(node, [dy]) {
    if (!dy) return [];
    const attributes = node.attributes as RotaryAttributes;
    return [rotary(dy, { ...attributes, sign: attributes.sign === 1 ? -1 : 1 })];
  },
  flops: ({ M, rotated }) => 3 * M * rotated,
  reference(values, { M, W }, { sequenceLength, numHeads, headDim, base, sign }) {
    const x = valuesOf(values, 0);
    const y = x.slice();
    const half = headDim / 2;
    for (let m = 0; m < M; m++)
      for (let head = 0; head < numHeads; head++)
        for (let i = 0; i < half; i++) {
          const angle = sign * (m % sequenceLength) * base ** ((-2 * i) / headDim);
          const a = m * W + head * headDim + i;
          const b = a + half;
          y[a] = x[a]! * Math.cos(angle) - x[b]! * Math.sin(angle);
          y[b] = x[b]! * Math.cos(angle) + x[a]! * Math.sin(angle);
        }
    return [y];
  },
};

/** Rotates the first heads of each row of x[B T, W] by their position. */
export function rotary(x: Tensor, attributes: RotaryAttributes): Tensor {
  return apply(rotaryRow, [x], attributes)[0]!;
}
