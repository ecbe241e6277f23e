/** @file The compute law, L(C) = E + a C^-b: loss along one recipe as compute grows. */

import { type Law, logSumExp } from "../law.ts";
import { startsOnGrid } from "./projection.ts";

const TERMS = new Float64Array(2);

/** Of compute, at about half the exponents of N and D; down to where the floor takes over as zero. */
const SLOPES = [0.02, 0.035, 0.05, 0.07, 0.1, 0.14, 0.18, 0.24, 0.32, 0.45, 0.65, 1] as const;

const formula = {
  covariates: ({ c }) => Float64Array.of(Math.log(c)),
  logLoss(theta, x, gradient) {
    const logC = x[0]!;
    TERMS[0] = theta[0]! - theta[1]! * logC;
    TERMS[1] = theta[2]!;
    const value = logSumExp(TERMS);
    gradient[0] = TERMS[0]!;
    gradient[1] = -logC * TERMS[0]!;
    gradient[2] = TERMS[1]!;
    return value;
  },
} satisfies Pick<Law, "covariates" | "logLoss">;

/** theta = (log a, b, log E). With E = 0 it is the power law of Kaplan et al.; with E free, that of the GPT-4 report. */
export const computeLaw: Law = {
  name: "compute",
  formula: "L(C) = E + a C^-b",
  source: "arXiv 2303.08774 (E free)",
  parameters: [
    { name: "a", unit: "loss at 1 FLOP, above E", bounds: "> 0" },
    { name: "b", unit: "none", bounds: "real, positive where loss falls" },
    { name: "E", unit: "loss", bounds: "> 0" },
  ],
  uses: ["c"],
  ...formula,
  natural: (theta) => [Math.exp(theta[0]!), theta[1]!, Math.exp(theta[2]!)],
  internal: ([a, b, floor]) => Float64Array.of(Math.log(a!), b!, Math.log(floor!)),
  starts: (runs) =>
    startsOnGrid(formula, runs, {
      axes: [SLOPES],
      numTerms: 2,
      logTerms([b], x, logTerms) {
        logTerms[0] = -b! * x[0]!;
        logTerms[1] = 0;
      },
      theta: ([b], [a, floor]) => Float64Array.of(a!, b!, floor!),
    }),
};
