/** @file The compute law with a known floor, L(C) = E + a C^-b, E given: for ladders too short to find the floor themselves. */

import { UserError } from "../../errors.ts";
import { type Law, logSumExp } from "../law.ts";
import { straightLine } from "./straight-line.ts";

const TERMS = new Float64Array(2);

/**
 * theta = (log a, b). `floor` comes from a larger study on the same evaluation set and in the same unit: a floor of another
 * tokenizer or corpus is a wrong one, and the interval will not know. It must lie below every loss in the table.
 */
export function pinnedComputeLaw(floor: number): Law {
  if (!(floor > 0 && Number.isFinite(floor))) {
    throw new UserError(`a floor of ${floor}`, "a positive loss", "use the law power for a floor of zero");
  }
  return {
    name: `compute@${floor}`,
    formula: `L(C) = ${floor} + a C^-b`,
    source: "arXiv 2303.08774, with E given",
    parameters: [
      { name: "a", unit: "loss at 1 FLOP, above E", bounds: "> 0" },
      { name: "b", unit: "none", bounds: "real, positive where loss falls" },
    ],
    uses: ["c"],
    covariates: ({ c }) => Float64Array.of(Math.log(c)),
    logLoss(theta, x, gradient) {
      TERMS[0] = theta[0]! - theta[1]! * x[0]!;
      TERMS[1] = Math.log(floor);
      const value = logSumExp(TERMS);
      gradient[0] = TERMS[0]!;
      gradient[1] = -x[0]! * TERMS[0]!;
      return value;
    },
    natural: (theta) => [Math.exp(theta[0]!), theta[1]!],
    internal: ([a, b]) => Float64Array.of(Math.log(a!), b!),
    starts(runs) {
      const lowest = Math.min(...runs.map((run) => run.loss));
      if (!(lowest > floor)) {
        throw new UserError(
          `a run with loss ${lowest}, not above the given floor of ${floor}`,
          "a floor below every loss",
          "check that both are in one unit and of one evaluation set, or let the fit find the floor (--law compute)",
        );
      }
      const { level, slope } = straightLine(
        runs.map((run) => Math.log(run.c)),
        runs.map((run) => Math.log(run.loss - floor)),
      );
      return [Float64Array.of(level, -slope)];
    },
  };
}
