/** @file Which rank the others wait for: from their last collectives, else from their stacks. Pure. */

import type { RunEvent } from "../train/run-event.ts";
import type { Probe } from "./backend.ts";
import type { Flight } from "./flight.ts";
import type { Sighting } from "./sighting.ts";
import type { PythonStack } from "./stacks.ts";

/** What one rank of a run that stands still has told, and what its system says of it. */
export type RankTestimony = {
  readonly rank: number;
  readonly state: Probe["state"] | null;
  /** Null: it did not answer. */
  readonly flight: Flight | null;
  readonly stack: PythonStack | null;
};

/** The rank that is unlike the others, and how, in a sentence. */
export type OddRank = {
  readonly rank: number;
  readonly why: string;
  /** Else all have come equally far, and they differ in their stacks, or in who answered: a slow network. */
  readonly isWaitedFor: boolean;
};

/** Null where all are alike. */
export function oddRank(ranks: readonly RankTestimony[]): OddRank | null {
  const waitedFor = stoppedRank(ranks) ?? laggingRank(ranks) ?? mismatchedRank(ranks);
  const found = waitedFor ?? mutedRank(ranks) ?? otherStack(ranks);
  return found && { ...found, isWaitedFor: waitedFor !== null };
}

type Found = Omit<OddRank, "isWaitedFor">;

function stoppedRank(ranks: readonly RankTestimony[]): Found | null {
  const stopped = ranks.filter(({ state }) => state === "stopped");
  if (stopped.length === 0 || stopped.length === ranks.length) return null;
  return odd(stopped, "stopped by a signal");
}

/**
 * A rank waits for those of a group that have joined fewer of its collectives. At the end of all waiting is
 * one that is waited for and itself waits for nobody.
 */
function laggingRank(ranks: readonly RankTestimony[]): Found | null {
  const isWaitedFor = ranks.filter((each) => ranks.some((other) => waitsFor(other, each)));
  const roots = isWaitedFor.filter((each) => !ranks.some((other) => waitsFor(each, other)));
  const [root] = roots;
  if (root === undefined) return null;
  const waiting = ranks.filter((other) => waitsFor(other, root));
  const group = laggedGroup(waiting[0]!, root)!;
  const { joined, last } = waiting[0]!.flight!.get(group)!;
  const own = root.flight!.get(group)!.joined;
  const alike = roots.filter((each) => each.flight!.get(group)?.joined === own);
  return odd(
    alike,
    `at collective ${own} of group ${group}, while ${named(waiting)} ${waiting.length > 1 ? "wait" : "waits"} ` +
      `in ${joined}${last === null ? "" : ` (${last})`}`,
  );
}

const waitsFor = (waiting: RankTestimony, behind: RankTestimony) => laggedGroup(waiting, behind) !== null;

/** A group in which the one waits for the other. */
function laggedGroup(waiting: RankTestimony, behind: RankTestimony): string | null {
  for (const [name, { joined, completed }] of waiting.flight ?? []) {
    const other = behind.flight?.get(name);
    if (other && joined > completed && other.joined < joined) return name;
  }
  return null;
}

/** All have joined as many, but one has joined another kind. */
function mismatchedRank(ranks: readonly RankTestimony[]): Found | null {
  const groups = new Set(ranks.flatMap(({ flight }) => [...(flight?.keys() ?? [])]));
  for (const group of groups) {
    const members = ranks.filter(({ flight }) => (flight?.get(group)?.last ?? null) !== null);
    const found = minority(members, ({ flight }) => flight!.get(group)!.last!);
    if (found === null) continue;
    const { joined } = found.few[0]!.flight!.get(group)!;
    return odd(
      found.few,
      `in ${found.own}, collective ${joined} of group ${group}; the others in ${found.common}`,
    );
  }
  return null;
}

/** Python does not run there: native code that holds its lock, or a kernel call that does not return. */
function mutedRank(ranks: readonly RankTestimony[]): Found | null {
  const muted = ranks.filter(({ flight, stack }) => flight === null && stack === null);
  return muted.length === 0 || 2 * muted.length >= ranks.length
    ? null
    : odd(muted, "the one that does not answer");
}

const TOP_FRAMES = 3;

function otherStack(ranks: readonly RankTestimony[]): Found | null {
  const known = ranks.filter(({ stack }) => stack !== null);
  const found = minority(known, ({ stack }) => stack!.slice(0, TOP_FRAMES).join(" < "));
  return found && odd(found.few, `elsewhere than the others, which are at ${found.common}`);
}

/** Replicas that differ, with the first rank that is unlike more than half of them, where there is one. */
export function disagreement(
  event: Extract<RunEvent, { readonly kind: "disagreed" }>,
  places: readonly string[],
): Extract<Sighting, { readonly kind: "disagreed" }> {
  const ranks = event.checksums.map((checksum, rank) => ({ checksum, rank, place: places[rank]! }));
  const odd = minority(ranks, ({ checksum }) => checksum)?.few[0];
  return odd ? { ...event, rank: odd.rank, place: odd.place } : event;
}

/** Those that differ from more than half, where they agree among themselves or not. */
function minority<T>(ranks: readonly T[], keyOf: (rank: T) => string) {
  const groups = [...Map.groupBy(ranks, keyOf)].sort(([, a], [, b]) => b.length - a.length);
  const [most, ...others] = groups;
  const few = others.at(-1);
  if (!most || !few || 2 * most[1].length <= ranks.length) return null;
  return { few: few[1], own: few[0], common: most[0] };
}

const odd = (alike: readonly RankTestimony[], how: string): Found => ({
  rank: alike[0]!.rank,
  why: `${named(alike)} ${alike.length > 1 ? "are" : "is"} ${how}`,
});

function named(ranks: readonly RankTestimony[]): string {
  const numbers = ranks.map(({ rank }) => rank);
  return numbers.length === 1
    ? `rank ${numbers[0]}`
    : `ranks ${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}
