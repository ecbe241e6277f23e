/** @file A law as its terms, L = E + (A N^-alpha + B D^-beta)^gamma, repeats and experts, and its loss. */

import type { Design } from "./law.ts";
import { effectiveRatio } from "./repeats.ts";

/** Natural numbers of one law. One of compute alone has C for N, and B = 0; one without a floor E = 0. */
export type Terms = {
  readonly floor: number;
  readonly a: number;
  readonly alpha: number;
  readonly b: number;
  readonly beta: number;
  readonly gamma: number;
  /** How soon repeated tokens, and parameters beyond distinct tokens, lose their worth (arXiv 2305.16264). */
  readonly dataDecay?: number;
  readonly sizeDecay?: number;
  /** Log loss gained per factor e of experts, and what a factor e of size takes off (arXiv 2202.01169). */
  readonly gain?: number;
  readonly gainLost?: number;
};

/** What the terms stand on: size and data, or compute in their place. */
export type Reads = "size and data" | "compute";

/** A design as terms read it, in natural logarithms. */
export type Place = {
  /** log N, or log C where the law reads compute. */
  readonly x: number;
  readonly y: number;
  /** Passes over the distinct tokens, at least 1. */
  readonly passes: number;
  /** Parameters over those that the distinct tokens can fill, at least 1. */
  readonly excess: number;
  readonly logExperts: number;
};

/** Tokens a parameter of a compute-optimal run, about: Hoffmann et al. 2022. */
export const OPTIMAL_RATIO = 20;

export function placeOf(design: Design, reads: Reads): Place {
  const unique = Math.min(design.unique ?? design.d, design.d);
  return {
    x: Math.log(reads === "compute" ? design.c : design.n),
    y: Math.log(design.d),
    passes: design.d / unique,
    excess: Math.max(1, design.n / (unique / OPTIMAL_RATIO)),
    logExperts: Math.log(design.experts ?? 1),
  };
}

/** log of the loss at a place. */
export function logLossAt(terms: Terms, place: Place): number {
  let { x, y } = place;
  if (terms.dataDecay !== undefined && (place.passes > 1 || place.excess > 1)) {
    y += Math.log(effectiveRatio(place.passes, terms.dataDecay) / place.passes);
    x += Math.log(effectiveRatio(place.excess, terms.sizeDecay!) / place.excess);
  }
  const sum = terms.a * Math.exp(-terms.alpha * x) + (terms.b > 0 ? terms.b * Math.exp(-terms.beta * y) : 0);
  const logLoss = Math.log(terms.floor + (terms.gamma === 1 ? sum : sum ** terms.gamma));
  if (terms.gain === undefined) return logLoss;
  return logLoss - place.logExperts * (terms.gain - terms.gainLost! * place.x);
}
