/** @file What incidents in the record have decided about the next attempt: from where, without what. */

import { eventsOf, type RecordEvent } from "../record/events.ts";
import type { AttemptStart } from "./run-task.ts";
import { saveInterval } from "./save-interval.ts";

export function attemptStart(events: readonly RecordEvent[], run: string): AttemptStart {
  const started = eventsOf(events, "run-started", run).at(-1)?.sequence ?? -1;
  const last = responsesIn(events, run).findLast(
    ({ sequence, toStep }) => sequence > started && toStep !== undefined,
  );
  return {
    fromStep: last?.toStep ?? null,
    skip: skippedSteps(events, run),
    saveEverySeconds: saveInterval(events, run),
  };
}

/** Ascending: the steps of a run that train on other batches than their own. */
export function skippedSteps(events: readonly RecordEvent[], run: string): readonly number[] {
  const steps = new Set(responsesIn(events, run).flatMap(({ skip }) => skip ?? []));
  return [...steps].sort((a, b) => a - b);
}

const responsesIn = (events: readonly RecordEvent[], run: string) =>
  eventsOf(events, "incident", run).flatMap(({ sequence, data: { response } }) =>
    response ? [{ ...response, sequence }] : [],
  );
