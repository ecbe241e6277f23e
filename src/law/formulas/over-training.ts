/** @file The over-training law, L(C, M) = E + (a M^eta + b M^-eta) C^-eta: loss against compute at any ratio of tokens to parameters. */

import { type Law, logSumExp } from "../law.ts";
import { EXPONENTS, startsOnGrid } from "./projection.ts";

const TERMS = new Float64Array(3);

const formula = {
  covariates: ({ n, d, c }) => Float64Array.of(Math.log(c), Math.log(d / n)),
  logLoss(theta, x, gradient) {
    const [perSize, perToken] = [x[1]! - x[0]!, -x[1]! - x[0]!];
    TERMS[0] = theta[0]! + theta[3]! * perSize;
    TERMS[1] = theta[1]! + theta[3]! * perToken;
    TERMS[2] = theta[2]!;
    const value = logSumExp(TERMS);
    gradient[0] = TERMS[0]!;
    gradient[1] = TERMS[1]!;
    gradient[2] = TERMS[2]!;
    gradient[3] = perSize * TERMS[0]! + perToken * TERMS[1]!;
    return value;
  },
} satisfies Pick<Law, "covariates" | "logLoss">;

/**
 * theta = (log a, log b, log E, eta), M = D / N. With C = 6 N D it is the Chinchilla law with one exponent alpha = 2 eta, since
 * N = (C / 6 M)^(1/2) and D = (C M / 6)^(1/2): A = a 6^-eta and B = b 6^-eta. Written so, ladders of different M are parallel
 * lines in log(L - E) against log C, and the cheapest M is (b / a)^(1 / 2 eta).
 */
export const overTrainingLaw: Law = {
  name: "over-training",
  formula: "L(C, M) = E + (a M^eta + b M^-eta) C^-eta, M = D / N",
  source: "arXiv 2403.08540, equation 4",
  parameters: [
    { name: "a", unit: "loss at C = 1 and M = 1, from size", bounds: "> 0" },
    { name: "b", unit: "loss at C = 1 and M = 1, from data", bounds: "> 0" },
    { name: "E", unit: "loss", bounds: "> 0" },
    { name: "eta", unit: "none", bounds: "real, positive where loss falls" },
  ],
  uses: ["n", "d", "c"],
  ...formula,
  natural: (theta) => [Math.exp(theta[0]!), Math.exp(theta[1]!), Math.exp(theta[2]!), theta[3]!],
  internal: ([a, b, floor, eta]) => Float64Array.of(Math.log(a!), Math.log(b!), Math.log(floor!), eta!),
  starts: (runs) =>
    startsOnGrid(formula, runs, {
      axes: [EXPONENTS.map((alpha) => alpha / 2)],
      numTerms: 3,
      logTerms([eta], x, logTerms) {
        logTerms[0] = eta! * (x[1]! - x[0]!);
        logTerms[1] = eta! * (-x[1]! - x[0]!);
        logTerms[2] = 0;
      },
      theta: ([eta], [a, b, floor]) => Float64Array.of(a!, b!, floor!, eta!),
    }),
  derived: [
    {
      name: "best D / N",
      unit: "tokens per parameter",
      reads: ["a", "b", "eta"],
      of: ([a, b, , eta]) => (b! / a!) ** (1 / (2 * eta!)),
    },
  ],
};
