/** @file Laws as surfaces over size and data, relative to an anchor run: what of them is unknown, and what is believed of it. */

import type { Design } from "../../law/law.ts";
import { effectiveRatio } from "../../law/repeats.ts";
import {
  BEND,
  type Belief,
  DATA_DECAY,
  EXPERT_GAIN,
  EXPERT_LOSS,
  EXPONENT,
  EXPONENT_RATIO,
  floorBelief,
  POWER,
  SIZE_DECAY,
  SLOPE,
  sizeShareBelief,
  USUAL_RATIO,
  type Vantage,
} from "./belief.ts";

/** A belief, given where the table is looked at from. */
type BeliefAt = (vantage: Vantage) => Belief;

/** A design seen from an anchor run, computed once: a surface is asked about the same runs thousands of times. */
export type Spot = {
  /** log of N, D and C over the anchor's. */
  readonly n: number;
  readonly d: number;
  readonly c: number;
  /** Passes over the distinct tokens, at least 1. */
  readonly passes: number;
  /** Parameters over those that the distinct tokens can fill, at least 1. */
  readonly excess: number;
  readonly logExperts: number;
};

export function spotOf(design: Design, anchor: Design): Spot {
  const unique = Math.min(design.unique ?? design.d, design.d);
  return {
    n: Math.log(design.n / anchor.n),
    d: Math.log(design.d / anchor.d),
    c: Math.log(design.c / anchor.c),
    passes: design.d / unique,
    excess: Math.max(1, design.n / (unique / USUAL_RATIO)),
    logExperts: Math.log(design.experts ?? 1),
  };
}

export type Surface = {
  readonly name: string;
  readonly formula: string;
  /** Belief in it before the table is seen, against 1 for Chinchilla's form. */
  readonly prior: number;
  readonly unknowns: readonly BeliefAt[];
  /** log of L(spot) / L(anchor) at values u of the unknowns; the level L(anchor) is left to the data. */
  readonly logRatio: (spot: Spot, u: Float64Array) => number;
};

const always =
  (belief: Belief): BeliefAt =>
  () =>
    belief;

/** Both terms of the reducible loss, as shares of it at the anchor. */
function reducible(spot: Spot, alpha: number, beta: number, share: number): number {
  return share * Math.exp(-alpha * spot.n) + (1 - share) * Math.exp(-beta * spot.d);
}

/** u = floor share, exponent, size share. Chinchilla with alpha = beta. */
const tied: Surface = {
  name: "chinchilla-tied",
  formula: "L = E + A N^-alpha + B D^-alpha",
  prior: 1,
  unknowns: [floorBelief, always(EXPONENT), sizeShareBelief],
  logRatio: (spot, u) => Math.log(u[0]! + (1 - u[0]!) * reducible(spot, u[1]!, u[1]!, u[2]!)),
};

/** u = floor share, mean exponent, size share, beta / alpha. */
const chinchilla: Surface = {
  name: "chinchilla",
  formula: "L = E + A N^-alpha + B D^-beta",
  prior: 1,
  unknowns: [...tied.unknowns, always(EXPONENT_RATIO)],
  logRatio(spot, u) {
    const tilt = Math.sqrt(u[3]!);
    return Math.log(u[0]! + (1 - u[0]!) * reducible(spot, u[1]! / tilt, u[1]! * tilt, u[2]!));
  },
};

/** u = those of chinchilla, and the power on the sum; the exponents are those seen in the loss. */
const bent: Surface = {
  name: "gamma",
  formula: "L = E + (A N^-alpha + B D^-beta)^gamma",
  prior: 1,
  unknowns: [...chinchilla.unknowns, always(BEND)],
  logRatio(spot, u) {
    const tilt = Math.sqrt(u[3]!);
    const inner = u[1]! / u[4]!;
    return Math.log(
      u[0]! + (1 - u[0]!) * Math.exp(u[4]! * Math.log(reducible(spot, inner / tilt, inner * tilt, u[2]!))),
    );
  },
};

