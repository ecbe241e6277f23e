/** @file What becomes of an expected run by chance: how many failures it has, and what they cost. Seconds. */

import { drawGamma, drawPoisson } from "../../math/gamma.ts";
import type { Random } from "../../math/random.ts";
import { type Conditions, cycleVariation, type ExpectedRun, lossMoments } from "./expected-run.ts";
import type { Work } from "./run-inputs.ts";

export type ChancedRun = {
  readonly elapsed: number;
  readonly productive: number;
  readonly failures: number;
};

/** Failures are a Poisson count; their cost beyond expectation is added to the time, or off the work. */
export function withChance(
  conditions: Conditions,
  expected: ExpectedRun,
  kind: Work["kind"],
  random: Random,
): ChancedRun {
  const { elapsedSeconds, productiveSeconds } = expected;
  const { intervalSeconds, stallSeconds } = conditions;
  const failures = drawPoisson(random, expected.failures);
  const perSecond = expected.failures / elapsedSeconds;
  if ((intervalSeconds + stallSeconds) * perSecond > 1)
    return { failures, ...withRareSaves(conditions, expected, kind, random) };
  const loss = lossMoments(conditions, perSecond);
  const beyond =
    (failures - expected.failures) * loss.mean + Math.sqrt(failures * loss.variance) * random.normal();
  const saving = 1 + stallSeconds / intervalSeconds;
  if (kind === "productive") {
    const elapsed = Math.max(productiveSeconds * saving, elapsedSeconds + beyond);
    return { failures, productive: productiveSeconds, elapsed };
  }
  const done = Math.max(0, productiveSeconds - beyond / saving);
  return { failures, elapsed: elapsedSeconds, productive: Math.min(elapsedSeconds / saving, done) };
}

/**
 * Saves further apart than failures: what counts is how soon an interval ends undisturbed. So many of them
 * take a time that is near a Gamma's, so much time holds a number of them that is near one with the same
 * shape; the means stay Daly's.
 */
function withRareSaves(
  conditions: Conditions,
  { elapsedSeconds, productiveSeconds, failures }: ExpectedRun,
  kind: Work["kind"],
  random: Random,
): Omit<ChancedRun, "failures"> {
  const variation = cycleVariation(conditions, failures / elapsedSeconds);
  const shape = productiveSeconds / conditions.intervalSeconds / variation;
  // Nothing is ever saved: Gamma has no such shape.
  const factor = shape > 0 ? drawGamma(random, shape) / shape : 1;
  return kind === "productive"
    ? { productive: productiveSeconds, elapsed: elapsedSeconds * factor }
    : { elapsed: elapsedSeconds, productive: Math.min(elapsedSeconds, productiveSeconds * factor) };
}
