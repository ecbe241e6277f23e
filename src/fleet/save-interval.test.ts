import { expect, test } from "vitest";
import type { RecordEvent } from "../record/events.ts";
import { saveInterval } from "./save-interval.ts";

const DATE = Date.UTC(2026, 0, 1);
const RUN = "one.12345678";

function record(...told: readonly (readonly [kind: string, seconds: number, data?: object])[]) {
  return told.map(([kind, seconds, data = {}], sequence) => ({
    sequence,
    launch: 1,
    seconds,
    time: new Date(DATE + 1000 * seconds).toISOString(),
    run: RUN,
    kind,
    data,
  })) as unknown as readonly RecordEvent[];
}

test("without a failure nothing is known; a start asked to stop is none", () => {
  expect(saveInterval([], RUN)).toBeNull();
  expect(saveInterval(record(["run-started", 0], ["interrupted", 50]), RUN)).toBeNull();
});

test("two failures in 100 s and saves of 40 ms make sqrt(2 x 0.04 x 50) = 2 s", () => {
  const saves = [10, 20, 90].map((at) => ["checkpoint-written", at, { seconds: 0.04 }] as const);
  const events = record(["run-started", 0], ...saves, ["run-started", 95], ["incident", 100]);
  expect(saveInterval(events, RUN)).toBeCloseTo(2, 9);
});

test("saves take a twentieth of the time at most", () => {
  const save = ["checkpoint-written", 0.5, { seconds: 0.4 }] as const;
  expect(saveInterval(record(["run-started", 0], save, ["incident", 1]), RUN)).toBe(8);
});

test("where no save was timed it is taken to take 50 ms", () => {
  expect(saveInterval(record(["run-started", 0], ["incident", 10]), RUN)).toBeCloseTo(1, 9);
});
