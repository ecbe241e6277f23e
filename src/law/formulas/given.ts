/** @file A law with some of its numbers given from elsewhere: what is left of it to fit. */

import { type Law, scalesOf } from "../law.ts";

/**
 * `given`: natural values by name. A wrong one shows up in the numbers that are left, and no interval knows.
 */
export function withGiven(
  law: Law,
  given: Readonly<Record<string, number>>,
  own: Pick<Law, "name" | "formula" | "source" | "starts">,
): Law {
  const free = law.parameters.flatMap(({ name }, j) => (Object.hasOwn(given, name) ? [] : [j]));
  const parameters = free.map((j) => law.parameters[j]!);
  // Those that are left are set before each use.
  const whole = law.internal(law.parameters.map(({ name, above }) => given[name] ?? (above ?? 0) + 1));
  const slopes = new Float64Array(whole.length);
  return {
    ...own,
    parameters,
    uses: law.uses,
    covariates: law.covariates,
    logLoss(theta, x, gradient) {
      for (let k = 0; k < free.length; k++) whole[free[k]!] = theta[k]!;
      const value = law.logLoss(whole, x, slopes);
      for (let k = 0; k < free.length; k++) gradient[k] = slopes[free[k]!]!;
      return value;
    },
    ...scalesOf(parameters),
  };
}
