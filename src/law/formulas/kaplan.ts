/** @file Kaplan's law: size and data share one exponent's bend, and no floor. */

import { logSumExp, positive } from "../law.ts";
import { lawWithGrid } from "./starts.ts";

const TERMS = new Float64Array(2);

/** Published: aN .076, aD .103 (arXiv 2001.08361, table 2); steeper where a table starts at tiny models. */
const EXPONENTS = [0.01, 0.02, 0.035, 0.055, 0.08, 0.12, 0.17, 0.25, 0.37, 0.55] as const;

/**
 * theta = (log Nc, log Dc, log aN, log aD). As either N or D grows without bound the loss becomes a power of
 * the other, down to zero. L^(1 / aD) is linear in Nc^(aN / aD) and Dc: that is how the starts are found.
 */
export const kaplanLaw = lawWithGrid({
  name: "kaplan",
  formula: "L(N, D) = [(Nc / N)^(aN / aD) + Dc / D]^aD",
  source: "arXiv 2001.08361, equation 1.5",
  parameters: [
    positive("Nc", "parameters"),
    positive("Dc", "tokens"),
    positive("aN", "none"),
    positive("aD", "none"),
  ],
  uses: ["n", "d"],
  covariates: ({ n, d }) => Float64Array.of(Math.log(n), Math.log(d)),
  logLoss(theta, x, gradient) {
    const aN = Math.exp(theta[2]!);
    const aD = Math.exp(theta[3]!);
    const short = theta[0]! - x[0]!;
    TERMS[0] = (aN / aD) * short;
    TERMS[1] = theta[1]! - x[1]!;
    const bracket = logSumExp(TERMS);
    gradient[0] = aN * TERMS[0]!;
    gradient[1] = aD * TERMS[1]!;
    gradient[2] = aN * TERMS[0]! * short;
    gradient[3] = aD * bracket - aN * TERMS[0]! * short;
    return aD * bracket;
  },
  grid: () => ({
    axes: [EXPONENTS, EXPONENTS],
    numTerms: 2,
    logTerms([aN, aD], x, logTerms) {
      logTerms[0] = -(aN! / aD!) * x[0]!;
      logTerms[1] = -x[1]!;
    },
    logTarget: (logLoss, [, aD]) => logLoss / aD!,
    theta: ([aN, aD], [size, data]) =>
      Float64Array.of((size! * aD!) / aN!, data!, Math.log(aN!), Math.log(aD!)),
  }),
  derived: [
    {
      name: "aD / (aN + aD)",
      unit: "exponent of the best N in C",
      reads: ["aN", "aD"],
      of: ([, , aN, aD]) => aD! / (aN! + aD!),
    },
  ],
});
