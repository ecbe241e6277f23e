/** @file What a learning-curve law is: the loss at each point of a schedule's geometry, with its gradient. */

import type { Geometry, Units } from "./geometry.ts";

/**
 * A law of the loss along a run. `theta` holds internal parameters without bounds, for areas, rates and losses in the fit's own
 * `Units`; `natural` gives the numbers of the formula as people write it, in the units of the data.
 */
export type CurveLaw = {
  readonly name: string;
  readonly formula: string;
  readonly source: string;
  readonly parameters: readonly { readonly name: string; readonly unit: string; readonly bounds: string }[];
  /** Loss at every point; writes d loss[i] / d theta[j] to `jacobian[i * parameters.length + j]`. */
  readonly losses: (theta: Float64Array, geometry: Geometry, jacobian: Float64Array) => Float64Array;
  readonly natural: (theta: Float64Array, units: Units) => readonly number[];
  readonly internal: (natural: readonly number[], units: Units) => Float64Array;
  /** Starting points, given the lowest loss of the curves and the fall of the loss over the longest. */
  readonly starts: (lowest: number, fall: number) => readonly Float64Array[];
  /** What published fits found, as a weak belief: a normal for each internal parameter, null for those that are the data's own. */
  readonly belief: readonly ({ readonly mean: number; readonly sd: number } | null)[];
};
