/** @file The slow reference of a run with failures: event by event, as the cluster would live it. */

import type { Random } from "../../src/math/random.ts";
import type { Ages } from "../../src/plan/time/burn-in.ts";

/** Hardware and software past their burn-in. */
export const SETTLED: Ages = { hardwareDays: null, softwareDays: null, observed: null };

export type Simulated = {
  readonly elapsedSeconds: number;
  readonly failures: number;
};

/** What happens, in seconds; the rate may change with time. */
export type Events = {
  readonly failuresPerSecond: (atSeconds: number) => number;
  /** At least as large as the rate ever is: thinning needs it. */
  readonly mostFailuresPerSecond: number;
  readonly intervalSeconds: number;
  readonly stallSeconds: number;
  readonly lagSeconds: number;
  readonly recoverySeconds: number;
};

/**
 * Trains for `productiveSeconds`: work until the next save or failure; a failure goes back to the newest save
 * that is safe, after a recovery that failures can strike as well. Failures are a Poisson process, thinned
 * where their rate changes.
 */
export function simulateRun(events: Events, productiveSeconds: number, random: Random): Simulated {
  const { intervalSeconds, stallSeconds, lagSeconds, recoverySeconds } = events;
  let now = 0;
  let done = 0;
  let failures = 0;
  let failureAt = nextFailure(events, 0, random);
  // Saves in order: the work that each holds, and when it is safe.
  let saves: { readonly done: number; readonly safeAt: number }[] = [{ done: 0, safeAt: 0 }];
  while (done < productiveSeconds) {
    const work = Math.min(intervalSeconds, productiveSeconds - done);
    const stall = work === intervalSeconds ? stallSeconds : 0;
    if (now + work + stall <= failureAt) {
      now += work + stall;
      done += work;
      saves = [...saves.slice(-2), { done, safeAt: now + lagSeconds }];
      continue;
    }
    now = failureAt;
    failures++;
    const safe = saves.filter(({ safeAt }) => safeAt <= now);
    saves = safe.slice(-1);
    done = saves[0]!.done;
    failureAt = nextFailure(events, now, random);
    while (failureAt < now + recoverySeconds) {
      now = failureAt;
      failures++;
      failureAt = nextFailure(events, now, random);
    }
    now += recoverySeconds;
  }
  return { elapsedSeconds: now, failures };
}

function nextFailure(
  { failuresPerSecond, mostFailuresPerSecond }: Events,
  from: number,
  random: Random,
): number {
  let at = from;
  do {
    at -= Math.log(1 - random.uniform()) / mostFailuresPerSecond;
  } while (random.uniform() * mostFailuresPerSecond > failuresPerSecond(at));
  return at;
}
