/** @file How often a run saves: by how often it failed so far, and what a save takes. */

import { mean } from "../math/statistics.ts";
import { eventsOf, type RecordEvent } from "../record/events.ts";
import { timelineOf } from "./account/timeline.ts";

/** Of the time, for saves: so much at most, however often a run fails. */
const MOST_SHARE = 0.05;
/** Where no save was timed. Assumption. */
const SAVE_SECONDS = 0.05;
const NUM_TIMED = 5;

/**
 * Seconds of training between two saves that lose the least time to saves and to steps done again together:
 * sqrt(2 save M), with M the mean time between failures (Young 1974). Null before the first failure: nothing
 * is known, and the specification's own interval, which is the longest in any case, holds.
 */
export function saveInterval(events: readonly RecordEvent[], run: string): number | null {
  const starts = eventsOf(events, "run-started", run);
  const numFailures = starts.length - eventsOf(events, "interrupted", run).length;
  const [first] = starts;
  const last = events.at(-1);
  if (numFailures <= 0 || first === undefined || last === undefined) return null;
  const timeline = timelineOf(events);
  const [from, to] = [timeline.at(first), timeline.at(last)];
  const failureSeconds = (to - from - timeline.betweenLaunches(from, to)) / 1e6 / numFailures;
  const timed = eventsOf(events, "checkpoint-written", run)
    .flatMap(({ data }) => data.seconds ?? [])
    .slice(-NUM_TIMED);
  const saveSeconds = timed.length > 0 ? mean(timed) : SAVE_SECONDS;
  return Math.max(Math.sqrt(2 * saveSeconds * failureSeconds), saveSeconds / MOST_SHARE);
}
