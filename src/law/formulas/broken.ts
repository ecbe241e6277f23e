/** @file The broken neural scaling law: two slopes over compute, smoothly joined. */

import { logSumExp, positive, real } from "../law.ts";
import { evenly, lawWithGrid } from "./starts.ts";

const TERMS = new Float64Array(2);

/** log(1 + e^x), safe for large x. */
function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}

/** In e-folds of compute. A sharper turn is a corner to any ladder, a slower one a straight line. */
const WIDTHS = { least: 1e-3, most: 1e3 } as const;

/**
 * theta = (log E, log b, c0, c1, log d, log f). The slope of log(L - E) is -c0 well below d and -(c0 + c1)
 * well above; f is how many e-folds of compute the turn takes. Six numbers on one axis: it wants two decades
 * of runs on either side of the break, and says nothing of a break it has not seen.
 */
export const brokenLaw = lawWithGrid({
  name: "broken",
  formula: "L(C) = E + b C^-c0 (1 + (C / d)^(1 / f))^(-c1 f)",
  source: "arXiv 2210.14891, equation 1 with one break",
  parameters: [
    positive("E", "loss"),
    positive("b", "loss at 1 FLOP, above E"),
    real("c0"),
    real("c1"),
    positive("d", "FLOPs"),
    positive("f", "e-folds of compute"),
  ],
  uses: ["c"],
  covariates: ({ c }) => Float64Array.of(Math.log(c)),
  logLoss(theta, x, gradient) {
    const logC = x[0]!;
    const width = Math.min(Math.max(Math.exp(theta[5]!), WIDTHS.least), WIDTHS.most);
    const turns = width > WIDTHS.least && width < WIDTHS.most;
    const past = (logC - theta[4]!) / width;
    const bend = width * softplus(past);
    const after = 1 / (1 + Math.exp(-past));
    TERMS[0] = theta[1]! - theta[2]! * logC - theta[3]! * bend;
    TERMS[1] = theta[0]!;
    const value = logSumExp(TERMS);
    const share = TERMS[0]!;
    gradient[0] = TERMS[1]!;
    gradient[1] = share;
    gradient[2] = -logC * share;
    gradient[3] = -bend * share;
    gradient[4] = theta[3]! * after * share;
    gradient[5] = turns ? -theta[3]! * (bend - (logC - theta[4]!) * after) * share : 0;
    return value;
  },
  grid(runs) {
    const logCs = runs.map((run) => Math.log(run.c));
    const breaks = evenly(Math.min(...logCs), Math.max(...logCs), 6);
    return {
      axes: [[0.02, 0.06, 0.12, 0.2, 0.35], [-0.15, -0.06, 0.06, 0.15], breaks, [0.2, 1]],
      numTerms: 2,
      logTerms([c0, c1, logD, f], x, logTerms) {
        logTerms[0] = -c0! * x[0]! - c1! * f! * softplus((x[0]! - logD!) / f!);
        logTerms[1] = 0;
      },
      theta: ([c0, c1, logD, f], [b, floor]) => Float64Array.of(floor!, b!, c0!, c1!, logD!, Math.log(f!)),
    };
  },
  derived: [
    {
      name: "c0 + c1",
      unit: "slope of log(L - E) past the break",
      reads: ["c0", "c1"],
      of: ([, , c0, c1]) => c0! + c1!,
    },
  ],
});
