/** @file Initial parameters, a function of seed and name; their variances carry across widths (mu-P). */

import { normals } from "../math/random.ts";
import { type DecoderShape, lengthOf, type Parameter } from "./shape.ts";

/**
 * Standard deviation of the initial normal distribution, by role (Yang et al. 2022, arXiv 2203.03466, table
 * 8):
 * - hidden: 1 / sqrt(fan-in), so that activations keep their size at any width
 * - residual: smaller by sqrt(2 L), so that the residual stream keeps its size at any depth (Radford et al.
 *   2019)
 * - head: 1 / fan-in, so that the first logits shrink with the width and the first loss is about ln V
 * - embedding: 1: every block normalises its input, so only the ratio to what the blocks add matters
 */
export function initialDeviation(parameter: Parameter, shape: DecoderShape): number {
  const fanIn = parameter.shape[1] ?? 1;
  switch (parameter.role) {
    case "hidden":
      return 1 / Math.sqrt(fanIn);
    case "residual":
      return 1 / Math.sqrt(fanIn * 2 * shape.numLayers);
    case "head":
      return 1 / fanIn;
    case "embedding":
      return 1;
    case "norm":
      return 0;
  }
}

/** The initial values of one parameter. Gains are 1, everything else normal around 0. */
export function initialValues(parameter: Parameter, shape: DecoderShape, seed: number): Float32Array {
  const size = lengthOf(parameter);
  if (parameter.role === "norm") return new Float32Array(size).fill(1);
  const deviation = initialDeviation(parameter, shape);
  return Float32Array.from(normals(seed, parameter.name, size), (value) => value * deviation);
}
