/** @file Row: matrix product C = scale op(A) op(B) + addend, in a linear layer's three layouts. */

import { assert } from "../../errors.ts";
import { apply, type OperandShapes, type Operation, type Tensor } from "../tensor.ts";
import { addOptional, assertOptionalShape, matrix, valuesOf } from "./shared.ts";

type MatmulAttributes = {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly scale: number;
};

function lengths(inputs: OperandShapes, { transposeA, transposeB }: MatmulAttributes) {
  const [rowsA, columnsA] = matrix(inputs, 0, "matmul");
  const [rowsB, columnsB] = matrix(inputs, 1, "matmul");
  const [M, K] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, N] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  assert(!(transposeA && transposeB), "matmul: both operands transposed; swap them instead");
  assert(K === inner, `matmul: inner lengths ${K} and ${inner} differ`);
  assertOptionalShape(inputs, 2, [M, N], "matmul");
  return { M, N, K };
}

export const matmulRow: Operation<MatmulAttributes, ReturnType<typeof lengths>> = {
  name: "matmul",
  addend: { input: 2, output: 0 },
  lengths,
  outputShapes: ({ M, N }) => [[M, N]],
  encode: ({ M, N, K }, { transposeA, transposeB, scale }) => [
    M,
    N,
    K,
    Number(transposeA),
    Number(transposeB),
    scale,
  ],
  gradient(node, [dC]) {
    const [A, B, addend] = node.inputs;
    if (!dC || !A || !B) return [];
    const { transposeA, transposeB, scale } = node.attributes as MatmulAttributes;
    // From dC[M,N]: d op(A) = dC op(B)^T and d op(B) = op(A)^T dC, each written in a layout the kernel has.
    const dA = transposeA
      ? matmul(B, dC, { transposeB: true, scale })
      : matmul(dC, B, { transposeB: !transposeB, scale });
    const dB = transposeB
      ? matmul(dC, A, { transposeA: true, scale })
      : matmul(A, dC, { transposeA: !transposeA, scale });
    return [dA, dB, addend ? dC : null];
  },
  flops: ({ M, N, K }) => 2 * M * N * K,
  reference(values, { M, N, K }, { transposeA, transposeB, scale }) {
    const A = valuesOf(values, 0);
    const B = valuesOf(values, 1);
    const C = new Float64Array(M * N);
    for (let m = 0; m < M; m++)
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let k = 0; k < K; k++)
          sum += A[transposeA ? k * M + m : m * K + k]! * B[transposeB ? n * K + k : k * N + n]!;
        C[m * N + n] = scale * sum;
      }
    addOptional(C, values[2]);
    return [C];
  },
};

/** C = scale op(A) op(B), one transposed at most. With `transposeB`, B is [N, K]: a weight [out, in]. */
export function matmul(
  A: Tensor,
  B: Tensor,
  options: { readonly transposeA?: boolean; readonly transposeB?: boolean; readonly scale?: number } = {},
): Tensor {
  const attributes = { transposeA: false, transposeB: false, scale: 1, ...options };
  return apply(matmulRow, [A, B, null], attributes)[0]!;
}
