/** @file The best model when distinct tokens run out: what repeats are worth, and the optimum under it. */

import { bestSize, type LawTerms, lossAt } from "../scaling-law.ts";

/** How soon repeated tokens, and parameters beyond what the tokens deserve, stop helping: R_D* and R_N*. */
export type Repetition = {
  readonly tokens: number;
  readonly parameters: number;
};

/** Muennighoff et al. (arXiv 2305.16264), as they print it. */
export const PUBLISHED: Repetition = { tokens: 15.4, parameters: 5.3 };

/**
 * Their 182 runs do not tell these apart: the objective at its best for each is within 1.3 % of the published one's (docs/laws.md). Answers
 * are given over all of them.
 */
export const AS_GOOD: readonly Repetition[] = [
  { tokens: 6.5, parameters: 12.6 },
  PUBLISHED,
  { tokens: 95.4, parameters: 1.71 },
  { tokens: Infinity, parameters: 0.741 },
];

/** Up to so many passes repeats are worth nearly what fresh tokens are (same paper). */
export const NEARLY_FREE_EPOCHS = 4;

export type Optimum = {
  readonly n: number;
  readonly d: number;
  readonly loss: number;
};

/** The best size and tokens for `compute` = k N D when all tokens are fresh. */
export function freeOptimum(terms: LawTerms, compute: number, k: number): Optimum {
  const n = bestSize(terms, compute, k);
  const d = compute / (k * n);
  return { n, d, loss: lossAt(terms, n, d) };
}

/** The size whose optimum trains on this many tokens: A alpha N^-alpha = B beta D^-beta solved for N. */
export function deservedSize({ logA, logB, alpha, beta }: LawTerms, tokens: number): number {
  return Math.exp((logA + Math.log(alpha) - logB - Math.log(beta) + beta * Math.log(tokens)) / alpha);
}

/** FLOPs at which the optimum wants this many tokens. */
export function computeThatWants(terms: LawTerms, tokens: number, k: number): number {
  return k * deservedSize(terms, tokens) * tokens;
}

/** An amount of which `unique` counts in full: 1 + R (1 - e^(-(ratio - 1) / R)) times it, equations 5 and 6 of the paper. */
export function worthOf(amount: number, unique: number, decay: number): number {
  if (amount <= unique || decay === Infinity) return amount;
  return unique * (1 - decay * Math.expm1(-(amount / unique - 1) / decay));
}

/** Passes after which another one is worth a hundredth of the first: the derivative of `worthOf` is e^(-(passes - 1) / R). */
export function wornOutEpochs({ tokens }: Repetition): number {
  return 1 + tokens * Math.log(100);
}

/** The best size and tokens when only `unique` tokens are distinct. */
export function limitedOptimum(
  terms: LawTerms,
  compute: number,
  k: number,
  unique: number,
  { tokens, parameters }: Repetition,
): Optimum {
  const free = freeOptimum(terms, compute, k);
  if (free.d <= unique) return free;
  const deserved = deservedSize(terms, unique);
  const at = (logN: number) => {
    const n = Math.exp(logN);
    const d = compute / (k * n);
    return lossAt(terms, worthOf(n, deserved, parameters), worthOf(d, unique, tokens));
  };
  // Either may have to give way: repeats lose worth, and so do parameters beyond what the tokens deserve.
  const logN = lowest(at, Math.log(free.n) - 7, Math.log(compute / (k * unique)) + 1);
  const n = Math.exp(logN);
  return { n, d: compute / (k * n), loss: at(logN) };
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;
const NUM_LOOKS = 24;

/** A look at even distances, then golden section around the lowest. */
function lowest(at: (x: number) => number, from: number, to: number): number {
  const step = (to - from) / NUM_LOOKS;
  const looks = Array.from({ length: NUM_LOOKS + 1 }, (_, i) => at(from + i * step));
  const best = looks.indexOf(Math.min(...looks));
  let [a, b] = [from + Math.max(0, best - 1) * step, from + Math.min(NUM_LOOKS, best + 1) * step];
  while (b - a > 1e-4) {
    const [x1, x2] = [b - GOLDEN * (b - a), a + GOLDEN * (b - a)];
    if (at(x1) <= at(x2)) b = x2;
    else a = x1;
  }
  return (a + b) / 2;
}
