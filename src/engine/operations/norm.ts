/** @file Rows: RMS norm (Zhang & Sennrich 2019, arXiv 1910.07467), its gradient. M rows, C channels. */

import { apply, type Operation, type Tensor } from "../tensor.ts";
import { addOptional, assertOptionalShape, assertShape, matrix, valuesOf } from "./shared.ts";

type NormAttributes = {
  readonly epsilon: number;
};

type Lengths = {
  readonly M: number;
  readonly C: number;
};

export const rmsNormRow: Operation<NormAttributes, Lengths> = {
  name: "rmsNorm",
  lengths(inputs) {
    const [M, C] = matrix(inputs, 0, "rmsNorm");
    assertShape(inputs, 1, [C], "rmsNorm");
    return { M, C };
  },
  outputShapes: ({ M, C }) => [[M, C], [M]],
  encode: ({ M, C }, { epsilon }) => [M, C, epsilon],
  gradient(node, [dy]) {
    const [x, gain] = node.inputs;
    const rstd = node.outputs[1];
    if (!dy || !x || !gain || !rstd) return [];
    return apply(rmsNormGradientRow, [dy, x, gain, rstd, null], null);
  },
  flops: ({ M, C }) => M * (4 * C + 3),
  reference(values, { M, C }, { epsilon }) {
    const x = valuesOf(values, 0);
    const gain = valuesOf(values, 1);
    const y = new Float64Array(M * C);
    const rstd = new Float64Array(M);
    for (let m = 0; m < M; m++) {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += x[m * C + c]! ** 2;
      rstd[m] = 1 / Math.sqrt(sum / C + epsilon);
      for (let c = 0; c < C; c++) y[m * C + c] = x[m * C + c]! * rstd[m]! * gain[c]!;
    }
    return [y, rstd];
  },
};

export const rmsNormGradientRow: Operation<null, Lengths> = {
  name: "rmsNormGradient",
  addend: { input: 4, output: 0 },
  mayOverwrite: [0, 4],
  lengths(inputs) {
    const [M, C] = matrix(inputs, 0, "rmsNormGradient");
    assertShape(inputs, 1, [M, C], "rmsNormGradient");
    assertShape(inputs, 2, [C], "rmsNormGradient");
    assertShape(inputs, 3, [M], "rmsNormGradient");
    assertOptionalShape(inputs, 4, [M, C], "rmsNormGradient");
    return { M, C };
  },
  outputShapes: ({ M, C }) => [[M, C], [C]],
  encode: ({ M, C }) => [M, C],
  flops: ({ M, C }) => 9 * M * C,
  reference(values, { M, C }) {
    const dy = valuesOf(values, 0);
    const x = valuesOf(values, 1);
    const gain = valuesOf(values, 2);
    const rstd = valuesOf(values, 3);
    const dx = new Float64Array(M * C);
    const dGain = new Float64Array(C);
    for (let m = 0; m < M; m++) {
      // y = h gain with h = x rstd, and d rstd / dx = -rstd^3 x / C: hence dx = rstd (t - h mean(t h)), t =
      // dy gain.
      let mean = 0;
      for (let c = 0; c < C; c++) mean += (dy[m * C + c]! * gain[c]! * x[m * C + c]! * rstd[m]!) / C;
      for (let c = 0; c < C; c++) {
        const h = x[m * C + c]! * rstd[m]!;
        dx[m * C + c] = rstd[m]! * (dy[m * C + c]! * gain[c]! - h * mean);
        dGain[c]! += dy[m * C + c]! * h;
      }
    }
    addOptional(dx, values[4]);
    return [dx, dGain];
  },
};

/** y = x / rms(x) gain, row by row of x[M, C]. */
export function rmsNorm(x: Tensor, gain: Tensor, epsilon: number): Tensor {
  return apply(rmsNormRow, [x, gain], { epsilon })[0]!;
}
