/** @file Records for tests of what is folded from them: events without a file and without a chain. */

import type { EventDraft, EventKind, RecordEvent } from "./events.ts";
import { NO_PREVIOUS, RECORD_VERSION } from "./events.ts";

export type Draft = { readonly [K in EventKind]: EventDraft<K> }[EventKind];

/** The events at these seconds of a day; one a second when left out. */
export function recordOf(drafts: readonly Draft[], seconds?: readonly number[]): readonly RecordEvent[] {
  return drafts.map((draft, sequence) => {
    const time = new Date(Date.UTC(2026, 0, 1) + 1000 * (seconds?.[sequence] ?? sequence)).toISOString();
    return { v: RECORD_VERSION, sequence, time, previous: NO_PREVIOUS, ...draft } as RecordEvent;
  });
}
