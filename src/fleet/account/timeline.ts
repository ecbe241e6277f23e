/** @file The events of a record on one axis: the clock that never jumps within a launch, dates between. */

import type { RecordEvent } from "../../record/events.ts";

/** Microseconds since the first event. */
export type Timeline = {
  at(event: RecordEvent): number;
  /** Of a stretch, what lies between the last event of a launch and the opening of the record by the next. */
  betweenLaunches(from: number, to: number): number;
};

/** A date that goes back between two launches counts as no time between them. */
export function timelineOf(events: readonly RecordEvent[]): Timeline {
  const places: number[] = [];
  const gaps: { readonly from: number; readonly to: number }[] = [];
  events.forEach((event, i) => {
    const before = events[i - 1];
    const beforeAt = places.at(-1) ?? 0;
    if (before === undefined) places.push(0);
    else if (before.launch === event.launch)
      places.push(beforeAt + Math.max(0, Math.round(1e6 * (event.seconds - before.seconds))));
    else {
      const passed = Math.max(0, 1000 * (Date.parse(event.time) - Date.parse(before.time)));
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
