/** @file What to do when a run is in trouble: a pure rule from facts to an action, its reason in words. */

import { formatShare, significant } from "../../units/print.ts";
import { identityOf, isOutOfMemory, thrownIn, tracebackIn } from "./identity.ts";
import { countedFailures, type PlaceFacts } from "./places.ts";
import type { Policy } from "./policy.ts";
import type { Sighting, SpikeSeen, Warning } from "./sighting.ts";

/** One that was seen, and the step it had come to. */
export type Failure = {
  readonly sighting: Sighting;
  /** The last step that any rank had told of. */
  readonly step: number;
  /** When, in seconds of a clock that all of a campaign's failures share. */
  readonly atSeconds: number;
  /** What the process held of the memory it may take, when last seen; null: not known. */
  readonly memoryShare: number | null;
};

/** One to go back to. The start of the run is one, too. */
export type KnownCheckpoint = {
  readonly step: number;
  /** Read back, and the steps after it were sound. */
  readonly isCertified: boolean;
};

/** What there is to decide on. */
export type Facts = PlaceFacts & {
  /** The failures of this run so far, oldest first; the last one is to be decided on. */
  readonly failures: readonly [Failure, ...Failure[]];
  /** Null: the trainer starts from its newest, and cannot be told another. */
  readonly checkpoints: readonly KnownCheckpoint[] | null;
  readonly policy: Policy;
};

/**
 * What to do, and why in a sentence with numbers.
 *
 * `nothing`: noted, the run goes on. `restart`: on the same places, from a checkpoint (null: the trainer's
 * newest). `replay`: the same, to see whether it happens again; without the places where it happened, should
 * there be spares for all of them: what recurs elsewhere is no machine's. `spare`: a spare takes over for the
 * policy's days. `exclude`: a spare takes over, and the run does not use the place again. `shrink`: the run
 * goes on without it. `rewind`: from a checkpoint before, without the batches of the steps `skip`.
 * `hold`: nothing more without a person.
 */
export type Decision =
  | { readonly action: "nothing" | "hold"; readonly reason: string }
  | { readonly action: "restart"; readonly toStep: number | null; readonly reason: string }
  | {
      readonly action: "replay";
      readonly toStep: number | null;
      /** Left for the policy's days, unless it happens again elsewhere. */
      readonly without: readonly string[];
      readonly reason: string;
    }
  | {
      readonly action: "spare" | "exclude" | "shrink";
      readonly place: string;
      readonly toStep: number | null;
      readonly reason: string;
    }
  | {
      readonly action: "rewind";
      readonly toStep: number;
      readonly skip: readonly number[];
      readonly reason: string;
    };

/** The names of what can be done. */
export type Action = Decision["action"];

/** The whole policy: what is done about the last failure, in the light of those before. */
export function decideRecovery(facts: Facts): Decision {
  const failure = facts.failures.at(-1)!;
  const { sighting } = failure;
  switch (sighting.kind) {
    case "exited":
    case "silent":
    case "corrupted":
    case "disagreed":
      return holdOf(facts) ?? decideOnPlace(facts) ?? restart(facts);
    case "diverged":
      return decideOnDivergence(facts, sighting.step);
    case "place":
      return decideOnPlace(facts) ?? replaceOrHold(facts, sighting.place, sighting.what);
    case "spike":
      return decideOnSpike(facts, sighting);
    default:
      return decideOnWarning(facts, sighting);
  }
}

const nothing = (reason: string): Decision => ({ action: "nothing", reason });
const hold = (reason: string): Decision => ({ action: "hold", reason });

const ENDS: readonly Sighting["kind"][] = ["exited", "silent", "corrupted", "disagreed"];

/** The run did not get past where it was before: those failures, the last one included. */
function withoutProgress(failures: Facts["failures"]): readonly Failure[] {
  const ends = failures.filter(({ sighting }) => ENDS.includes(sighting.kind));
  const last = ends.findLastIndex(({ step }, i) => ends.slice(0, i).every((before) => before.step < step));
  return ends.slice(Math.max(0, last));
}

/** Why no restart would help; null where one may. */
function holdOf({ failures, policy: { withoutProgress: budget } }: Facts): Decision | null {
  const { sighting, memoryShare, step } = failures.at(-1)!;
  const stuck = withoutProgress(failures);
  const identity = identityOf(sighting);
  const alike = stuck.filter((each) => identityOf(each.sighting) === identity).length;
  const starved = stuck.filter((each) => isOutOfMemory(each.sighting, each.memoryShare)).length;
  const traceback = sighting.kind === "exited" ? thrownIn(sighting) : null;
  if (isOutOfMemory(sighting, memoryShare) && starved >= budget.outOfMemory)
    return hold(
      `out of memory ${starved} times without getting past step ${step}: it needs more, or a change`,
    );
  if (traceback !== null && alike >= budget.sameTraceback)
    return hold(`the same error ${alike} times without getting past step ${step}: ${traceback}`);
  if (alike >= budget.sameFailure)
    return hold(`failed ${alike} times in the same way without getting past step ${step}`);
  if (stuck.length >= budget.anyFailure)
    return hold(`failed ${stuck.length} times in different ways without getting past step ${step}`);
  return null;
}

