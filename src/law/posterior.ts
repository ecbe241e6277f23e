/** @file What runs say of their laws as a plain value: weighted draws, and what back-tests taught. */

import { z } from "zod";
import type { Terms } from "./terms.ts";

const column = z.array(z.number());

/** One entry a draw in every column. */
const drawsSchema = z.strictObject({
  /** They add up to 1. */
  weight: column,
  floor: column,
  a: column,
  alpha: column,
  b: column,
  beta: column,
  gamma: column,
  dataDecay: column.exactOptional(),
  sizeDecay: column.exactOptional(),
  gain: column.exactOptional(),
  gainLost: column.exactOptional(),
  /** Variance of the level of log loss at the largest compute. */
  levelVariance: column,
  /** Standard deviation of the level's walk per root decade of compute beyond that. */
  drift: column,
  /** Standard deviation of a run's log loss at 20 tokens a parameter and the largest compute. */
  scatter: column,
  /** What its log gains per decade of D / N away from 20, and per decade of compute below the largest. */
  scatterOff: column,
  scatterBelow: column,
});

export const posteriorSchema = z.strictObject({
  laws: z
    .array(
      z.strictObject({
        name: z.string(),
        formula: z.string(),
        /** Share of the forecast; all add up to 1. */
        weight: z.number(),
        reads: z.enum(["size and data", "compute"]),
        draws: drawsSchema,
      }),
    )
    .min(1),
  /** Factor that the back-tests put on intervals. */
  widening: z.number().positive(),
  /** FLOPs of the largest run: beyond it the level drifts. */
  largestCompute: z.number().positive(),
  /** C / (N D): 6, or what the runs' own FLOPs come to where they differ by more than a percent. */
  flopsPerParameterToken: z.number().positive(),
  /** Least and most tokens a parameter of the runs. */
  ratios: z.tuple([z.number(), z.number()]),
  /** Tokens a parameter where all runs share one recipe, and nothing tells size from data; else null. */
  recipeRatio: z.number().nullable(),
});

/** The posterior of a table of runs. Plain data: a file can carry it, and `law/predict.ts` reads it. */
export type Posterior = z.infer<typeof posteriorSchema>;

/** What runs say of one law: its weight, and weighted draws of it. */
export type LawPosterior = Posterior["laws"][number];

/** Draws by unknown: each one's values, in one order for all. */
export type DrawColumns = LawPosterior["draws"];

/** The terms of one draw. */
export function termsOf({ draws }: { readonly draws: DrawColumns }, i: number): Terms {
  const plain = {
    floor: draws.floor[i]!,
    a: draws.a[i]!,
    alpha: draws.alpha[i]!,
    b: draws.b[i]!,
    beta: draws.beta[i]!,
    gamma: draws.gamma[i]!,
  };
  return {
    ...plain,
    ...(draws.dataDecay && { dataDecay: draws.dataDecay[i]!, sizeDecay: draws.sizeDecay![i]! }),
    ...(draws.gain && { gain: draws.gain[i]!, gainLost: draws.gainLost![i]! }),
  };
}
