/** @file Is a cluster getting better? The Crow-AMSAA fit to the days on which it failed. */

import { UserError } from "../../errors.ts";
import { gammaQuantile } from "../../math/gamma.ts";
import type { Interval } from "../../math/interval.ts";

/** Failures are a Poisson process of expected count ~ t^exponent: below 1 it is getting better. */
export type ReliabilityGrowth = {
  readonly exponent: Interval;
  /** Failures a day at the end of the log, with the interval that its count gives at the fitted exponent. */
  readonly perDayNow: Interval;
  readonly failures: number;
  readonly days: number;
};

/** Three failures say next to nothing of a trend. */
const LEAST_FAILURES = 4;

/**
 * Crow 1974 for a log that ends at a time: exponent = n / sum log(T / t_i), and 2 n b / b^ is chi-square with
 * 2 n degrees of freedom, so the interval is exact. The unbiased estimate has n - 1 for n.
 */
export function fitGrowth(failureDays: readonly number[], days: number): ReliabilityGrowth {
  const n = failureDays.length;
  if (n < LEAST_FAILURES || failureDays.some((day) => !(day > 0 && day <= days))) {
    throw new UserError(
      `${n} failures on days ${failureDays.slice(0, 5).join(", ")}${n > 5 ? ", ..." : ""} of ${days}`,
      `${LEAST_FAILURES} or more, each after day 0 and not after the end`,
      "give the days since the start, one a line",
    );
  }
  const logs = failureDays.reduce((sum, day) => sum + Math.log(days / day), 0);
  if (!(logs > 0)) {
    throw new UserError(
      "failures all on the last day",
      "days spread over the log",
      "give the day of each failure",
    );
  }
  const mle = n / logs;
  const exponent = {
    median: ((n - 1) / n) * mle,
    lo: (gammaQuantile(n, 0.05) / n) * mle,
    hi: (gammaQuantile(n, 0.95) / n) * mle,
  };
  const at = (count: number) => (exponent.median * count) / days;
  return {
    exponent,
    perDayNow: { median: at(n), lo: at(gammaQuantile(n, 0.05)), hi: at(gammaQuantile(n + 1, 0.95)) },
    failures: n,
    days,
  };
}
