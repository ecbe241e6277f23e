/** @file What went wrong and what it cost: crashes, damaged checkpoints, attempts that were resumed. */

import { DAMAGED_CHECKPOINT, LEFT_OUT } from "../../fleet/recorded-run.ts";
import { type EventOf, eventsOf, type RecordEvent } from "../../record/events.ts";
import type { IncidentFact } from "../../report/data.ts";

export function incidentsOf(events: readonly RecordEvent[]): readonly IncidentFact[] {
  return events.flatMap((event): readonly IncidentFact[] => {
    const { time: at, run } = event;
    if (event.kind === "incident") {
      const { what: kind, evidence: facts, response } = event.data;
      const recovery = recoveryOf(events, event);
      // The reason has the facts that were decided on, in words.
      const evidence = response?.reason ?? JSON.stringify(facts);
      return [{ at, run: run ?? "campaign", kind, evidence, lostSeconds: 0, recovery }];
    }
    if (event.kind === "run-started" && event.data.attempt > 1) return [resumption(events, event)];
    if (event.kind !== "interrupted" || run !== null) return [];
    const wentOn = events.some(({ launch }) => launch > event.launch);
    const recovery = wentOn ? "the same command went on" : "the same command goes on";
    return [
      { at, run: "campaign", kind: "interrupted", evidence: event.data.reason, lostSeconds: 0, recovery },
    ];
  });
}

/** A damaged checkpoint is found by the attempt that passes it over; the next attempt mends an ended one. */
function recoveryOf(events: readonly RecordEvent[], { sequence, run, data }: EventOf<"incident">): string {
  const starts = eventsOf(events, "run-started", run);
  if (data.what === LEFT_OUT) return "begun elsewhere";
  if (data.what === DAMAGED_CHECKPOINT) {
    const finder = starts.findLast((start) => start.sequence < sequence);
    return finder ? startText(finder) : "none";
  }
  return starts.some((start) => start.sequence > sequence) ? "restarted" : "none";
}

function startText({ data: { fromStep } }: EventOf<"run-started">): string {
  return fromStep > 0 ? `from step ${fromStep}` : "from the start: there was no checkpoint yet";
}

/** A later attempt of a run: whatever ended the one before, kill or stop, here it was resumed. */
function resumption(events: readonly RecordEvent[], started: EventOf<"run-started">): IncidentFact {
  const { attempt, fromStep, exact } = started.data;
  const inexact = exact ? "" : ", on another instruction set: inexact";
  return {
    at: started.time,
    run: started.run,
    kind: "resumed",
    evidence: `attempt ${attempt} from step ${fromStep}${inexact}`,
    lostSeconds: secondsLost(events, started),
    recovery: startText(started),
  };
}

/**
 * From the last moment that was safe (a checkpoint, or the start of the attempt before) to the last sign of
 * life of that launch, of any run: nothing is written at the moment of a kill, so this is what the record can
 * say. A run that was asked to stop lost nothing.
 */
function secondsLost(events: readonly RecordEvent[], started: EventOf<"run-started">): number {
  const earlier = events.slice(0, started.sequence);
  const own = earlier.filter(({ run }) => run === started.run);
  const attempt = own.slice(own.findLastIndex(({ kind }) => kind === "run-started"));
  if (attempt.some(({ kind }) => kind === "interrupted")) return 0;
  const safe = own.findLast(({ kind }) => kind === "checkpoint-written" || kind === "run-started");
  const last = earlier.findLast(
    ({ run, kind, launch }) =>
      launch === safe?.launch && (launch < started.launch || (run === started.run && kind === "incident")),
  );
  return safe && last ? Math.max(0, last.seconds - safe.seconds) : 0;
}
