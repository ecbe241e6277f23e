/** @file The events of a record on one axis: the clock that never jumps within a launch, dates between. */

import { median } from "../../math/statistics.ts";
import type { RecordEvent } from "../../record/events.ts";

/** Microseconds since the first event. */
export type Timeline = {
  at(event: RecordEvent): number;
  /** Of a stretch, what lies between the last event of a launch and the opening of the record by the next. */
  betweenLaunches(from: number, to: number): number;
};

/**
 * A date that goes back between two launches counts as no time between them; one that jumps within a launch
 * counts for nothing while most of its events agree on when it began.
 */
export function timelineOf(events: readonly RecordEvent[]): Timeline {
  const openings = Map.groupBy(events, ({ launch }) => launch);
  const openedMs = new Map(
    [...openings].map(([launch, own]) => [
      launch,
      median(own.map(({ time, seconds }) => Date.parse(time) - 1000 * seconds)),
    ]),
  );
  const dateMs = ({ launch, seconds }: RecordEvent) => openedMs.get(launch)! + 1000 * seconds;
  const places: number[] = [];
  const gaps: { readonly from: number; readonly to: number }[] = [];
  events.forEach((event, i) => {
    const before = events[i - 1];
    const beforeAt = places.at(-1) ?? 0;
    if (before === undefined) places.push(0);
    else if (before.launch === event.launch)
      places.push(beforeAt + Math.max(0, Math.round(1e6 * (event.seconds - before.seconds))));
    else {
      const passed = Math.max(0, Math.round(1000 * (dateMs(event) - dateMs(before))));
      places.push(beforeAt + passed);
      gaps.push({ from: beforeAt, to: beforeAt + Math.max(0, passed - Math.round(1e6 * event.seconds)) });
    }
  });
  return {
    at: ({ sequence }) => places[sequence]!,
    betweenLaunches: (from, to) =>
      gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(to, gap.to) - Math.max(from, gap.from)), 0),
  };
}
