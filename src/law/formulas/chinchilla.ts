/** @file The Chinchilla law, L(N, D) = E + A N^-alpha + B D^-beta: loss against size and data apart. */

import { type Law, logSumExp } from "../law.ts";
import { EXPONENTS, startsOnGrid } from "./projection.ts";

const TERMS = new Float64Array(3);

const formula = {
  covariates: ({ n, d }) => Float64Array.of(Math.log(n), Math.log(d)),
  logLoss(theta, x, gradient) {
    const logN = x[0]!;
    const logD = x[1]!;
    TERMS[0] = theta[0]! - theta[3]! * logN;
    TERMS[1] = theta[1]! - theta[4]! * logD;
    TERMS[2] = theta[2]!;
    const value = logSumExp(TERMS);
    gradient[0] = TERMS[0]!;
    gradient[1] = TERMS[1]!;
    gradient[2] = TERMS[2]!;
    gradient[3] = -logN * TERMS[0]!;
    gradient[4] = -logD * TERMS[1]!;
    return value;
  },
} satisfies Pick<Law, "covariates" | "logLoss">;

/**
 * theta = (log A, log B, log E, alpha, beta): Hoffmann et al. 2022, approach 3, as refitted by Besiroglu et al. 2024. A ladder
 * at one ratio D / N cannot tell A from B; only forecasts at that ratio are then determined.
 */
export const chinchillaLaw: Law = {
  name: "chinchilla",
  formula: "L(N, D) = E + A N^-alpha + B D^-beta",
  source: "arXiv 2203.15556, arXiv 2404.10102",
  parameters: [
    { name: "A", unit: "loss at N = 1", bounds: "> 0" },
    { name: "B", unit: "loss at D = 1", bounds: "> 0" },
    { name: "E", unit: "loss", bounds: "> 0" },
    { name: "alpha", unit: "none", bounds: "real, positive where loss falls" },
    { name: "beta", unit: "none", bounds: "real, positive where loss falls" },
  ],
  uses: ["n", "d"],
  ...formula,
  natural: (theta) => [Math.exp(theta[0]!), Math.exp(theta[1]!), Math.exp(theta[2]!), theta[3]!, theta[4]!],
  internal: ([a, b, floor, alpha, beta]) =>
    Float64Array.of(Math.log(a!), Math.log(b!), Math.log(floor!), alpha!, beta!),
  starts: (runs) =>
    startsOnGrid(formula, runs, {
      axes: [EXPONENTS, EXPONENTS],
      numTerms: 3,
      logTerms([alpha, beta], x, logTerms) {
        logTerms[0] = -alpha! * x[0]!;
        logTerms[1] = -beta! * x[1]!;
        logTerms[2] = 0;
      },
      theta: ([alpha, beta], [a, b, floor]) => Float64Array.of(a!, b!, floor!, alpha!, beta!),
    }),
  derived: [
    {
      name: "beta / (alpha + beta)",
      unit: "exponent of the best N in C",
      reads: ["alpha", "beta"],
      of: ([, , , alpha, beta]) => beta! / (alpha! + beta!),
    },
  ],
};
