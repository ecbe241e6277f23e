/** @file Which places a run is on: their names, who stays where, who is left out and for how long. Pure. */

import { DAY_SECONDS } from "../../units/kinds.ts";
import { significant } from "../../units/print.ts";
import type { Policy } from "./policy.ts";

/** That a place was to blame, in this campaign or in an earlier one. */
export type PlaceIncident = { readonly place: string; readonly atSeconds: number };

/** Where a run is, and what is known of the places around it. */
export type PlaceFacts = {
  /** Places that the run is on. */
  readonly places: readonly string[];
  /** Others that could take over. */
  readonly numSpares: number;
  /** What came before this launch of the run, oldest first. */
  readonly placeHistory: readonly PlaceIncident[];
};

/** What was decided about a place of a run, in this launch or in an earlier one. */
export type PlaceDecision = PlaceIncident & { readonly action: "spare" | "exclude" | "shrink" | "replay" };

/** As decided, or as the record has it. */
type Decided = {
  readonly action: string;
  readonly place?: string | undefined;
  readonly without?: readonly string[] | undefined;
};

/** What stands after one more decision: what a replay has left comes back where the trouble came again. */
export function afterDecision(
  before: readonly PlaceDecision[],
  { action, place, without = [] }: Decided,
  atSeconds: number,
): readonly PlaceDecision[] {
  switch (action) {
    case "spare":
    case "exclude":
    case "shrink":
      return place === undefined ? before : [...before, { action, place, atSeconds }];
    case "replay":
      return [...before, ...without.map((left) => ({ action, place: left, atSeconds }) as const)];
    case "rewind":
    case "hold":
      return before.filter((each) => each.action !== "replay");
    default:
      return before;
  }
}

/** The places of one machine: itself where one is enough, else its slots, MACHINE/0, MACHINE/1 ... */
export function slotsOf(machine: string, numSlots: number): readonly string[] {
  return numSlots === 1 ? [machine] : Array.from({ length: numSlots }, (_, slot) => `${machine}/${slot}`);
}

/** What a place shares with others: memory, disk, clock. */
export const machineOf = (place: string) => place.split("/")[0]!;

/** Which device of its machine a place is. */
export const slotOf = (place: string) => Number(place.split("/")[1] ?? 0);

/**
 * The places of the next attempt in the order of its ranks: whoever can stay where it was stays, the others
 * move to the first that are free. Fewer than wanted where so few may be used.
 * @param usable most preferred first
 * @param before those of the attempt before
 */
export function assignPlaces(
  numPlaces: number,
  usable: readonly string[],
  before: readonly string[],
): readonly string[] {
  const staying = before.slice(0, numPlaces).map((place) => (usable.includes(place) ? place : undefined));
  const free = usable.filter((place) => !staying.includes(place));
  return Array.from({ length: numPlaces }, (_, i) => staying[i] ?? free.shift()).filter(
    (place) => place !== undefined,
  );
}

/** Left out at a moment: a place that may be well again comes back after the policy's days. */
export function avoidedPlaces(
  decisions: readonly PlaceDecision[],
  { place: { withinDays } }: Policy,
  nowSeconds: number,
): ReadonlySet<string> {
  const standing = decisions.filter(
    ({ action, atSeconds }) =>
      action === "exclude" || action === "shrink" || nowSeconds - atSeconds < withinDays * DAY_SECONDS,
  );
  return new Set(standing.map(({ place }) => place));
}

/** The failures of a place that count at a moment. */
export function countedFailures(
  place: string,
  incidents: readonly PlaceIncident[],
  { place: { withinDays } }: Policy,
  nowSeconds: number,
): readonly PlaceIncident[] {
  return incidents.filter(
    (each) => each.place === place && nowSeconds - each.atSeconds < withinDays * DAY_SECONDS,
  );
}

/** Until when new runs leave a place out, in seconds of the clock of its failures; null: they do not. */
export function excludedUntil(
  place: string,
  history: readonly PlaceIncident[],
  policy: Policy,
  nowSeconds: number,
): number | null {
  const counted = countedFailures(place, history, policy, nowSeconds).map(({ atSeconds }) => atSeconds);
  const deciding = counted.sort((a, b) => a - b).at(-policy.place.failures);
  return deciding === undefined ? null : deciding + policy.place.withinDays * DAY_SECONDS;
}

/** A place that a run is not begun on, and why. */
export type LeftOut = { readonly action: "exclude"; readonly place: string; readonly reason: string };

/**
 * Those that have failed too often before this launch, the worst first, as long as enough others are left.
 * @param usable all that could be used
 * @param leastPlaces that the run needs
 */
export function leftOutFromStart(
  usable: readonly string[],
  leastPlaces: number,
  history: readonly PlaceIncident[],
  policy: Policy,
  nowSeconds: number,
): readonly LeftOut[] {
  const { failures: most, withinDays } = policy.place;
  const lemons = usable
    .map((place) => ({ place, count: countedFailures(place, history, policy, nowSeconds).length }))
    .filter(({ count }) => count >= most)
    .sort((a, b) => b.count - a.count);
  return lemons.slice(0, Math.max(0, usable.length - leastPlaces)).map(({ place, count }) => ({
    action: "exclude",
    place,
    reason:
      `${place}: ${count} failures within ${significant(withinDays)} days, all before this launch; ` +
      "it is left out from the start",
  }));
}
