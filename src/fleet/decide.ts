/** @file What to do when a run is in trouble: a pure rule from facts to an action, its reason in words. */

import type { Sighting } from "./sighting.ts";

/** Failures in a row without a step of progress: beyond, the fault will not go away by itself. */
const MOST_WITHOUT_PROGRESS = 3;

/** One that was seen, and the step it had come to. */
export type Failure = {
  readonly sighting: Sighting;
  /** The last step that any rank had told of. */
  readonly step: number;
};

/** What there is to decide on. */
export type Facts = {
  /** The failures of this run so far, oldest first; the last one is to be decided on. */
  readonly failures: readonly [Failure, ...Failure[]];
};

/**
 * `restart`: from the newest checkpoint that is whole. `replay`: the same, to see whether it happens again.
 * `hold`: nothing more without a person.
 */
export type Action = "restart" | "replay" | "hold";

/** What to do, and why in a sentence with numbers. */
export type Decision<A extends string = Action> = { readonly action: A; readonly reason: string };

/** The whole policy: what is done about the last failure, in the light of those before. */
export function decideRecovery({ failures }: Facts): Decision {
  const { sighting, step } = failures.at(-1)!;
  if (sighting.kind === "diverged") return decideOnDivergence(failures, sighting.step);
  const recent = failures.slice(-MOST_WITHOUT_PROGRESS);
  const isStuck =
    recent.length === MOST_WITHOUT_PROGRESS && recent.every((each) => each.step <= recent[0]!.step);
  if (isStuck)
    return { action: "hold", reason: `failed ${recent.length} times without getting past step ${step}` };
  return {
    action: "restart",
    reason: `failure ${failures.length}, at step ${step}: restarted from the last checkpoint`,
  };
}

/** A flipped bit does not come back at the same step; a learning rate that is too high does. */
function decideOnDivergence(failures: readonly Failure[], step: number): Decision {
  const before = failures
    .slice(0, -1)
    .filter(({ sighting }) => sighting.kind === "diverged" && sighting.step === step);
  if (before.length > 0)
    return { action: "hold", reason: `step ${step} diverged again when it was replayed: it is the training` };
  return {
    action: "replay",
    reason: `step ${step} diverged: replayed from the last checkpoint, for a machine's error does not recur`,
  };
}
