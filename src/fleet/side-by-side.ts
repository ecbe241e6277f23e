/** @file Several runs at a time, as many as there is room for. */

import type { Backend } from "./backend.ts";
import type { Lease, Leases, Need } from "./leases.ts";
import { PlacesUsedUp } from "./places/placing.ts";

/**
 * Runs tasks in order, several at a time as long as each gets its lease. After a failure or an abort no more
 * are started. A failure stops those that are running, by the signal they were given, and is thrown when all
 * have ended. One whose machine failed it while others run is no failure: it is run again once one of them
 * has ended and left it room.
 */
export async function runTogether<T extends Need>(
  tasks: readonly T[],
  leases: Leases,
  signal: AbortSignal,
  run: (task: T, backend: Backend, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const errors: unknown[] = [];
  const waiting = [...tasks];
  const displaced: T[] = [];
  const running = new Map<T, Promise<void>>();
  let numEnded = 0;
  const runOn = async (task: T, lease: Lease) => {
    using _ = lease;
    const numBefore = numEnded;
    try {
      await run(task, lease.backend, stop);
      numEnded++;
      waiting.unshift(...displaced.splice(0));
    } catch (error) {
      // Others will leave it room, or have done so since it was begun.
      const mayFindRoom = running.size > 1 || numEnded > numBefore;
      if (error instanceof PlacesUsedUp && mayFindRoom) displaced.push(task);
      else {
        errors.push(error);
        failure.abort();
      }
    } finally {
      running.delete(task);
    }
  };
  for (;;) {
    const [next] = waiting;
    const lease = next === undefined || stop.aborted ? null : leases.lease(next);
    if (lease !== null) {
      waiting.shift();
      running.set(next!, runOn(next!, lease));
    } else if (running.size > 0) await Promise.race(running.values());
    else if (displaced.length > 0 && !stop.aborted) waiting.push(...displaced.splice(0));
    else break;
  }
  // The later ones are what the first one brought about.
  if (errors.length > 0) throw errors[0];
  signal.throwIfAborted();
}