function restart(facts: Facts): Decision {
  const { failures } = facts;
  const { sighting, memoryShare, step } = failures.at(-1)!;
  const origin = originAfterEnd(facts);
  const memory = isOutOfMemory(sighting, memoryShare) ? ", for want of memory" : "";
  const count = failures.filter((each) => each.sighting.kind === sighting.kind).length;
  return {
    action: "restart",
    toStep: origin?.step ?? null,
    reason: `failure ${count} of this kind, at step ${step}${memory}: restarted in place from ${nameOf(origin)}`,
  };
}

/**
 * An attempt that ended says nothing against the newest checkpoint, whose checksums speak for it; nor do
 * replicas that differ, as none is written before they were compared. That one is given up for the newest
 * certified one where the run, restarted, did not get further.
 */
function originAfterEnd(facts: Facts): KnownCheckpoint | null {
  const { sighting } = facts.failures.at(-1)!;
  if (sighting.kind === "corrupted") return soundBefore(facts, sighting.step);
  if (withoutProgress(facts.failures).length > 1) return soundBefore(facts, Number.POSITIVE_INFINITY);
  return newestOf(facts.checkpoints ?? []);
}

/** The newest certified one before a step; where none is certified, the newest. Null: none is known. */
function soundBefore({ checkpoints }: Facts, step: number): KnownCheckpoint | null {
  const before = (checkpoints ?? []).filter((checkpoint) => checkpoint.step < step);
  return newestOf(before.filter(({ isCertified }) => isCertified)) ?? newestOf(before);
}

const newestOf = (checkpoints: readonly KnownCheckpoint[]): KnownCheckpoint | null =>
  checkpoints.reduce<KnownCheckpoint | null>((a, b) => (a !== null && a.step > b.step ? a : b), null);

/** Null: the trainer's own newest. */
function nameOf(origin: KnownCheckpoint | null): string {
  if (origin === null) return "the last checkpoint";
  if (origin.step === 0) return "the start";
  return `the ${origin.isCertified ? "certified " : ""}checkpoint of step ${origin.step}`;
}

/**
 * The place that a failure is held against; null: it is nobody's, or the program's own, which would have died
 * anywhere: of an error that it threw, with no line in the logs that machines are known for, or of memory.
 */
export function blamedPlace({ sighting, memoryShare }: Failure): string | null {
  switch (sighting.kind) {
    case "exited": {
      const isThrown = tracebackIn(sighting.log) !== null && sighting.signature === undefined;
      return isThrown || isOutOfMemory(sighting, memoryShare) ? null : sighting.place;
    }
    case "silent":
    case "corrupted":
    case "place":
    case "disagreed":
      return sighting.place ?? null;
    default:
      return null;
  }
}

/** Null where the place has not failed often enough, or nothing can take over: then it stays. */
function decideOnPlace(facts: Facts): Decision | null {
  const { failures, placeHistory, policy } = facts;
  const place = blamedPlace(failures.at(-1)!);
  if (place === null) return null;
  const now = failures.at(-1)!.atSeconds;
  const here = failures.flatMap((failure) => {
    const blamed = blamedPlace(failure);
    return blamed === null ? [] : [{ place: blamed, atSeconds: failure.atSeconds }];
  });
  const count = (of: Facts["placeHistory"]) => countedFailures(place, of, policy, now).length;
  const [before, within] = [count(placeHistory), count(here)];
  if (before + within < policy.place.failures) return null;
  const days = `${before + within} failures within ${significant(policy.place.withinDays)} days`;
  const why = before > 0 ? `${days}, ${before} of them before this launch` : days;
  return replace(facts, place, "exclude", why);
}

/**
 * A spare takes over, else the run shrinks, where a place is left; null: neither. What a machine wrote last
 * that is given up is not trusted where an older checkpoint is certified.
 */
function replace(facts: Facts, place: string, action: "spare" | "exclude", why: string): Decision | null {
  const { numSpares, places, policy } = facts;
  const about = { place, toStep: soundBefore(facts, Number.POSITIVE_INFINITY)?.step ?? null };
  if (numSpares > 0)
    return { ...about, action, reason: `${place}: ${why}; a spare takes over, ${numSpares - 1} left` };
  if (!policy.shrink || places.length === 1) return null;
  const reason = `${place}: ${why}; no spare is left, the run goes on without it`;
  return { ...about, action: "shrink", reason };
}

/** Nothing that is restarted there would live. */
function replaceOrHold(facts: Facts, place: string, what: string): Decision {
  const reason = `${place}: ${what}; no spare is left, and the policy lets no run shrink`;
  return replace(facts, place, "spare", what) ?? hold(reason);
}

