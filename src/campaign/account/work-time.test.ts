import { expect, test } from "vitest";
import type { EventDraft, EventKind, RecordEvent, Stage } from "../../record/events.ts";
import { NO_PREVIOUS } from "../../record/events.ts";
import { secondsOfWork } from "./work-time.ts";

type Draft = { readonly [K in EventKind]: EventDraft<K> }[EventKind];

/** Events at the given seconds. */
function recordOf(drafts: readonly (readonly [number, Draft])[]): readonly RecordEvent[] {
  return drafts.map(([second, draft], sequence) => {
    const time = new Date(Date.UTC(2026, 0, 1) + 1000 * second).toISOString();
    return { v: 1, sequence, time, previous: NO_PREVIOUS, ...draft } as RecordEvent;
  });
}

const started = (stage: Stage): Draft => ({
  run: null,
  kind: "stage-started",
  data: { stage, inputsHash: NO_PREVIOUS },
});
const finished = (stage: Stage, seconds: number): Draft => ({
  run: null,
  kind: "stage-finished",
  data: { stage, inputsHash: NO_PREVIOUS, result: null, seconds },
});
const interrupted: Draft = { run: null, kind: "interrupted", data: { reason: "in stage ladder" } };

test("work is what finished stages took and what was done of the others, without the waiting in between", () => {
  const events = recordOf([
    [0, started("prepare")],
    [3, finished("prepare", 2.5)],
    [3, started("ladder")],
    [15, interrupted],
    [500, started("ladder")],
    [520, finished("ladder", 20)],
    [520, started("fit")],
  ]);
  expect(secondsOfWork(events)).toBe(2.5 + 12 + 20);
  expect(secondsOfWork(events, ["ladder"])).toBe(32);
  expect(secondsOfWork([])).toBe(0);
});
