/** @file What may be appended after what: predict before you measure, and one unit per quantity. */

import { assert, UserError } from "../errors.ts";
import type { EventOf, RecordEvent } from "./events.ts";

/** Throws when `next` may not follow these events. */
export function checkRules(events: readonly RecordEvent[], next: RecordEvent): void {
  if (next.kind === "prediction" || next.kind === "measurement") checkUnit(events, next);
  if (next.kind === "prediction") checkPredictedBeforeMeasured(events, next);
}

/** Otherwise a prediction in nats would silently never meet its measurement in bits. */
function checkUnit(
  events: readonly RecordEvent[],
  { run, data }: EventOf<"prediction"> | EventOf<"measurement">,
): void {
  for (const event of events) {
    if (event.kind !== "prediction" && event.kind !== "measurement") continue;
    if (event.run !== run || event.data.quantity !== data.quantity) continue;
    const { unit } = event.data;
    const subject = `${data.quantity} of ${run ?? "the campaign"}`;
    assert(
      unit === data.unit,
      `${subject} has the unit ${unit} in event ${event.sequence}, not ${data.unit}`,
    );
  }
}

function checkPredictedBeforeMeasured(
  events: readonly RecordEvent[],
  { run, data }: EventOf<"prediction">,
): void {
  const earlier = events.find(
    (event) =>
      startsSubject(event, run) ||
      (event.kind === "measurement" && event.run === run && event.data.quantity === data.quantity),
  );
  if (earlier === undefined) return;
  const subject = run ?? "the campaign";
  throw new UserError(
    `a prediction of ${data.quantity} for ${subject} ` +
      `after event ${earlier.sequence} (${earlier.kind}, ${earlier.time})`,
    "predictions are locked before their subject starts",
    "predict what has not started; what is expected of a running subject is a decision or a note",
  );
}

/** The campaign as a whole starts with its first stage. */
function startsSubject(event: RecordEvent, run: string | null): boolean {
  return run === null ? event.kind === "stage-started" : event.kind === "run-started" && event.run === run;
}
