/** @file The data-constrained law: Chinchilla's on effective size and data, when distinct tokens run out. */

import { significant } from "../../units/print.ts";
import { logSumExp, positive } from "../law.ts";
import { effectiveRatio, effectiveRatioSlope } from "../repeats.ts";
import { withGiven } from "./given.ts";
import { EXPONENTS, lawWithGrid } from "./starts.ts";

// Muennighoff et al. 2023 (arXiv 2305.16264): L = E + A / N'^alpha + B / D'^beta. With U_D distinct tokens,
// D' = U_D (1 + R_D* (1 - e^(-R_D / R_D*))), R_D = D / U_D - 1, and the same for size, where U_N is the size
// that U_D tokens are compute-optimal for: A alpha N^-alpha = B beta D^-beta, so log U_N = (log(A alpha / B
// beta) + beta log U_D) / alpha.

/** The base that Muennighoff et al. froze: a tied fit to 54 points of Chinchilla's C4 figure, in logs. */
export const C4_BASE = {
  A: Math.exp(6.255414),
  B: Math.exp(7.3049974),
  E: Math.exp(0.6254804),
  alpha: 0.3526596,
  beta: 0.3526596,
} as const;

/** From a few passes to more than any table holds: the valley in R_D* is flat, its ends two minima. */
const DECAYS_TO_TRY = { data: [2, 5, 15, 60, 300], size: [1.5, 5, 20] } as const;

/** log(N / U_N) beyond which more excess is worth nothing; it keeps e^excess a number. */
const MOST_EXCESS = 100;

const TERMS = new Float64Array(3);

/**
 * All seven numbers from one table: theta = their logarithms. It wants runs on fresh data as well as repeats
 * of one to sixteen passes and more, over several sizes. It is monotone: runs that repeats made worse are
 * beyond it (see overfitting).
 */
export const dataConstrainedLaw = lawWithGrid({
  name: "data-constrained",
  formula:
    "L(N, D, U) = E + A N'^-alpha + B D'^-beta, D' = U (1 + R_D* (1 - e^((1 - D / U) / R_D*))), N' " +
    "alike around the size optimal for U",
  source: "arXiv 2305.16264, equations 5 and 6",
  parameters: [
    positive("A", "loss at N = 1"),
    positive("B", "loss at D = 1"),
    positive("E", "loss"),
    positive("alpha", "none"),
    positive("beta", "none"),
    positive("R_D*", "repeats of the data"),
    positive("R_N*", "repeats of the size"),
  ],
  uses: ["n", "d", "unique"],
  covariates: ({ n, d, unique = d }) =>
    Float64Array.of(Math.log(n), Math.log(d), Math.log(Math.min(unique, d))),
  logLoss(theta, x, gradient) {
    const alpha = Math.exp(theta[3]!);
    const beta = Math.exp(theta[4]!);
    const decayData = Math.exp(theta[5]!);
    const decaySize = Math.exp(theta[6]!);
    const data = Math.exp(x[1]! - x[2]!);
    const effectiveData = effectiveRatio(data, decayData);
    const logOptimal = (theta[0]! + theta[3]! - theta[1]! - theta[4]! + beta * x[2]!) / alpha;
    // A model below the optimal size has no excess: then U_N = N and the law does not read it.
    const logUnit = Math.min(x[0]!, Math.max(logOptimal, x[0]! - MOST_EXCESS));
    const size = Math.exp(x[0]! - logUnit);
    const effectiveSize = effectiveRatio(size, decaySize);
    const logSize = logUnit + Math.log(effectiveSize);
    const logData = x[2]! + Math.log(effectiveData);
    TERMS[0] = theta[0]! - alpha * logSize;
    TERMS[1] = theta[1]! - beta * logData;
    TERMS[2] = theta[2]!;
    const value = logSumExp(TERMS);
    const fromSize = TERMS[0]!;
    const fromData = TERMS[1]!;
    // d logSize / d logUnit at fixed N: a larger unit is worth more, but leaves fewer repeats.
    const perUnit = size > 1 ? 1 - (size * Math.exp(-(size - 1) / decaySize)) / effectiveSize : 0;
    const unit = logUnit === logOptimal ? -alpha * fromSize * perUnit : 0;
    gradient[0] = fromSize + unit / alpha;
    gradient[1] = fromData - unit / alpha;
    gradient[2] = TERMS[2]!;
    gradient[3] = -alpha * logSize * fromSize + unit * (1 / alpha - logOptimal);
    gradient[4] = -beta * logData * fromData + (unit * (beta * x[2]! - 1)) / alpha;
    gradient[5] = (-beta * fromData * effectiveRatioSlope(data, decayData)) / effectiveData;
    gradient[6] = (-alpha * fromSize * effectiveRatioSlope(size, decaySize)) / effectiveSize;
    return value;
  },
  grid: () => ({
    axes: [
      EXPONENTS.filter((_, i) => i % 2 === 1),
      EXPONENTS.filter((_, i) => i % 2 === 1),
      DECAYS_TO_TRY.data,
      [5],
    ],
    numTerms: 3,
    // The excess of size is left out here: its unit depends on the coefficients that are being solved for.
    logTerms([alpha, beta, decay], x, logTerms) {
      logTerms[0] = -alpha! * x[0]!;
      logTerms[1] = -beta! * (x[2]! + Math.log(effectiveRatio(Math.exp(x[1]! - x[2]!), decay!)));
      logTerms[2] = 0;
    },
    theta: ([alpha, beta, decayData, decaySize], [a, b, floor]) =>
      Float64Array.of(
        a!,
        b!,
        floor!,
        Math.log(alpha!),
        Math.log(beta!),
        Math.log(decayData!),
        Math.log(decaySize!),
      ),
  }),
});

const C4_BASE_TEXT = Object.entries(C4_BASE)
  .map(([name, value]) => `${name} = ${significant(value, 4)}`)
  .join(", ");

/** The two decays alone over the published C4 base: the published answer, on losses of its kind. */
export const c4RepeatsLaw = withGiven(dataConstrainedLaw, C4_BASE, {
  name: "data-constrained-c4",
  formula: `${dataConstrainedLaw.formula}; ${C4_BASE_TEXT} given`,
  source: "arXiv 2305.16264, equations 16 and 17",
  starts: () =>
    DECAYS_TO_TRY.data.flatMap((data) =>
      DECAYS_TO_TRY.size.map((size) => Float64Array.of(Math.log(data), Math.log(size))),
    ),
});
