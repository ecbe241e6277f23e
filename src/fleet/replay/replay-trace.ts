/** @file What would have been decided over a trace of faults: on one long run that is on all its machines. */

import { DAY_SECONDS } from "../../units/kinds.ts";
import { type Decision, decideRecovery, type Failure } from "../decide/decide.ts";
import type { Policy } from "../decide/policy.ts";
import type { Fault } from "./fault-trace.ts";

/** A fault with what would have been done about it. */
export type ReplayedFault = Fault & {
  /** `avoided`: its place had been excluded before. */
  readonly decision: Decision | { readonly action: "avoided"; readonly reason: string };
};

/** What a policy would have come to. */
export type TraceReplay = {
  readonly numPlaces: number;
  readonly faults: readonly ReplayedFault[];
  readonly sparesUsed: number;
  readonly mostSparesAtOnce: number;
  readonly excluded: readonly string[];
  /** Faults on places that had been excluded by then. */
  readonly numAvoided: number;
};

/**
 * A spare is taken until the place is well again, for an excluded one for good.
 * @param numSpares null: as many as it takes
 */
export function replayTrace(faults: readonly Fault[], policy: Policy, numSpares: number | null): TraceReplay {
  const places = [...new Set(faults.map(({ place }) => place))];
  const spares = numSpares ?? places.length;
  const failures: Failure[] = [];
  const excluded = new Map<string, number>();
  /** Until when a spare stands in for a place. */
  const replaced = new Map<string, number>();
  let [sparesUsed, mostSparesAtOnce] = [0, 0];
  const replayed = faults.map((fault): ReplayedFault => {
    const { place, atSeconds, endSeconds, what } = fault;
    const since = excluded.get(place);
    if (since !== undefined) {
      const reason = `${place} was excluded ${Math.floor((atSeconds - since) / DAY_SECONDS)} days before`;
      return { ...fault, decision: { action: "avoided", reason } };
    }
    const sighting = { kind: "place", place, what } as const;
    const failure = { sighting, step: Math.floor(atSeconds), atSeconds, memoryShare: null };
    failures.push(failure);
    const [first = failure, ...more] = failures;
    for (const [other, until] of replaced) if (until <= atSeconds) replaced.delete(other);
    const decision = decideRecovery({
      failures: [first, ...more],
      places,
      // A place that fails again before it is well has its spare already.
      numSpares: spares - replaced.size + (replaced.has(place) ? 1 : 0),
      placeHistory: [],
      checkpoints: null,
      policy,
    });
    if (decision.action === "spare" || decision.action === "exclude") {
      if (!replaced.has(place)) sparesUsed += 1;
      const isForGood = decision.action === "exclude" || endSeconds === null;
      replaced.set(place, isForGood ? Number.POSITIVE_INFINITY : endSeconds);
      mostSparesAtOnce = Math.max(mostSparesAtOnce, replaced.size);
    }
    if (decision.action === "exclude" || decision.action === "shrink") excluded.set(place, atSeconds);
    return { ...fault, decision };
  });
  return {
    numPlaces: places.length,
    faults: replayed,
    sparesUsed,
    mostSparesAtOnce,
    excluded: [...excluded.keys()],
    numAvoided: replayed.filter(({ decision }) => decision.action === "avoided").length,
  };
}
