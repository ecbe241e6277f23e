/** @file The time of the runs in a folder: its record, and the series of their attempts. */

import { existsSync } from "node:fs";
import type { RecordEvent } from "../../record/events.ts";
import { eventsOf } from "../../record/events.ts";
import { columnOf, readSeries, seriesPath } from "../../record/series.ts";
import { type AttemptSteps, type RunTime, timeOfRun } from "./goodput.ts";

/** The runs that the record knows, in the order of their first starts. */
export function runsIn(events: readonly RecordEvent[]): readonly string[] {
  return [...new Set(eventsOf(events, "run-started").map(({ run }) => run))];
}

/** Null: the record has no start of this run. */
export function timeInFolder(folder: string, events: readonly RecordEvent[], run: string): RunTime | null {
  const attempts = eventsOf(events, "run-started", run).map(({ data }) => data.attempt);
  return timeOfRun(
    events,
    run,
    attempts.flatMap((attempt) => stepsInFolder(folder, run, attempt)),
  );
}

/** None where an attempt has left no numbers. */
function stepsInFolder(folder: string, run: string, attempt: number): readonly AttemptSteps[] {
  const path = seriesPath(folder, run, attempt);
  if (!existsSync(path)) return [];
  const series = readSeries(path);
  const { stepSeconds, otherSeconds, saveSeconds } = series.values;
  const told = (i: number) => (stepSeconds?.[i] ?? Number.NaN) + (otherSeconds?.[i] || 0);
  const steps = columnOf(series, "step");
  const seconds = Float64Array.from(steps, (_, i) => told(i));
  return [{ attempt, steps, seconds, saveSeconds }];
}
