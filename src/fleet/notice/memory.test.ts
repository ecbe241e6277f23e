import { expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import { MemoryTrend } from "./memory.ts";

const GB = 1e9;

/** A sample each 20 s. */
function seenIn(hours: number, bytesAt: (hour: number) => number, limitBytes = 16 * GB) {
  const random = new Random(1, "memory");
  const trend = new MemoryTrend({ rank: 3, place: "a" });
  const numSamples = hours * 180;
  return Array.from({ length: numSamples }, (_, i) => {
    const bytes = bytesAt(i / 180) + 5e6 * random.normal();
    const seen = trend.take(20 * i, bytes, limitBytes);
    return seen && { ...seen, hour: i / 180 };
  }).filter((seen) => seen !== null);
}

test("a leak is told once, with its slope and the time to the limit", () => {
  const [seen, ...more] = seenIn(24, (hour) => 4 * GB + 0.5 * GB * hour);
  expect(more).toEqual([]);
  expect(seen).toMatchObject({ kind: "memory", rank: 3, place: "a", limitBytes: 16 * GB });
  expect(seen!.hour).toBeLessThan(1.1);
  expect(seen!.bytesPerHour / GB).toBeCloseTo(0.5, 2);
  expect(seen!.hoursLeft).toBeCloseTo(24 - seen!.hour, 0);
});

test("a slow leak is told once it would come to the limit within two days", () => {
  const [seen] = seenIn(24 * 16, (hour) => 4 * GB + 0.03 * GB * hour);
  expect(seen!.hoursLeft).toBeLessThanOrEqual(48);
  expect(seen!.hoursLeft).toBeGreaterThan(47);
});

test("noise, a start that fills caches, and steps up and down are no leak", () => {
  expect(seenIn(50, () => 4 * GB)).toEqual([]);
  expect(seenIn(40, (hour) => 4 * GB - 3 * GB * Math.exp(-6 * hour))).toEqual([]);
  expect(seenIn(40, (hour) => 4 * GB + (Math.floor(hour / 2) % 2) * GB)).toEqual([]);
});
