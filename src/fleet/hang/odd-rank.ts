/** @file Which rank the others wait for: from their last collectives, else from their stacks. Pure. */

import { type Dumps, type FlightVerdict, findDivergence } from "../../audit/flight/divergence.ts";
import type { FlightDump } from "../../audit/flight/dump.ts";
import { ranksText, verdictText } from "../../audit/flight/reading.ts";
import type { RunEvent } from "../../train/run-event.ts";
import type { Probe } from "../backend.ts";
import type { Sighting } from "../decide/sighting.ts";
import type { PythonStack } from "./stacks.ts";

/** What one rank of a run that stands still has told, and what its system says of it. */
export type RankTestimony = {
  readonly rank: number;
  readonly state: Probe["state"] | null;
  /** Null: it did not answer. */
  readonly flight: FlightDump | null;
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
  const waitedFor = stoppedRank(ranks) ?? divergingRank(ranks);
  const found = waitedFor ?? mutedRank(ranks) ?? otherStack(ranks);
  return found && { ...found, isWaitedFor: waitedFor !== null };
}

type Found = Omit<OddRank, "isWaitedFor">;

function stoppedRank(ranks: readonly RankTestimony[]): Found | null {
  const stopped = ranks.filter(({ state }) => state === "stopped");
  if (stopped.length === 0 || stopped.length === ranks.length) return null;
  return odd(stopped, "stopped by a signal");
}

/** By the collectives that they have called. */
function divergingRank(ranks: readonly RankTestimony[]): Found | null {
  const dumps: Dumps = new Map(
    ranks.flatMap(({ rank, flight }) => (flight ? [[rank, flight] as const] : [])),
  );
  if (dumps.size < 2) return null;
  const { verdict } = findDivergence(dumps);
  const [rank] = atFault(verdict);
  return rank === undefined ? null : { rank, why: verdictText(verdict) };
}

/** Empty: nobody, or no majority tells who. */
function atFault(verdict: FlightVerdict): readonly number[] {
  switch (verdict.kind) {
    case "behind":
      return verdict.ranks;
    case "crossed":
      return verdict.waits[0]!.ranks;
    case "differs": {
      const [few, ...others] = verdict.sides;
      const numOthers = others.reduce((sum, { ranks }) => sum + ranks.length, 0);
      return few!.ranks.length < numOthers ? few!.ranks : [];
    }
    default:
      return [];
  }
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
  why: `${ranksText(alike.map(({ rank }) => rank))} ${alike.length > 1 ? "are" : "is"} ${how}`,
});
