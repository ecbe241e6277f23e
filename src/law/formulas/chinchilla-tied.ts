/** @file The Chinchilla law with one exponent, L(N, D) = E + A N^-alpha + B D^-alpha: the best ratio D / N is the same at every scale. */

import { type Law, logSumExp } from "../law.ts";
import { EXPONENTS, startsOnGrid } from "./projection.ts";

const TERMS = new Float64Array(3);

const formula = {
  covariates: ({ n, d }) => Float64Array.of(Math.log(n), Math.log(d)),
  logLoss(theta, x, gradient) {
    const logN = x[0]!;
    const logD = x[1]!;
    TERMS[0] = theta[0]! - theta[3]! * logN;
    TERMS[1] = theta[1]! - theta[3]! * logD;
    TERMS[2] = theta[2]!;
    const value = logSumExp(TERMS);
    gradient[0] = TERMS[0]!;
    gradient[1] = TERMS[1]!;
    gradient[2] = TERMS[2]!;
    gradient[3] = -logN * TERMS[0]! - logD * TERMS[1]!;
    return value;
  },
} satisfies Pick<Law, "covariates" | "logLoss">;

/**
 * theta = (log A, log B, log E, alpha). At the optimum D / N = (B / A)^(1 / alpha), whatever the budget. For tables whose N and D
 * spread too little to tell two exponents apart, which is most small ladders.
 */
export const tiedChinchillaLaw: Law = {
  name: "chinchilla-tied",
  formula: "L(N, D) = E + A N^-alpha + B D^-alpha",
  source: "arXiv 2203.15556 with alpha = beta, as in arXiv 2305.16264, appendix A",
  parameters: [
    { name: "A", unit: "loss at N = 1", bounds: "> 0" },
    { name: "B", unit: "loss at D = 1", bounds: "> 0" },
    { name: "E", unit: "loss", bounds: "> 0" },
    { name: "alpha", unit: "none", bounds: "real, positive where loss falls" },
  ],
  uses: ["n", "d"],
  ...formula,
  natural: (theta) => [Math.exp(theta[0]!), Math.exp(theta[1]!), Math.exp(theta[2]!), theta[3]!],
  internal: ([a, b, floor, alpha]) => Float64Array.of(Math.log(a!), Math.log(b!), Math.log(floor!), alpha!),
  starts: (runs) =>
    startsOnGrid(formula, runs, {
      axes: [EXPONENTS],
      numTerms: 3,
      logTerms([alpha], x, logTerms) {
        logTerms[0] = -alpha! * x[0]!;
        logTerms[1] = -alpha! * x[1]!;
        logTerms[2] = 0;
      },
      theta: ([alpha], [a, b, floor]) => Float64Array.of(a!, b!, floor!, alpha!),
    }),
  derived: [
    {
      name: "best D / N",
      unit: "tokens per parameter",
      reads: ["A", "B", "alpha"],
      of: ([a, b, , alpha]) => (b! / a!) ** (1 / alpha!),
    },
  ],
};
