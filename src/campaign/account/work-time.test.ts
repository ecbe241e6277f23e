import { expect, test } from "vitest";
import { NO_PREVIOUS, type Stage } from "../../record/events.ts";
import { type Draft, recordOf } from "../../record/fixture.ts";
import { secondsOfWork } from "./work-time.ts";

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

test("work is what finished stages took and what was done of the others, without the waiting", () => {
  const drafts = [
    started("prepare"),
    finished("prepare", 2.5),
    started("ladder"),
    interrupted,
    started("ladder"),
    finished("ladder", 20),
    started("fit"),
  ];
  const events = recordOf(drafts, [0, 3, 3, 15, 500, 520, 520]);
  expect(secondsOfWork(events)).toBe(2.5 + 12 + 20);
  expect(secondsOfWork(events, ["ladder"])).toBe(32);
  expect(secondsOfWork([])).toBe(0);
});
