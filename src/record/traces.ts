/** @file Signs that a record was cut short: a report, runs or a model that no event of it speaks of. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { isFolder, isThere } from "../input-file.ts";
import { eventsOf, type RecordEvent } from "./events.ts";
import { readOwnFile } from "./files.ts";
import { checkpointsFolder, seriesFolder, workspaceOf } from "./workspace.ts";

/** How a report names the record's head as of its writing. */
export const headText = (head: string) => `its head is \`${head}\``;

/** The head that the report in this folder names; null where there is none. */
export function reportedHead(folder: string): string | null {
  const { report } = workspaceOf("", folder);
  const text = isThere(report) ? readOwnFile(report, "the report of a campaign").toString() : "";
  return new RegExp(headText("([0-9a-f]{64})")).exec(text)?.[1] ?? null;
}

/**
 * What lies in the folder, relative to it, and is missing from the events: they were cut short at the end of
 * a line, which no hash can show. A launch that was killed just before the event leaves a corpus or a model
 * too, until the next one.
 */
export function tracesBeyond(folder: string, events: readonly RecordEvent[]): readonly string[] {
  const isTrained = (run: string) =>
    namesIn(checkpointsFolder(folder, run)).some((name) => name.startsWith("step-"));
  const starts = eventsOf(events, "run-started");
  const started = new Set(starts.map(({ run }) => run));
  const attempts = new Set(starts.map(({ run, data }) => `${run}/${data.attempt}`));
  const runs = namesIn(join(folder, "runs")).filter((run) => isTrained(run) && !started.has(run));
  // An attempt has no series before its start stands in the record.
  const series = namesIn(join(folder, "series"))
    .filter((run) => !runs.includes(run))
    .flatMap((run) => namesIn(seriesFolder(folder, run)).map((attempt) => `${run}/${attempt}`))
    .filter((attempt) => /\/[1-9][0-9]*$/.test(attempt) && !attempts.has(attempt));
  const isVouchedFor = (of: string) =>
    events.some((event) => event.kind === "files-written" && event.data.of === of);
  return [
    ...(existsSync(join(folder, "corpus", "manifest.json")) && !isVouchedFor("corpus") ? ["corpus"] : []),
    ...runs.map((run) => `runs/${run}`),
    ...series.map((attempt) => `series/${attempt}`),
    ...(existsSync(join(folder, "model", "config.json")) && !isVouchedFor("model") ? ["model"] : []),
  ];
}

/** Throws a `UserError` where events are missing. What a kill can leave is no sign of it. */
export function refuseCutShort(folder: string, events: readonly RecordEvent[]): void {
  const head = reportedHead(folder);
  if (head !== null && !events.some(({ hash }) => hash === head))
    throw missingHead(head, events.length, workspaceOf("", folder).report);
  const traces = tracesBeyond(folder, events).filter((trace) => !isLeftByKill(trace, events));
  if (traces.length > 0) throw unspokenOf(folder, traces, events);
}

const isLeftByKill = (trace: string, events: readonly RecordEvent[]) =>
  trace === "corpus" || (trace === "model" && hasFinishedModel(events));

/** @param report the report that names the head; null where a person published it */
export function missingHead(hash: string, numEvents: number, report: string | null): UserError {
  const source = report === null ? "" : `, which ${report} names as its head`;
  const orReport = report === null ? "" : "; or the report is not this record's: move it away";
  return new UserError(
    `none of the ${numEvents} events of this record has the hash ${hash}${source}`,
    "a record that still holds the event with that hash",
    `it was cut short or rewritten since, or is another record: put back an unchanged copy${orReport}`,
  );
}

export function unspokenOf(
  folder: string,
  traces: readonly string[],
  events: readonly RecordEvent[],
): UserError {
  const [first, second, third, ...more] = traces.map((trace) => join(folder, trace));
  const named = [first, second, third].filter((place) => place !== undefined).join(", ");
  return new UserError(
    `${named}${more.length > 0 ? ` and ${more.length} more` : ""}, of which none of the ${events.length} events speaks`,
    "an event for every attempt of a run, corpus and model in the folder",
    traces.every((trace) => isLeftByKill(trace, events))
      ? "where a launch was killed just then, launch again; else the record was cut short: put back a whole copy"
      : "the record was cut short: put back an unchanged copy, or launch into a new folder (--folder)",
  );
}

/** The model is written once the target, or the single run, is done. */
function hasFinishedModel(events: readonly RecordEvent[]): boolean {
  const finished = new Set(events.flatMap(({ kind, run }) => (kind === "run-finished" ? [run] : [])));
  return events.some(
    (event) =>
      event.kind === "run-started" &&
      finished.has(event.run) &&
      z.object({ role: z.enum(["target", "single"]) }).safeParse(event.data.spec).success,
  );
}

const namesIn = (path: string) => (isFolder(path) ? readdirSync(path).sort() : []);
