/** @file Predictions in the record: locked once, read back as they were locked. */

import { eventsOf, type RecordEvent } from "../record/events.ts";
import type { RecordWriter } from "../record/record.ts";
import type { PartedPrediction } from "./quantities.ts";

type Row<From> = {
  readonly name: string;
  readonly unit: string;
  /** Null: nothing that could be scored. */
  predict(from: From): PartedPrediction | null;
};

/** Locks what the rows predict of a run. What a killed stage has locked before stands. */
export function lockPredictions<From>(
  record: RecordWriter,
  run: string,
  rows: readonly Row<From>[],
  from: From,
): void {
  const locked = predictionsOf(record.events, run);
  for (const { name: quantity, unit, predict } of rows) {
    const prediction = locked.has(quantity) ? null : predict(from);
    if (prediction) record.append({ run, kind: "prediction", data: { quantity, unit, ...prediction } });
  }
}

/** What is locked of a run, by quantity. */
export function predictionsOf(
  events: readonly RecordEvent[],
  run: string,
): ReadonlyMap<string, PartedPrediction> {
  const locked = new Map<string, PartedPrediction>();
  for (const { data } of eventsOf(events, "prediction", run)) {
    const { quantity, unit: _, ...prediction } = data;
    if (!locked.has(quantity)) locked.set(quantity, prediction);
  }
  return locked;
}
