/** @file Slurm's jobs that have carried a record, and which of them each event was of. Pure. */

import { type EventKind, type EventOf, eventsOf, type RecordEvent } from "../../record/events.ts";
import { sightingKind } from "../decide/incident-names.ts";
import { machineOf } from "../decide/places.ts";

/** One start of a job: one that was queued again carries the record anew. */
export type CarriedJob = EventOf<"job-started">["data"] & {
  readonly startedAt: string;
  /** Null: it has not ended, or nobody was there to write it. */
  readonly end: (EventOf<"job-ended">["data"] & { readonly at: string }) | null;
  readonly attempts: readonly JobAttempt[];
  /** Nodes that were found dead, and by which incident. */
  readonly lost: readonly { readonly node: string; readonly why: string; readonly incident: number }[];
};

/** An attempt of a run in a job. */
export type JobAttempt = {
  readonly run: string;
  readonly attempt: number;
  /** By rank. */
  readonly places: readonly string[];
  /** No later event of its run says that it ended. */
  readonly isUnderWay: boolean;
};

/** Where an event was: each is null where the record does not say. */
export type EventPlace = {
  readonly job: string | null;
  /** Of its run. */
  readonly attempt: number | null;
  /** Of the rank that it is about; else all that the attempt was on. */
  readonly nodes: readonly string[];
};

const ENDS = new Set<EventKind>(["run-started", "run-finished", "command-ended", "interrupted"]);

/** Oldest first. */
export function jobsIn(events: readonly RecordEvent[]): readonly CarriedJob[] {
  return eventsOf(events, "job-started").map(({ data, time, launch }) => {
    const own = events.filter((event) => event.launch === launch);
    const end = eventsOf(own, "job-ended").at(-1);
    return {
      ...data,
      startedAt: time,
      end: end ? { ...end.data, at: end.time } : null,
      attempts: eventsOf(own, "run-started").map(({ run, sequence, data: { attempt, places = [] } }) => ({
        run,
        attempt,
        places,
        isUnderWay: !events.some(
          (event) => event.run === run && event.sequence > sequence && ENDS.has(event.kind),
        ),
      })),
      lost: eventsOf(own, "incident").flatMap(({ data: { what, evidence }, sequence: incident }) => {
        if (sightingKind(what) !== "place") return [];
        const { place, what: why } = evidence as { readonly place: string; readonly what: string };
        return [{ node: machineOf(place), why, incident }];
      }),
    };
  });
}

/** For each event, in their order. */
export function placesOfEvents(events: readonly RecordEvent[]): readonly EventPlace[] {
  const jobs = new Map(eventsOf(events, "job-started").map(({ launch, data }) => [launch, data.job]));
  const attempts = new Map<string, EventOf<"run-started">["data"]>();
  return events.map((event) => {
    const { launch, run } = event;
    if (event.kind === "run-started") attempts.set(event.run, event.data);
    const { attempt = null, places = [] } = (run === null ? null : attempts.get(run)) ?? {};
    const own = event.kind === "incident" ? detailsOf(event.data.evidence).place : null;
    const nodes = [...new Set((typeof own === "string" ? [own] : places).map(machineOf))];
    return { job: jobs.get(launch) ?? null, attempt, nodes };
  });
}

/** The evidence of an incident: of a slow rank, its number and place stand together. */
export function detailsOf(evidence: unknown): Readonly<Record<string, unknown>> {
  const told = (evidence ?? {}) as Readonly<Record<string, unknown>>;
  return { ...told, ...(typeof told.rank === "object" ? told.rank : {}) };
}
