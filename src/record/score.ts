/** @file Scoring: each prediction against the measurement of its quantity. A pure fold. */

import type { EventOf, RecordEvent } from "./events.ts";

/** What was seen of a quantity. */
export type Measurement = {
  readonly run: string | null;
  readonly quantity: string;
  readonly unit: string;
  readonly value: number;
};

/** One prediction beside what was measured. */
export type VerdictRow = {
  /** Null: the campaign as a whole. */
  readonly run: string | null;
  readonly quantity: string;
  readonly unit: string;
  readonly basis: string;
  /** The prediction's place in the record, before its subject started. */
  readonly lockedSequence: number;
  readonly predicted: { readonly median: number; readonly lo: number; readonly hi: number };
  readonly measured: number | null;
  /** 100 (measured - median) / |median|: above 0, reality is larger. Null if not measured, or median is 0. */
  readonly gapPercent: number | null;
  /** Whether the 90 % interval, ends included, holds the measurement; null where not measured. */
  readonly inside: boolean | null;
};

/**
 * One row per prediction, in the order in which they were made: the first one and the later ones are each
 * scored. Of several measurements the last stands: correcting a measurement is a new event too.
 * @param read measurements that the events of finished runs hold among other things; an event of kind
 * measurement goes before them
 */
export function score(
  events: readonly RecordEvent[],
  read: readonly Measurement[] = [],
): readonly VerdictRow[] {
  const values = new Map(read.map((measurement) => [quantityKey(measurement), measurement.value]));
  for (const { run, kind, data } of events)
    if (kind === "measurement") values.set(quantityKey({ run, ...data }), data.value);
  return events
    .filter((event) => event.kind === "prediction")
    .map((event) => row(event, values.get(quantityKey({ run: event.run, ...event.data })) ?? null));
}

function row(prediction: EventOf<"prediction">, measured: number | null): VerdictRow {
  const { quantity, unit, basis, median, lo, hi } = prediction.data;
  return {
    run: prediction.run,
    quantity,
    unit,
    basis,
    lockedSequence: prediction.sequence,
    predicted: { median, lo, hi },
    measured,
    gapPercent: measured === null || median === 0 ? null : (100 * (measured - median)) / Math.abs(median),
    inside: measured === null ? null : lo <= measured && measured <= hi,
  };
}

function quantityKey({ run, quantity, unit }: Omit<Measurement, "value">): string {
  return JSON.stringify([run, quantity, unit]);
}