/** u = slope of log loss over log size or data, size share, beta / alpha, the power on the sum. No floor. */
const floorless: Surface = {
  name: "kaplan",
  formula: "L = (A N^-alpha + B D^-beta)^gamma",
  // Every large table at hand has a floor.
  prior: 0.2,
  unknowns: [always(SLOPE), sizeShareBelief, always(EXPONENT_RATIO), always(POWER)],
  logRatio(spot, u) {
    const tilt = Math.sqrt(u[2]!);
    const inner = u[0]! / u[3]!;
    return u[3]! * Math.log(reducible(spot, inner / tilt, inner * tilt, u[1]!));
  },
};

/** For a ladder of one recipe, along which size and data say the same thing. u = floor share, exponent. */
const compute: Surface = {
  name: "compute",
  formula: "L = E + a C^-b",
  prior: 1,
  unknowns: [floorBelief, always(EXPONENT)],
  logRatio: (spot, u) => Math.log(u[0]! + (1 - u[0]!) * Math.exp((-u[1]! / 2) * spot.c)),
};

/** The same without a floor. u = exponent. */
const power: Surface = {
  name: "power",
  formula: "L = a C^-b",
  prior: floorless.prior,
  unknowns: [always(SLOPE)],
  logRatio: (spot, u) => (-u[0]! / 2) * spot.c,
};

/** The same law over what repeated tokens, and parameters that the distinct ones cannot fill, are worth. */
function withRepeats(base: Surface): Surface {
  const first = base.unknowns.length;
  return {
    name: `${base.name}, repeats`,
    formula: `${base.formula}, N and D as they are worth with repeats`,
    prior: base.prior,
    unknowns: [...base.unknowns, always(DATA_DECAY), always(SIZE_DECAY)],
    logRatio(spot, u) {
      if (spot.passes <= 1 && spot.excess <= 1) return base.logRatio(spot, u);
      const d = spot.d + Math.log(effectiveRatio(spot.passes, u[first]!) / spot.passes);
      const n = spot.n + Math.log(effectiveRatio(spot.excess, u[first + 1]!) / spot.excess);
      return base.logRatio({ ...spot, n, d }, u);
    },
  };
}

/** The same law, lowered by experts, less so as the model grows. */
function withExperts(base: Surface): Surface {
  const first = base.unknowns.length;
  return {
    name: `${base.name}, experts`,
    formula: `log of (${base.formula}) - log(experts) (g - h log N)`,
    prior: base.prior,
    unknowns: [...base.unknowns, always(EXPERT_GAIN), always(EXPERT_LOSS)],
    logRatio: (spot, u) => base.logRatio(spot, u) - spot.logExperts * (u[first]! - u[first + 1]! * spot.n),
  };
}

/** Standard deviation of log10(D / N) below which a table is one recipe's ladder. */
const ONE_RATIO = 0.08;

/** Whether size and data grow in one proportion over all runs: one recipe's ladder. */
export function isOneRecipe(runs: readonly Design[]): boolean {
  const ratios = runs.map(({ n, d }) => Math.log10(d / n));
  const centre = ratios.reduce((sum, x) => sum + x, 0) / ratios.length;
  return Math.sqrt(ratios.reduce((sum, x) => sum + (x - centre) ** 2, 0) / ratios.length) < ONE_RATIO;
}

/** Whether some runs read their data more than once. */
export function repeatsData(runs: readonly Design[]): boolean {
  return runs.some(({ d, unique }) => unique !== undefined && unique < 0.999 * d);
}

export function hasExperts(runs: readonly Design[]): boolean {
  return runs.some(({ experts }) => experts !== undefined && experts > 1);
}

/** The surfaces that can tell something of these runs. */
export function surfacesFor(runs: readonly Design[]): readonly Surface[] {
  const plain = isOneRecipe(runs) ? [compute, power] : [chinchilla, tied, bent, floorless];
  const repeated = repeatsData(runs) ? plain.map(withRepeats) : plain;
  return hasExperts(runs) ? repeated.map(withExperts) : repeated;
}
