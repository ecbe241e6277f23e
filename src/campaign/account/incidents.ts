/** @file What went wrong in a campaign and what it cost: crashes, damaged checkpoints, and attempts that a later one had to take up. */

import type { EventOf, RecordEvent } from "../../record/events.ts";
import type { IncidentFact } from "../../report/data.ts";

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
    if (event.kind === "run-started" && event.data.attempt > 1) return [takenUpAgain(events, event)];
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

/** A later attempt of a run: whatever ended the one before, kill or stop, this is where it was taken up. */
function takenUpAgain(events: readonly RecordEvent[], started: EventOf<"run-started">): IncidentFact {
  const { attempt } = started.data;
  const resumed = events.find(
    (event) => event.kind === "run-resumed" && event.run === started.run && event.data.attempt === attempt,
  );
  const from = resumed?.kind === "run-resumed" ? resumed.data : null;
  return {
    at: started.time,
    run: started.run,
    kind: "taken up again",
    evidence: `attempt ${attempt} from step ${from?.fromStep ?? 0}${from?.exact === false ? ", on another instruction set: inexact" : ""}`,
    lostSeconds: secondsLost(events, started),
    recovery: from
      ? `from ${from.checkpoint.split("/").at(-1)}`
      : "from the start: there was no checkpoint yet",
  };
}

/**
 * From the last moment that was safe (a checkpoint, or the start of the attempt before) to the last sign of life of that launch, of any run:
 * nothing is written at the moment of a kill, so this is what the record can say. A run that was asked to stop lost nothing.
 */
function secondsLost(events: readonly RecordEvent[], started: EventOf<"run-started">): number {
  const earlier = events.slice(0, started.sequence);
  const own = earlier.filter(({ run }) => run === started.run);
  if (own.some((event) => event.kind === "interrupted" && isLastAttempt(event, own))) return 0;
  const safe = own.findLast(({ kind }) => kind === "checkpoint-written" || kind === "run-started");
  const relaunch = earlier.findLastIndex(({ kind }) => kind === "stage-started");
  const crash = own.findLast(({ kind }) => kind === "incident");
  const last = crash && crash.sequence > (safe?.sequence ?? 0) ? crash : earlier[relaunch - 1];
  return safe && last ? Math.max(0, (Date.parse(last.time) - Date.parse(safe.time)) / 1000) : 0;
}

/** Whether nothing of the run was started after this event. */
function isLastAttempt(event: RecordEvent, own: readonly RecordEvent[]): boolean {
  return !own.some(({ kind, sequence }) => kind === "run-started" && sequence > event.sequence);
}
