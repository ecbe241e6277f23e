/** @file The Chinchilla law with an outer exponent: how the two shortages add up. */

import { falling, logSumExp, positive } from "../law.ts";
import { SIZE_EXPONENT } from "./power-laws.ts";
import { lawWithGrid } from "./starts.ts";

const INNER = new Float64Array(2);
const OUTER = new Float64Array(2);

/** Slopes of log(L - E) over log N and log D, gamma alpha and gamma beta; E over the lowest loss. */
const SLOPES = [0.1, 0.18, 0.3, 0.5, 0.8] as const;
const FLOOR_SHARES = [0.3, 0.6, 0.85] as const;

/**
 * theta = (log A, log B, log E, alpha, beta, log gamma). gamma = 1 is Chinchilla's law; towards 0 only the
 * larger shortage counts. Kaplan's law is E = 0, beta = 1. gamma shows only in runs far from the best D / N,
 * both ways.
 */
export const gammaLaw = lawWithGrid({
  name: "gamma",
  formula: "L(N, D) = E + (A N^-alpha + B D^-beta)^gamma",
  source: "arXiv 2502.08606, the law of a model trained without a teacher",
  parameters: [
    positive("A", "loss^(1 / gamma) at N = 1"),
    positive("B", "loss^(1 / gamma) at D = 1"),
    positive("E", "loss"),
    falling("alpha"),
    falling("beta"),
    positive("gamma", "none"),
  ],
  uses: ["n", "d"],
  covariates: ({ n, d }) => Float64Array.of(Math.log(n), Math.log(d)),
  logLoss(theta, x, gradient) {
    const gamma = Math.exp(theta[5]!);
    INNER[0] = theta[0]! - theta[3]! * x[0]!;
    INNER[1] = theta[1]! - theta[4]! * x[1]!;
    const bracket = logSumExp(INNER);
    OUTER[0] = gamma * bracket;
    OUTER[1] = theta[2]!;
    const value = logSumExp(OUTER);
    const size = OUTER[0]! * gamma * INNER[0]!;
    const data = OUTER[0]! * gamma * INNER[1]!;
    gradient[0] = size;
    gradient[1] = data;
    gradient[2] = OUTER[1]!;
    gradient[3] = -x[0]! * size;
    gradient[4] = -x[1]! * data;
    gradient[5] = OUTER[0]! * gamma * bracket;
    return value;
  },
  grid(runs) {
    const lowest = Math.min(...runs.map((run) => run.loss));
    return {
      axes: [SLOPES, SLOPES, [0.3, 0.6, 1], FLOOR_SHARES],
      numTerms: 2,
      logTerms([size, data, gamma], x, logTerms) {
        logTerms[0] = -(size! / gamma!) * x[0]!;
        logTerms[1] = -(data! / gamma!) * x[1]!;
      },
      logTarget: (logLoss, [, , gamma, share]) => Math.log(Math.exp(logLoss) - share! * lowest) / gamma!,
      theta: ([size, data, gamma, share], [a, b]) =>
        Float64Array.of(a!, b!, Math.log(share! * lowest), size! / gamma!, data! / gamma!, Math.log(gamma!)),
    };
  },
  derived: [SIZE_EXPONENT],
});