/** A flipped bit does not come back at the same step; a learning rate that is too high does. */
function decideOnDivergence(facts: Facts, step: number): Decision {
  const times = facts.failures.filter(
    ({ sighting }) => sighting.kind === "diverged" && sighting.step === step,
  );
  if (times.length > 1) return hold(`step ${step} diverged again when it was replayed: it is the training`);
  if (facts.checkpoints === null)
    return hold(
      `no loss since step ${step} is a number, and its trainer cannot be told to go back before: its newest ` +
        "checkpoint may be spoilt, too",
    );
  const origin = soundBefore(facts, step);
  const without = leftByReplay(facts);
  return {
    action: "replay",
    toStep: origin?.step ?? null,
    without,
    reason:
      `step ${step} diverged: replayed ${onSpares(without)}from ${nameOf(origin)}, for a machine's error does ` +
      "not recur",
  };
}

/** Nobody knows which of a run's machines was wrong, if one was: all of them, or none. */
const leftByReplay = ({ places, numSpares }: Facts): readonly string[] =>
  numSpares >= places.length ? places : [];

const onSpares = (without: readonly string[]) => (without.length > 0 ? "on spares " : "");

/** Replayed first; only a spike that comes again at the same step is the data's: its batches are skipped. */
function decideOnSpike(facts: Facts, spike: SpikeSeen): Decision {
  const { failures, checkpoints } = facts;
  const policy = facts.policy.spike;
  const { step, leadStep, loss, expectedLoss, lastedSteps } = spike;
  const rise = loss / expectedLoss - 1;
  if (lastedSteps < policy.leastSteps) return nothing(`the loss came back after ${lastedSteps} steps`);
  if (rise < policy.leastRise)
    return nothing(`a rise of ${formatShare(rise)}, and ${formatShare(policy.leastRise)} are gone back for`);
  if (checkpoints === null)
    return nothing("its trainer cannot be told to go back: watch whether it comes back");
  const origin = soundBefore(facts, leadStep);
  if (origin === null) return hold(`no checkpoint from before step ${leadStep}, where it began`);
  const times = spikesNear(failures, step, policy).length;
  if (times === 1) {
    const without = leftByReplay(facts);
    const how = `replayed ${onSpares(without)}from ${nameOf(origin)}, before it`;
    const reason = `${how}: what a machine did wrong does not recur`;
    return { action: "replay", toStep: origin.step, without, reason };
  }
  if (times > 2) return hold(`it came again at step ${step}, though the batches around it were skipped`);
  const numSkipped = numSkips(failures, policy);
  if (numSkipped > policy.mostSkips)
    return hold(`it recurs at step ${step}, and ${policy.mostSkips} spikes may be skipped in a run`);
  const [first, last] = [Math.max(origin.step + 1, leadStep - policy.skipBefore), step + policy.skipAfter];
  const skip = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const reason =
    `it came again when step ${step} was replayed, so it is not the machine: back to ${nameOf(origin)}, and ` +
    `other batches instead of those of steps ${first} to ${last}. The run is altered`;
  return { action: "rewind", toStep: origin.step, skip, reason };
}

type SpikePolicy = Policy["spike"];

/** Spikes that the same batches may have caused: a replay may see them a step earlier or later. */
function spikesNear(failures: readonly Failure[], step: number, { skipBefore, skipAfter }: SpikePolicy) {
  return failures.flatMap(({ sighting }) =>
    sighting.kind === "spike" && sighting.step >= step - skipBefore && sighting.step <= step + skipAfter
      ? [sighting]
      : [],
  );
}

/** How many spikes have recurred, the last one included. */
function numSkips(failures: readonly Failure[], policy: SpikePolicy): number {
  return failures.filter(
    ({ sighting }, i) =>
      sighting.kind === "spike" && spikesNear(failures.slice(0, i + 1), sighting.step, policy).length === 2,
  ).length;
}

function decideOnWarning(
  { numSpares, checkpoints, policy }: Facts,
  warning: Exclude<Warning, SpikeSeen>,
): Decision {
  switch (warning.kind) {
    case "slow": {
      const factor = warning.stepSeconds / warning.expectedSeconds;
      if (warning.rank === null) return nothing("the run goes on; look for what else uses its machines");
      if (factor < policy.slowRankFactor || numSpares === 0)
        return nothing(`${significant(factor)} times its peers' time: all wait for it at each step`);
      const reason =
        `${significant(factor)} times its peers' time, and all wait for it at each step: a spare takes over, ` +
        `${numSpares - 1} left`;
      const toStep = newestOf(checkpoints ?? [])?.step ?? null;
      return { action: "spare", place: warning.rank.place, toStep, reason };
    }
    case "memory":
      return nothing("at the limit the kernel kills it, and it is restarted; a leak is mended in the code");
    case "disk":
      return nothing("a save that fails ends the run, at its last checkpoint: free some, or move the folder");
    case "checkpoints":
      return nothing("the run goes on; a failure now costs all since the last checkpoint");
    case "differs":
      return nothing(
        "one of the two attempts was wrong: a machine's error, or an operation that does not repeat",
      );
  }
}
