/** @file The power law, L(C) = a C^-b: a straight line on logarithms, with no floor. */

import type { Law } from "../law.ts";
import { straightLine } from "./straight-line.ts";

/**
 * theta = (log a, b). The compute law with E = 0, as Kaplan et al. fitted it. It falls for ever, so that it is too low beyond
 * the runs wherever the loss has a floor; on less than two decades of compute it is often all that the runs can tell.
 */
export const powerLaw: Law = {
  name: "power",
  formula: "L(C) = a C^-b",
  source: "arXiv 2001.08361, section 6",
  parameters: [
    { name: "a", unit: "loss at 1 FLOP", bounds: "> 0" },
    { name: "b", unit: "none", bounds: "real, positive where loss falls" },
  ],
  uses: ["c"],
  covariates: ({ c }) => Float64Array.of(Math.log(c)),
  logLoss(theta, x, gradient) {
    gradient[0] = 1;
    gradient[1] = -x[0]!;
    return theta[0]! - theta[1]! * x[0]!;
  },
  natural: (theta) => [Math.exp(theta[0]!), theta[1]!],
  internal: ([a, b]) => Float64Array.of(Math.log(a!), b!),
  starts(runs) {
    const { level, slope } = straightLine(
      runs.map((run) => Math.log(run.c)),
      runs.map((run) => Math.log(run.loss)),
    );
    return [Float64Array.of(level, -slope)];
  },
};
