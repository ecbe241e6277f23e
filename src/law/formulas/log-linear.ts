/** @file Laws whose logarithm is linear in theta: products of powers, and sums of logarithms. */

import { linearFit } from "../../math/least-squares.ts";
import { type Law, scalesOf } from "../law.ts";

/** The law of a row; covariate j of a design stands beside theta[j]. */
export function logLinear(row: Omit<Law, "logLoss" | "natural" | "internal" | "starts">): Law {
  return {
    ...row,
    logLoss(theta, x, gradient) {
      let sum = 0;
      for (let j = 0; j < x.length; j++) {
        gradient[j] = x[j]!;
        sum += theta[j]! * x[j]!;
      }
      return sum;
    },
    ...scalesOf(row.parameters),
    // Least squares on the logarithms: the only valley there is.
    starts: (runs) => [
      Float64Array.from(
        linearFit(
          runs.map((run) => [...row.covariates(run)]),
          runs.map((run) => Math.log(run.loss)),
        ),
      ),
    ],
  };
}
