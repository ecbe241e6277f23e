/** @file The laws that a forecast weighs, terms relative to an anchor: few unknowns, nearly independent. */

import { gammaLaw } from "../../law/formulas/gamma.ts";
import { chinchillaLaw, computeLaw, tiedChinchillaLaw } from "../../law/formulas/power-laws.ts";
import type { Design, Law } from "../../law/law.ts";
import type { Reads, Terms } from "../../law/terms.ts";
import { median } from "../../math/statistics.ts";
import type { PriorName } from "./priors.ts";

/** A law as a forecast uses it, in units of the largest run. */
export type CandidateLaw = {
  readonly name: string;
  readonly formula: string;
  readonly reads: Reads;
  readonly unknowns: readonly PriorName[];
  /** Terms in units of the anchor, the loss 1 there; the level is left to the data. `u`: the unknowns. */
  readonly terms: (u: ArrayLike<number>) => Terms;
};

/** Both terms under one power; the exponents are those of the loss, `share` size's in the reducible part. */
function summed(floor: number, exponent: number, share: number, ratio: number, gamma: number): Terms {
  const tilt = Math.sqrt(ratio);
  const reducible = (1 - floor) ** (1 / gamma);
  return {
    floor,
    a: share * reducible,
    alpha: exponent / gamma / tilt,
    b: (1 - share) * reducible,
    beta: (exponent / gamma) * tilt,
    gamma,
  };
}

/** As the catalogue of laws calls it and writes it down. */
const called = ({ name, formula }: Law) => ({ name, formula });

const tied: CandidateLaw = {
  ...called(tiedChinchillaLaw),
  reads: "size and data",
  unknowns: ["floorShare", "exponent", "sizeShare"],
  terms: (u) => summed(u[0]!, u[1]!, u[2]!, 1, 1),
};

const chinchilla: CandidateLaw = {
  ...called(chinchillaLaw),
  reads: "size and data",
  unknowns: [...tied.unknowns, "exponentRatio"],
  terms: (u) => summed(u[0]!, u[1]!, u[2]!, u[3]!, 1),
};

const bent: CandidateLaw = {
  ...called(gammaLaw),
  reads: "size and data",
  unknowns: [...chinchilla.unknowns, "bend"],
  terms: (u) => summed(u[0]!, u[1]!, u[2]!, u[3]!, u[4]!),
};

/** For a ladder of one recipe, along which size and data say the same thing. */
const compute: CandidateLaw = {
  ...called(computeLaw),
  reads: "compute",
  unknowns: ["floorShare", "exponent"],
  terms: (u) => ({ floor: u[0]!, a: 1 - u[0]!, alpha: u[1]! / 2, b: 0, beta: 0, gamma: 1 }),
};

/** The same law over what repeated tokens, and parameters that the distinct ones cannot fill, are worth. */
function withRepeats(base: CandidateLaw): CandidateLaw {
  const first = base.unknowns.length;
  return {
    ...base,
    name: `${base.name}, repeats`,
    formula: `${base.formula}, N and D as they are worth with repeats`,
    unknowns: [...base.unknowns, "dataDecay", "sizeDecay"],
    terms: (u) => ({ ...base.terms(u), dataDecay: u[first]!, sizeDecay: u[first + 1]! }),
  };
}

/** The same law, lowered by experts, less so as the model grows. */
function withExperts(base: CandidateLaw): CandidateLaw {
  const first = base.unknowns.length;
  return {
    ...base,
    name: `${base.name}, experts`,
    formula: `log of (${base.formula}) - log(experts) (g - h log N)`,
    unknowns: [...base.unknowns, "expertGain", "expertGainLost"],
    terms: (u) => ({ ...base.terms(u), gain: u[first]!, gainLost: u[first + 1]! }),
  };
}

/** A design within this factor of the middle ratio D / N is of the ladder's recipe. */
export const SAME_RATIO = 1.5;
/** Share of the designs that have to be: a ladder's smallest rung often reads too few tokens. */
const LEAST_ALIKE = 0.75;

/**
 * Whether the designs are one recipe's ladder: size and data grow in one proportion, or at least along one
 * path, as where the smallest rungs of a campaign share the least width and differ in their tokens alone.
 */
export function isOneRecipe(designs: readonly Design[]): boolean {
  return isOnePath(designs) || isOneRatio(designs);
}

/** One design at each compute, of which neither size nor data ever fall as compute grows. */
function isOnePath(designs: readonly Design[]): boolean {
  const sorted = designs.toSorted((a, b) => a.c - b.c);
  return sorted.every((design, i) => {
    const before = sorted[i - 1] ?? design;
    const isSame = design.c === before.c;
    return isSame
      ? design.n === before.n && design.d === before.d
      : design.n >= before.n && design.d >= before.d;
  });
}

function isOneRatio(designs: readonly Design[]): boolean {
  const logs = designs.map(({ n, d }) => Math.log(d / n));
  const middle = median(logs);
  const alike = logs.filter((log) => Math.abs(log - middle) < Math.log(SAME_RATIO)).length;
  return alike >= LEAST_ALIKE * logs.length;
}

/** Whether some runs read their data more than once. */
export function repeatsData(runs: readonly Design[]): boolean {
  return runs.some(({ d, unique }) => unique !== undefined && unique < 0.999 * d);
}

export function hasExperts(runs: readonly Design[]): boolean {
  return runs.some(({ experts }) => experts !== undefined && experts > 1);
}

/** The laws that can tell something of these runs. */
export function candidateLawsFor(runs: readonly Design[]): readonly CandidateLaw[] {
  const plain = isOneRecipe(runs) ? [compute, tied] : [chinchilla, tied, bent];
  const repeated = repeatsData(runs) ? plain.map(withRepeats) : plain;
  return hasExperts(runs) ? repeated.map(withExperts) : repeated;
}
