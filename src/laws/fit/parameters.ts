/** @file The numbers of a fitted law and what follows from them, with intervals; which are identified. */

import type { Law, Run } from "../../law/law.ts";
import { type Interval, intervalAround } from "../../math/interval.ts";
import { quantile, standardDeviation } from "../../math/statistics.ts";
import { bootstrapFit } from "./bootstrap.ts";
import { type Fit, fitLaw, numDistinct } from "./fit.ts";
import { SMALL_LADDER_LOSS } from "./loss.ts";
import type { ProfileEnds } from "./profile.ts";

/** Share of the truth that an interval is meant to hold. */
export const LEVEL = 0.9;

/** One number of the formula; an end is infinite where the data set no limit on that side. */
export type FittedParameter = Interval & {
  /**
   * Standard deviation over refits, or half the width of their middle 68 % where strays decide it; null where
   * a side is open, for it would be that of the search's own limits.
   */
  readonly standardError: number | null;
  /** False where the fit is about as good however far the parameter is moved to one side. */
  readonly identified: boolean;
  readonly unit: string;
  /** The interval of the profile likelihood, beside that of the bootstrap. */
  readonly profile: ProfileEnds;
};

/** May be infinite, as the cutoff of a benefit that does not end. */
export type DerivedValue = Interval & {
  /** False where a parameter that it reads is not: its value must not be quoted alone. */
  readonly identified: boolean;
  readonly unit: string;
};

/** In internal parameters: refits beyond this have run away along a direction that the data do not limit. */
const RUNAWAY = 20;

/** Parameter `index` over the refits; a side is open where the profile is, or where refits ran away. */
export function fittedParameter(
  { law, theta, parameters }: Fit,
  index: number,
  draws: readonly Float64Array[],
  profile: ProfileEnds,
): FittedParameter {
  const { name, unit } = law.parameters[index]!;
  const naturalAt = (internal: number) =>
    law.natural(theta.map((own, k) => (k === index ? internal : own)))[index]!;
  const endAt = (end: number) => (Number.isFinite(end) ? naturalAt(end) : end);
  const refits = draws.map((draw) => draw[index]!);
  const interval = intervalAround(theta[index]!, refits);
  const isLimited = (side: "lo" | "hi") =>
    Number.isFinite(profile[side]) && Math.abs(interval[side] - theta[index]!) <= RUNAWAY;
  const lo = isLimited("lo") ? naturalAt(interval.lo) : -Infinity;
  const hi = isLimited("hi") ? naturalAt(interval.hi) : Infinity;
  const identified = isLimited("lo") && isLimited("hi");
  return {
    median: parameters[name]!,
    lo,
    hi,
    standardError: identified ? spreadOf(refits.map(naturalAt)) : null,
    identified,
    unit,
    profile: { lo: endAt(profile.lo), hi: endAt(profile.hi) },
  };
}

/** With refits that ran away the standard deviation says nothing: it is this much wider than their middle. */
const STRAY_SPREAD = 2;

/** Standard deviation, or half the middle 68 % where strays would decide it; published errors are plain. */
function spreadOf(values: readonly number[]): number {
  const plain = standardDeviation(values);
  const robust = (quantile(values, 0.8413) - quantile(values, 0.1587)) / 2;
  return plain > STRAY_SPREAD * robust ? robust : plain;
}

/**
 * Each derived number at the fit with the interval of the refits; without ends where it reads a parameter
 * that is not identified: refits from one optimum then stay near it whatever the data say.
 */
export function derivedOf(
  law: Law,
  theta: Float64Array,
  draws: readonly Float64Array[],
  isIdentified: (parameter: string) => boolean,
): Readonly<Record<string, DerivedValue>> {
  const refits = draws.map((draw) => law.natural(draw));
  return Object.fromEntries(
    (law.derived ?? []).map(({ name, unit, reads, of }) => {
      const median = of(law.natural(theta));
      const identified = reads.every(isIdentified);
      const open = { median, lo: -Infinity, hi: Infinity };
      return [name, { ...(identified ? intervalAround(median, refits.map(of)) : open), identified, unit }];
    }),
  );
}

export type ParameterInterval = Interval & { readonly name: string; readonly unit: string };

const NUM_RESAMPLES = 100;

/**
 * For the reader of a small ladder: the best fit as the median, the 5 % and 95 % quantiles of refits to
 * resampled residuals. Empty with too few runs.
 */
export function parameterIntervals(law: Law, runs: readonly Run[]): readonly ParameterInterval[] {
  if (numDistinct(runs) < law.parameters.length + 1) return [];
  const best = fitLaw(law, runs, { loss: SMALL_LADDER_LOSS });
  const named = runs.map((run, i) => ({ ...run, run: `run ${i}` }));
  const options = { resampling: "residual", numResamples: NUM_RESAMPLES, seed: 0 } as const;
  const refits = bootstrapFit(best, named, options).map((theta) => law.natural(theta));
  return law.parameters.map(({ name, unit }, j) => {
    const values = refits.map((natural) => natural[j]!);
    return { name, unit, ...intervalAround(best.parameters[name]!, values) };
  });
}
