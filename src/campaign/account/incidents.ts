/** @file What went wrong, as report and status list it: the fleet's incidents, and ends that nobody saw. */

import { UserError } from "../../errors.ts";
import { runsIn, timeInFolder } from "../../fleet/account/folder-times.ts";
import { type RunTime, timeOfRun } from "../../fleet/account/goodput.ts";
import { costOfAttempt, type IncidentPage, incidentPages } from "../../fleet/account/incident-page.ts";
import { DAMAGED_CHECKPOINT } from "../../fleet/decide/incident-names.ts";
import { type EventOf, eventsOf, type RecordEvent } from "../../record/events.ts";
import type { IncidentFact } from "../../report/data.ts";

/** Of a folder, with the numbers per step of its runs. */
export function incidentsIn(folder: string, events: readonly RecordEvent[]): readonly IncidentFact[] {
  return incidentsOf(
    folder,
    events,
    runsIn(events).map((run) => timeOf(folder, events, run)!),
  );
}

/** Where numbers cannot be read any more, which is told elsewhere, by the events alone. */
function timeOf(folder: string, events: readonly RecordEvent[], run: string): RunTime | null {
  try {
    return timeInFolder(folder, events, run);
  } catch (error) {
    if (error instanceof UserError) return timeOfRun(events, run, []);
    throw error;
  }
}

export function incidentsOf(
  folder: string,
  events: readonly RecordEvent[],
  times: readonly RunTime[],
): readonly IncidentFact[] {
  const pages = new Map(incidentPages(folder, events, times).map((page) => [page.id, page]));
  return events.flatMap((event): readonly IncidentFact[] => {
    const { time: at, run } = event;
    if (event.kind === "incident") return [factOf(events, pages.get(event.sequence)!)];
    if (event.kind === "run-started") return unseenEnd(event, times);
    if (event.kind !== "interrupted" || run !== null) return [];
    const wentOn = events.some(({ launch }) => launch > event.launch);
    const recovery = wentOn ? "the same command went on" : "the same command goes on";
    return [
      { at, run: "campaign", kind: "interrupted", evidence: event.data.reason, lostSeconds: 0, recovery },
    ];
  });
}

function factOf(events: readonly RecordEvent[], page: IncidentPage): IncidentFact {
  const { id, at, run, what: kind, evidence: facts, response, cost, since } = page;
  // A damaged checkpoint is found by the attempt that passes it over.
  const finder =
    kind === DAMAGED_CHECKPOINT
      ? eventsOf(events, "run-started", run).findLast(({ sequence }) => sequence < id)
      : undefined;
  return {
    at,
    run: run ?? "campaign",
    kind,
    // The reason has the facts that were decided on, in words.
    evidence: response?.reason ?? JSON.stringify(facts),
    lostSeconds: cost ? workLost(cost.seconds) : 0,
    recovery: finder ? startText(finder) : since,
  };
}

/** Without the wait for somebody who launches again: a report holds it against work. */
const workLost = ({ detection, restart, recomputed }: ReturnType<typeof costOfAttempt>["seconds"]) =>
  detection + restart + recomputed;

function startText({ data: { fromStep } }: EventOf<"run-started">): string {
  return fromStep > 0 ? `from step ${fromStep}` : "from the start: there was no checkpoint yet";
}

/** An attempt that was killed with its supervisor is known by its successor; inexact ones are told, too. */
function unseenEnd(started: EventOf<"run-started">, times: readonly RunTime[]): readonly IncidentFact[] {
  const { attempt, fromStep, exact } = started.data;
  const attempts = times.find(({ run }) => run === started.run)?.attempts ?? [];
  const before = attempts[attempts.findIndex((each) => each.attempt === attempt) - 1];
  const hasVanished = before?.outcome.kind === "vanished";
  if (!hasVanished && (exact || attempt === 1)) return [];
  return [
    {
      at: started.time,
      run: started.run,
      kind: "resumed",
      evidence:
        `attempt ${attempt} from step ${fromStep}` +
        (hasVanished ? ", after one that ended without a word" : "") +
        (exact ? "" : ", on another instruction set: inexact"),
      lostSeconds: hasVanished ? workLost(costOfAttempt(before).seconds) : 0,
      recovery: startText(started),
    },
  ];
}
