/** @file What would be decided today, or by another policy, about the incidents that a record holds. */

import { type EventOf, eventsOf, type RecordEvent } from "../../record/events.ts";
import { standingOf } from "../certify/certificates.ts";
import { type Decision, decideRecovery, type Failure, type KnownCheckpoint } from "../decide/decide.ts";
import { sightingKind } from "../decide/incident-names.ts";
import type { PlaceFacts } from "../decide/places.ts";
import type { Policy } from "../decide/policy.ts";
import type { Sighting } from "../decide/sighting.ts";

/** An incident with what was done about it then, and what would be. */
export type ReplayedIncident = {
  /** Of its event in the record. */
  readonly sequence: number;
  readonly time: string;
  readonly run: string;
  readonly what: string;
  readonly failure: Failure;
  /** Null: nothing was written down. */
  readonly decided: { readonly action: string; readonly reason: string } | null;
  readonly now: Decision;
};

/** Run by run, each incident in the light of those before it. */
export function replayRecord(events: readonly RecordEvent[], policy: Policy): readonly ReplayedIncident[] {
  const failures = new Map<string, Failure[]>();
  return eventsOf(events, "incident").flatMap((event) => {
    const { run, sequence, time, data } = event;
    const failure = failureIn(event);
    if (run === null || failure === null) return [];
    const [first = failure, ...more] = [...(failures.get(run) ?? []), failure];
    const now = decideRecovery({
      failures: [first, ...more],
      ...placesAt(events, run, event),
      checkpoints: checkpointsBefore(events, run, sequence),
      policy,
    });
    // What is only noted is no failure of the run.
    if (now.action !== "nothing") failures.set(run, [first, ...more]);
    const { what, response } = data;
    const decided = response ? { action: response.action, reason: response.reason } : null;
    return [{ sequence, time, run, what, failure, decided, now }];
  });
}

/** As the attempt that was under way was started; of older records, the place that the incident names. */
function placesAt(events: readonly RecordEvent[], run: string, incident: EventOf<"incident">): PlaceFacts {
  const started = eventsOf(events.slice(0, incident.sequence), "run-started", run);
  const { place = "here" } = incident.data.evidence as { readonly place?: string };
  const { places = [place], numSpares = 0 } = started.at(-1)?.data ?? {};
  return { places, numSpares, placeHistory: started[0]?.data.placeHistory ?? [] };
}

/** What `incidentOf` has written; null where another hand has. */
function failureIn({ time, data: { what, evidence } }: EventOf<"incident">): Failure | null {
  const kind = sightingKind(what);
  if (kind === null || typeof evidence !== "object" || evidence === null) return null;
  const { seenStep, step = 0, ...facts } = evidence as { readonly seenStep?: number; readonly step?: number };
  const sighting = { testimony: [], log: "", ...facts, kind, step: seenStep ?? step } as unknown as Sighting;
  return { sighting, step, atSeconds: Date.parse(time) / 1000, memoryShare: null };
}

/** The start, and those that were written and that no attempt has left behind. */
const checkpointsBefore = (
  events: readonly RecordEvent[],
  run: string,
  sequence: number,
): readonly KnownCheckpoint[] => [
  { step: 0, isCertified: false },
  ...standingOf(events.slice(0, sequence), run).checkpoints,
];
