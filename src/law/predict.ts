/** @file A posterior's answers: median and 90 % interval of one more run's loss at a design. */

import { type Interval, intervalAt, mapInterval } from "../math/interval.ts";
import { mixtureQuantile, type Part } from "../math/mixture.ts";
import type { Design } from "./law.ts";
import { type LawPosterior, type Posterior, termsOf } from "./posterior.ts";
import { logLossAt, OPTIMAL_RATIO, placeOf } from "./terms.ts";

/** A scatter with heavy tails, as a mixture of two normals: share, variance over the core's. */
const TAILS = [
  { share: 0.75, factor: 1 },
  { share: 0.25, factor: 4 },
] as const;
/** Variance of the mixture over the core's. */
export const TAIL_VARIANCE = TAILS.reduce((sum, { share, factor }) => sum + share * factor, 0);

/** How a run of this design scatters, as a law's draws put it. */
type Scatter = { readonly scatter: number; readonly scatterOff: number; readonly scatterBelow: number };

/** Decades of D / N from 20, either way, and of compute below the largest: what scatter grows with. */
export function distancesOf({ n, d, c }: Design, largestCompute: number) {
  return { off: Math.abs(Math.log10(d / n / OPTIMAL_RATIO)), below: Math.log10(largestCompute / c) };
}

/** Variance of log loss between runs of one design. */
export function scatterVariance(
  { scatter, scatterOff, scatterBelow }: Scatter,
  { off, below }: ReturnType<typeof distancesOf>,
): number {
  return (scatter * Math.exp(scatterOff * off + scatterBelow * below)) ** 2;
}

/**
 * What one law says of the log loss of one more run of this design, its own scatter included;
 * `scatterFactor`: that scatter over the other runs'. The weights add up to 1.
 */
export function partsOf(
  law: Pick<LawPosterior, "reads" | "draws">,
  largestCompute: number,
  design: Design,
  scatterFactor = 1,
): readonly Part[] {
  const { draws } = law;
  const place = placeOf(design, law.reads);
  const distances = distancesOf(design, largestCompute);
  const beyond = Math.max(0, -distances.below);
  return draws.weight.flatMap((weight, i) => {
    const mean = logLossAt(termsOf(law, i), place);
    const level = draws.levelVariance[i]! + draws.drift[i]! ** 2 * beyond;
    const [scatter, scatterOff, scatterBelow] = [
      draws.scatter[i]!,
      draws.scatterOff[i]!,
      draws.scatterBelow[i]!,
    ];
    const own = scatterFactor ** 2 * scatterVariance({ scatter, scatterOff, scatterBelow }, distances);
    return TAILS.map(({ share, factor }) => ({
      weight: weight * share,
      mean,
      sd: Math.sqrt(level + factor * own),
    }));
  });
}

/** Distributions of several laws as one. */
export function averaged(
  predicted: readonly (readonly Part[])[],
  weights: readonly number[],
): readonly Part[] {
  return predicted.flatMap((parts, k) =>
    weights[k]! > 0 ? parts.map((part) => ({ ...part, weight: part.weight * weights[k]! })) : [],
  );
}

/** Median and 90 % interval of a log loss, stretched about its median. */
export function logIntervalOf(parts: readonly Part[], widening: number): Interval {
  const interval = intervalAt((fraction) => mixtureQuantile(parts, fraction));
  return mapInterval(interval, (end) => interval.median + widening * (end - interval.median));
}

/** The same of the loss. */
export function intervalOf(parts: readonly Part[], widening: number): Interval {
  return mapInterval(logIntervalOf(parts, widening), Math.exp);
}

/** Median and 90 % interval of the loss of one more run of this design. */
export function predict({ laws, widening, largestCompute }: Posterior, design: Design): Interval {
  const parts = averaged(
    laws.map((law) => partsOf(law, largestCompute, design)),
    laws.map(({ weight }) => weight),
  );
  return intervalOf(parts, widening);
}
