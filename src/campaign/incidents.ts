/** @file What went wrong in a campaign and what it cost: crashes, damaged checkpoints, and attempts that a later one had to take up. */

import type { RecordEvent } from "../record/events.ts";
import type { IncidentFact } from "../report/data.ts";

export function incidentsOf(events: readonly RecordEvent[]): readonly IncidentFact[] {
  return events.flatMap((event): readonly IncidentFact[] => {
    if (event.kind === "incident")
      return [
        {
          at: event.time,
          run: event.run ?? "campaign",
          kind: event.data.what,
          evidence: JSON.stringify(event.data.evidence),
          lostSeconds: 0,
          recovery: recoveryOf(events, event),
        },
      ];
    if (event.kind === "run-resumed")
      return [
        {
          at: event.time,
          run: event.run,
          kind: "resumed",
          evidence: `attempt ${event.data.attempt} from step ${event.data.fromStep}${event.data.exact ? "" : ", on another instruction set: inexact"}`,
          lostSeconds: secondsSinceCheckpoint(events, event),
          recovery: `from ${event.data.checkpoint.split("/").at(-1)}`,
        },
      ];
    if (event.kind === "interrupted" && event.run === null)
      return [
        {
          at: event.time,
          run: "campaign",
          kind: "interrupted",
          evidence: event.data.reason,
          lostSeconds: 0,
          recovery: "the same command went on",
        },
      ];
    return [];
  });
}

function recoveryOf(events: readonly RecordEvent[], incident: RecordEvent): string {
  const next = events.find(
    ({ sequence, run, kind }) =>
      sequence > incident.sequence &&
      run === incident.run &&
      (kind === "run-started" || kind === "run-resumed"),
  );
  if (next?.kind === "run-resumed") return `from ${next.data.checkpoint.split("/").at(-1)}`;
  return next ? "restarted" : "none";
}

/** Work between the last checkpoint and the last sign of life of the earlier attempt; at most what the record can bound. */
function secondsSinceCheckpoint(events: readonly RecordEvent[], resumed: RecordEvent): number {
  const earlier = events.filter(
    (event) => event.sequence < resumed.sequence && event.run === resumed.run && event.kind !== "run-started",
  );
  const checkpoint = earlier.findLast((event) => event.kind === "checkpoint-written");
  const last = earlier.at(-1);
  return checkpoint && last ? (Date.parse(last.time) - Date.parse(checkpoint.time)) / 1000 : 0;
}
