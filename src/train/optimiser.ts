/** @file AdamW over all parameters as a graph: the global norm, then updates scaled by role (mu-P). */

import { add, sumOfSquares } from "../engine/operations/elementwise.ts";
import { adamw, HYPER, NUM_SUMS } from "../engine/operations/optimiser.ts";
import { leaf, type Tensor } from "../engine/tensor.ts";
import type { Parameter, Role } from "../model/shape.ts";

export type OptimiserSettings = {
  /** At the top of the schedule, for a model of `baseWidth`. */
  readonly learningRate: number;
  /** Width at which the learning rate was tuned. */
  readonly baseWidth: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest global norm of the gradient that is left unscaled. */
  readonly clip: number;
};

/**
 * Factor on the learning rate. Matrices whose fan-in grows with the width learn slower by 1 / width, what is
 * looked up or scales element by element does not: mu-P for Adam (Yang et al. 2022, arXiv 2203.03466, table
 * 8).
 */
export function learningRateScale(role: Role, width: number, baseWidth: number): number {
  return role === "embedding" || role === "norm" ? 1 : baseWidth / width;
}

/** Gains are not decayed: they have no direction that a smaller norm would simplify. */
const decayOf = (role: Role, weightDecay: number) => (role === "norm" ? 0 : weightDecay);

/** Names of the moments of a parameter, as leaves and in checkpoints. */
export const momentNames = (name: string) => ({ first: `${name}.first`, second: `${name}.second` });

/** Name of the leaf to which the bits of a parameter and its moments are added at each step. */
export const sumsName = (name: string) => `${name}.sums`;

export type Updates = {
  /** Square of the global norm of the gradient before clipping, [1]. */
  readonly squaredNorm: Tensor;
  readonly updated: readonly Tensor[];
};

/** The update of every parameter given its gradient. */
export function updates(
  entries: readonly { readonly parameter: Parameter; readonly tensor: Tensor; readonly gradient: Tensor }[],
  width: number,
  settings: OptimiserSettings,
): Updates {
  const hyper = leaf("hyper", [HYPER.length]);
  const squaredNorm = entries
    .map(({ gradient }) => sumOfSquares(gradient))
    .reduce((sum, square) => add(sum, square));
  const updated = entries.flatMap(({ parameter, tensor, gradient }) => {
    const { first, second } = momentNames(parameter.name);
    return adamw(
      {
        parameter: tensor,
        gradient,
        first: leaf(first, parameter.shape),
        second: leaf(second, parameter.shape),
        squaredNorm,
        hyper,
        sums: leaf(sumsName(parameter.name), [NUM_SUMS]),
      },
      {
        learningRateScale: learningRateScale(parameter.role, width, settings.baseWidth),
        weightDecay: decayOf(parameter.role, settings.weightDecay),
      },
    ).slice(0, 1);
  });
  return { squaredNorm, updated };
}

/** The numbers of the `hyper` leaf for one step, counted from 1. */
export function hyperAt(step: number, learningRate: number, settings: OptimiserSettings): readonly number[] {
  const { beta1, beta2, epsilon, clip } = settings;
  return [learningRate, beta1, beta2, epsilon, 1 - beta1 ** step, 1 - beta2 ** step, clip, 0];
}
