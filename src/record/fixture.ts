/** @file Records for tests of what is folded from them: events without a file and without a chain. */

import { type EventDraft, type EventKind, NO_PREVIOUS, RECORD_VERSION, type RecordEvent } from "./events.ts";
import { sha256 } from "./files.ts";

export type Draft = { readonly [K in EventKind]: EventDraft<K> }[EventKind];

/** The events at these seconds of a day, or one a second. A stage that is begun twice is a new launch's. */
export function recordOf(drafts: readonly Draft[], seconds?: readonly number[]): readonly RecordEvent[] {
  let launch = 1;
  let isInStage = false;
  return drafts.map((draft, sequence) => {
    if (draft.kind === "stage-started" && isInStage) launch++;
    if (draft.kind === "stage-started" || draft.kind === "stage-finished")
      isInStage = draft.kind === "stage-started";
    const at = seconds?.[sequence] ?? sequence;
    const time = new Date(Date.UTC(2026, 0, 1) + 1000 * at).toISOString();
    const frame = { v: RECORD_VERSION, sequence, launch, seconds: at, time };
    return { ...frame, previous: NO_PREVIOUS, hash: sha256(String(sequence)), ...draft } as RecordEvent;
  });
}
