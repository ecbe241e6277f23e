/** @file A posterior's laws as surfaces of log loss: one in expectation, and draws that are as likely. */

import { UserError } from "../errors.ts";
import { formatFlops } from "../units/print.ts";
import type { Design } from "./law.ts";
import { type LossOverND, type LossSurface, optimumOn } from "./optimum.ts";
import { type LawPosterior, type Posterior, termsOf } from "./posterior.ts";
import { logLossAt, type Place, placeOf, type Reads, type Terms } from "./terms.ts";

/** One law that the runs leave possible. */
export type LikelyLaw = { readonly reads: Reads; readonly terms: Terms };

/** Enough for the mean, and for the ends of a 90 % interval to about a tenth of its width. */
const NUM_LIKELY = 256;

/** Equally likely laws, by taking every so much weight one from the list of all draws: nothing is random. */
export function likelyLaws(laws: readonly LawPosterior[]): readonly LikelyLaw[] {
  const all = laws.flatMap((law) =>
    law.draws.weight.map((weight, i) => ({ law, i, weight: law.weight * weight })),
  );
  const step = all.reduce((sum, { weight }) => sum + weight, 0) / NUM_LIKELY;
  const likely: LikelyLaw[] = [];
  let passed = 0;
  for (const { law, i, weight } of all) {
    passed += weight;
    while (likely.length < NUM_LIKELY && (likely.length + 0.5) * step < passed)
      likely.push({ reads: law.reads, terms: termsOf(law, i) });
  }
  return likely;
}

function placeAt(reads: Reads, k: number, logN: number, logD: number, unique: number): Place {
  const [n, d] = [Math.exp(logN), Math.exp(logD)];
  return placeOf({ n, d, c: k * n * d, unique: Math.min(unique, d) }, reads);
}

/** A likely law as a surface; `k`: C / (N D). */
export function surfaceOf({ reads, terms }: LikelyLaw, k: number): LossSurface {
  return (unique = Infinity) =>
    (logN, logD) =>
      logLossAt(terms, placeAt(reads, k, logN, logD, unique));
}

/** Each likely law as a surface. */
export function likelySurfaces(posterior: Posterior): readonly LossSurface[] {
  return likelyLaws(posterior.laws).map((likely) => surfaceOf(likely, posterior.flopsPerParameterToken));
}

/**
 * Expected log loss, without drift and scatter: its lowest point at a budget is the use of it that is best in
 * expectation. `unique`: the distinct tokens on hand.
 */
export function expectedSurface(posterior: Posterior, unique = Infinity): LossOverND {
  const likely = likelyLaws(posterior.laws);
  return (logN, logD) => {
    const place = placeAt("size and data", posterior.flopsPerParameterToken, logN, logD, unique);
    let sum = 0;
    for (const { reads, terms } of likely)
      sum += logLossAt(
        terms,
        reads === "compute"
          ? { ...place, x: Math.log(posterior.flopsPerParameterToken) + logN + logD }
          : place,
      );
    return sum / likely.length;
  };
}

/** The design of least expected log loss at a budget; where all runs share a ratio D / N, that one. */
export function designAt(posterior: Posterior, compute: number): Design {
  const { flopsPerParameterToken, recipeRatio } = posterior;
  if (recipeRatio !== null) {
    const n = Math.sqrt(compute / (flopsPerParameterToken * recipeRatio));
    return { n, d: recipeRatio * n, c: compute };
  }
  const best = optimumOn(expectedSurface(posterior), Math.log(compute / flopsPerParameterToken));
  if (best.interior) return { n: Math.exp(best.logN), d: Math.exp(best.logD), c: compute };
  throw new UserError(
    `runs by which all of ${formatFlops(compute)} would go to ${best.logN > best.logD ? "size" : "tokens"}`,
    "loss that falls with N and with D",
    "say how large the run is: --params and --tokens; or add runs that differ in both",
  );
}
