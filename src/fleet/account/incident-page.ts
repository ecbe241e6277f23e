/** @file An incident on one page: what was seen, what was decided, what it cost, what to do. Pure. */

import { type EventOf, eventsOf, type RecordEvent } from "../../record/events.ts";
import { attemptFolder, logFile } from "../process/attempt-folder.ts";
import { adviceFor } from "./advice.ts";
import { type AttemptTime, evidenceNumber, type RunTime, type TimeCause } from "./goodput.ts";
import { detailsOf, type EventPlace, placesOfEvents } from "./jobs.ts";

/** What an incident has cost. */
export type IncidentCost = {
  readonly seconds: Readonly<Record<(typeof COSTS)[number], number>>;
  readonly totalSeconds: number;
  /** Steps that were done again. */
  readonly steps: number;
};

const COSTS = ["detection", "restart", "recomputed", "waiting"] as const satisfies readonly TimeCause[];

/** One incident. */
export type IncidentPage = {
  /** The sequence number of its event. */
  readonly id: number;
  readonly at: string;
  /** Null: of the campaign as a whole. */
  readonly run: string | null;
  readonly what: string;
  readonly severity: EventOf<"incident">["data"]["severity"];
  /** Null where it is nobody's alone. */
  readonly rank: number | null;
  readonly place: string | null;
  readonly attempt: number | null;
  /** Of Slurm's, where a job carried the run. */
  readonly job: string | null;
  readonly step: number | null;
  readonly evidence: unknown;
  readonly response: { readonly action: string; readonly reason: string } | null;
  /** Null: it did not end an attempt. */
  readonly cost: IncidentCost | null;
  /** What became of it, in words. */
  readonly since: string;
  readonly advice: readonly string[];
};

/** All of a record, oldest first. */
export function incidentPages(
  folder: string,
  events: readonly RecordEvent[],
  times: readonly RunTime[],
): readonly IncidentPage[] {
  const places = placesOfEvents(events);
  return eventsOf(events, "incident").map((incident) =>
    pageOf(folder, events, times, incident, places[incident.sequence]!),
  );
}

function pageOf(
  folder: string,
  events: readonly RecordEvent[],
  times: readonly RunTime[],
  incident: EventOf<"incident">,
  { job, attempt }: EventPlace,
): IncidentPage {
  const { sequence: id, time: at, run, data } = incident;
  const { what, severity, evidence, response = null } = data;
  const starts = run === null ? [] : eventsOf(events, "run-started", run);
  const next = starts.find(({ sequence }) => sequence > id);
  const finished = run === null ? [] : eventsOf(events, "run-finished", run);
  const details = detailsOf(evidence);
  const rank = typeof details.rank === "number" ? details.rank : null;
  const log =
    run === null || attempt === null ? null : logFile(attemptFolder(folder, run, attempt), rank ?? 0);
  const action = response?.action ?? null;
  const cost = costOf(times, run, id);
  const hasGoneOn = next !== undefined || finished.length > 0;
  return {
    id,
    at,
    run,
    what,
    severity,
    rank,
    place: typeof details.place === "string" ? details.place : null,
    attempt,
    job,
    step: evidenceNumber(incident, "step"),
    evidence,
    response,
    cost,
    since: sinceText(next, finished.length > 0, cost !== null),
    advice: adviceFor({ what, action, hasGoneOn, folder, log, evidence: details }),
  };
}

function costOf(times: readonly RunTime[], run: string | null, id: number): IncidentCost | null {
  const ended = times
    .find((time) => time.run === run)
    ?.attempts.find(({ outcome }) => outcome.kind === "failed" && outcome.incident === id);
  return ended ? costOfAttempt(ended) : null;
}

/** What the end of an attempt has cost, whatever it was. */
export function costOfAttempt({ seconds: spent, stepsRecomputed: steps }: AttemptTime): IncidentCost {
  const seconds = Object.fromEntries(COSTS.map((cause) => [cause, spent[cause]])) as IncidentCost["seconds"];
  const totalSeconds = Object.values(seconds).reduce((sum, each) => sum + each, 0);
  return { seconds, totalSeconds, steps };
}

function sinceText(
  next: EventOf<"run-started"> | undefined,
  isFinished: boolean,
  hasEndedOne: boolean,
): string {
  const end = isFinished ? "; the run has finished" : "";
  if (next === undefined && isFinished) return "the run has finished";
  if (next === undefined) return hasEndedOne ? "no attempt has started since" : "it ended no attempt";
  const from = next.data.fromStep > 0 ? `from step ${next.data.fromStep}` : "from the start";
  return `attempt ${next.data.attempt} went on ${from}${end}`;
}
