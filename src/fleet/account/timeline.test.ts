import { expect, test } from "vitest";
import type { RecordEvent } from "../../record/events.ts";
import { timelineOf } from "./timeline.ts";

const DATE = Date.UTC(2026, 0, 1);

/** Events of launches by the seconds since each began; the first begins at 0 s, the second at 100 s. */
const events = (...told: readonly { launch: 1 | 2; seconds: number; clockHours?: number }[]) =>
  told.map(({ launch, seconds, clockHours = 0 }, sequence) => ({
    sequence,
    launch,
    seconds,
    time: new Date(DATE + 1000 * ((launch - 1) * 100 + seconds) + 3_600_000 * clockHours).toISOString(),
  })) as unknown as readonly RecordEvent[];

test("a clock that jumps while events are written, be it at a launch's end, moves none of them", () => {
  const calm = [
    { launch: 1, seconds: 1 },
    { launch: 1, seconds: 2 },
    { launch: 1, seconds: 30 },
    { launch: 2, seconds: 1 },
    { launch: 2, seconds: 5 },
  ] as const;
  const places = (list: readonly RecordEvent[]) => list.map((event) => timelineOf(list).at(event));
  const expected = [0, 1e6, 29e6, 100e6, 104e6];
  expect(places(events(...calm))).toEqual(expected);
  const jumps = calm.map((event, i) => (i === 2 ? { ...event, clockHours: -30 } : event));
  expect(places(events(...jumps))).toEqual(expected);
});
