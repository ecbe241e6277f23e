/** @file The over-fitting law, Chinchilla's plus P R N / U: repeats first help and then hurt, the sooner the larger the model. */

import { type Law, logSumExp } from "../law.ts";
import { EXPONENTS, startsOnGrid } from "./projection.ts";

const TERMS = new Float64Array(4);

const formula = {
  covariates({ n, d, unique = d }) {
    // -Infinity on fresh data: the penalty is then exactly zero.
    const repeats = Math.max(d / unique - 1, 0);
    return Float64Array.of(Math.log(n), Math.log(d), Math.log((repeats * n) / unique));
  },
  logLoss(theta, x, gradient) {
    const logN = x[0]!;
    const logD = x[1]!;
    TERMS[0] = theta[0]! - theta[3]! * logN;
    TERMS[1] = theta[1]! - theta[4]! * logD;
    TERMS[2] = theta[2]!;
    TERMS[3] = theta[5]! + x[2]!;
    const value = logSumExp(TERMS);
    gradient[0] = TERMS[0]!;
    gradient[1] = TERMS[1]!;
    gradient[2] = TERMS[2]!;
    gradient[3] = -logN * TERMS[0]!;
    gradient[4] = -logD * TERMS[1]!;
    gradient[5] = TERMS[3]!;
    return value;
  },
} satisfies Pick<Law, "covariates" | "logLoss">;

/**
 * theta = (log A, log B, log E, alpha, beta, log P), R = D / U - 1 repeats of U distinct tokens. One coefficient, so that recipes
 * can be compared by it: strong weight decay is reported to cut it by about 70 %. Taken as the one-parameter form of the paper,
 * which also fits powers of R and of N / U; the exponents are 1 here.
 */
export const overfittingLaw: Law = {
  name: "overfitting",
  formula: "L(N, D, U) = E + A N^-alpha + B D^-beta + P (D / U - 1) N / U",
  source: "arXiv 2605.01640",
  parameters: [
    { name: "A", unit: "loss at N = 1", bounds: "> 0" },
    { name: "B", unit: "loss at D = 1", bounds: "> 0" },
    { name: "E", unit: "loss", bounds: "> 0" },
    { name: "alpha", unit: "none", bounds: "real, positive where loss falls" },
    { name: "beta", unit: "none", bounds: "real, positive where loss falls" },
    { name: "P", unit: "loss per repeat at N = U", bounds: "> 0" },
  ],
  uses: ["n", "d", "unique"],
  ...formula,
  natural: (theta) => Array.from(theta, (value, i) => (i === 3 || i === 4 ? value : Math.exp(value))),
  internal: (natural) =>
    Float64Array.from(natural, (value, i) => (i === 3 || i === 4 ? value : Math.log(value))),
  starts: (runs) =>
    startsOnGrid(formula, runs, {
      axes: [EXPONENTS, EXPONENTS],
      numTerms: 4,
      logTerms([alpha, beta], x, logTerms) {
        logTerms[0] = -alpha! * x[0]!;
        logTerms[1] = -beta! * x[1]!;
        logTerms[2] = 0;
        logTerms[3] = x[2]!;
      },
      theta: ([alpha, beta], [a, b, floor, penalty]) =>
        Float64Array.of(a!, b!, floor!, alpha!, beta!, penalty!),
    }),
};
