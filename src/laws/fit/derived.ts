/** @file What follows from a law's numbers and is what people ask for, an exponent of allocation or a cutoff, with its interval. */

import type { Law } from "../../law/law.ts";
import { quantileOfSorted, sorted } from "../../math/statistics.ts";

/** `null`: no finite number, as the cutoff of a benefit that does not end. */
export type DerivedValue = {
  readonly value: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  /** False where a parameter that it reads is not: its value must not be quoted alone. */
  readonly identified: boolean;
  readonly unit: string;
};

/**
 * Each derived number at the fit, and between the quantiles of the refits that leave `level` between them; without bounds where it reads a
 * parameter that is not identified: refits from one optimum then stay near it whatever the data say.
 */
export function derivedOf(
  law: Law,
  theta: Float64Array,
  draws: readonly Float64Array[],
  level: number,
  isIdentified: (parameter: string) => boolean,
): Readonly<Record<string, DerivedValue>> {
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  const numbers = draws.map((draw) => law.natural(draw));
  return Object.fromEntries(
    (law.derived ?? []).map(({ name, unit, reads, of }) => {
      const value = of(law.natural(theta));
      const identified = reads.every(isIdentified);
      if (!identified) return [name, { value: finite(value), lo: null, hi: null, identified, unit }];
      const ascending = sorted(numbers.map(of));
      const end = (fraction: number) => nearest(ascending, fraction);
      const lo = Math.min(end((1 - level) / 2), value);
      const hi = Math.max(end((1 + level) / 2), value);
      return [name, { value: finite(value), lo: finite(lo), hi: finite(hi), identified, unit }];
    }),
  );
}

/** A quantile that may be infinite: between a number and infinity there is nothing to interpolate. */
function nearest(ascending: Float64Array, fraction: number): number {
  const quantile = quantileOfSorted(ascending, fraction);
  return Number.isNaN(quantile) ? ascending[Math.round(fraction * (ascending.length - 1))]! : quantile;
}
