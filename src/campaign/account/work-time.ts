/** @file How long a campaign has worked: finished stages, and what was done of those cut short. */

import { eventsOf, type RecordEvent, type Stage } from "../../record/events.ts";

/** Seconds in the given stages; in all of them when left out. Waiting between launches is not counted. */
export function secondsOfWork(events: readonly RecordEvent[], stages?: readonly Stage[]): number {
  return events.reduce((sum, event, i) => {
    if (event.kind !== "stage-started" || stages?.includes(event.data.stage) === false) return sum;
    return sum + secondsOfStage(event, events.slice(i + 1));
  }, 0);
}

/** Until it finished; or, if it never did, until the last event of that launch. */
function secondsOfStage(started: RecordEvent, after: readonly RecordEvent[]): number {
  const next = after.findIndex(({ kind, launch }) => kind === "stage-started" || launch !== started.launch);
  const own = next < 0 ? after : after.slice(0, next);
  const [finished] = eventsOf(own, "stage-finished");
  if (finished) return finished.data.seconds;
  return (own.at(-1) ?? started).seconds - started.seconds;
}
