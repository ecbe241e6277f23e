/** @file What incidents in the record have decided about the next attempt: from where, without what. */

import { eventsOf, type RecordEvent } from "../record/events.ts";
import { timelineOf } from "./account/timeline.ts";
import { afterDecision, type PlaceDecision } from "./decide/places.ts";
import type { AttemptStart } from "./run-task.ts";

export function attemptStart(events: readonly RecordEvent[], run: string): AttemptStart {
  const started = eventsOf(events, "run-started", run).at(-1)?.sequence ?? -1;
  const last = responsesIn(events, run).findLast(
    ({ sequence, toStep }) => sequence > started && toStep !== undefined,
  );
  return {
    fromStep: last?.toStep ?? null,
    skip: skippedSteps(events, run),
    failureSeconds: failureSeconds(events, run),
  };
}

/** Mean time between a run's failures; null: it had none. A start after a stop is none. */
export function failureSeconds(events: readonly RecordEvent[], run: string): number | null {
  const starts = eventsOf(events, "run-started", run);
  const numFailures = starts.length - eventsOf(events, "interrupted", run).length;
  const [first] = starts;
  const last = events.at(-1);
  if (numFailures <= 0 || first === undefined || last === undefined) return null;
  const timeline = timelineOf(events);
  const [from, to] = [timeline.at(first), timeline.at(last)];
  const lived = (to - from - timeline.betweenLaunches(from, to)) / 1e6;
  return lived > 0 ? lived / numFailures : null;
}

/** Ascending: the steps of a run that train on other batches than their own. */
export function skippedSteps(events: readonly RecordEvent[], run: string): readonly number[] {
  const steps = new Set(responsesIn(events, run).flatMap(({ skip }) => skip ?? []));
  return [...steps].sort((a, b) => a - b);
}

/**
 * Places that a run was told to leave, in all its launches, oldest first.
 * @param forgiven when a place was forgiven, in seconds since 1970
 */
export function placeDecisions(
  events: readonly RecordEvent[],
  run: string,
  forgiven: ReadonlyMap<string, number>,
): readonly PlaceDecision[] {
  const decided = responsesIn(events, run).reduce<readonly PlaceDecision[]>(
    (before, response) => afterDecision(before, response, Date.parse(response.time) / 1000),
    [],
  );
  return decided.filter(
    ({ place, atSeconds }) => atSeconds > (forgiven.get(place) ?? Number.NEGATIVE_INFINITY),
  );
}

const responsesIn = (events: readonly RecordEvent[], run: string) =>
  eventsOf(events, "incident", run).flatMap(({ sequence, time, data: { response } }) =>
    response ? [{ ...response, sequence, time }] : [],
  );
