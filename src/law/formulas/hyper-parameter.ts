/**
 * @file The hyper-parameter law, value = k N^p D^q: the best learning rate or batch size for a model and its
 * tokens.
 */

import { linearFit } from "../../math/least-squares.ts";
import { type Law, positive, real, scalesOf } from "../law.ts";

const PARAMETERS = [positive("k", "value at N = D = 1"), real("p"), real("q")];

/**
 * theta = (log k, p, q). The table's loss column holds the best learning rate (or batch, in tokens) found at
 * each N and D. Rows should be minima of a sweep, found inside it: the edge of a sweep is a bound, not a
 * value. Step Law: learning rate 1.79 N^-.713 D^.307, batch .58 D^.571 tokens, both for one optimiser,
 * schedule and parametrisation.
 */
export const hyperParameterLaw: Law = {
  name: "hyper-parameter",
  formula: "value(N, D) = k N^p D^q",
  source: "arXiv 2503.04715, equation 1",
  parameters: PARAMETERS,
  uses: ["n", "d"],
  covariates: ({ n, d }) => Float64Array.of(Math.log(n), Math.log(d)),
  logLoss(theta, x, gradient) {
    gradient[0] = 1;
    gradient[1] = x[0]!;
    gradient[2] = x[1]!;
    return theta[0]! + theta[1]! * x[0]! + theta[2]! * x[1]!;
  },
  ...scalesOf(PARAMETERS),
  starts: (runs) => [
    Float64Array.from(
      linearFit(
        runs.map((run) => [1, Math.log(run.n), Math.log(run.d)]),
        runs.map((run) => Math.log(run.loss)),
      ),
    ),
  ],
};
