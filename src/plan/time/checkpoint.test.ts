import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { simulateRun } from "../../../test/support/run-simulation.ts";
import { Random } from "../../math/random.ts";
import { mean, standardDeviation } from "../../math/statistics.ts";
import {
  availabilityOptimalInterval,
  bestInterval,
  productiveShare,
  saveCost,
  youngInterval,
} from "./checkpoint.ts";

const seconds = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const anyLosses = fc.record({
  failureSeconds: seconds(600, 1e6),
  stallSeconds: seconds(0.5, 120),
  lagSeconds: fc.constant(0),
  recoverySeconds: seconds(0, 1200),
});

test("published intervals, by hand", () => {
  const losses = { failureSeconds: 10_000, stallSeconds: 50, lagSeconds: 0, recoverySeconds: 600 };
  expect(youngInterval(losses)).toBe(1000);
  expect(availabilityOptimalInterval(losses)).toBeCloseTo(50 + Math.sqrt(2 * 10_600 * 50 + 2500), 9);
});

test("a save: 14 bytes a parameter, and an asynchronous one stalls for the copy alone", () => {
  const sync = saveCost(14 * 405e9, 16_384, 2e12, "sync");
  expect(sync.writeSeconds).toBeCloseTo(2.835, 3);
  expect(sync.stallSeconds).toBeCloseTo(4.835, 3);
  const beside = saveCost(14 * 405e9, 16_384, 2e12, "async");
  expect(beside.stallSeconds).toBeCloseTo(2 + 346.07e6 / 20e9, 3);
  expect(beside.lagSeconds).toBe(sync.writeSeconds);
});

test("no interval beats the best one", () => {
  fc.assert(
    fc.property(anyLosses, seconds(0.05, 20), (losses, factor) => {
      const best = bestInterval(losses);
      expect(productiveShare(losses, best)).toBeGreaterThanOrEqual(
        productiveShare(losses, best * factor) * (1 - 1e-12),
      );
    }),
    { numRuns: 200 },
  );
});

test("where failures are rare, Young's and the availability-optimal interval come to the best one", () => {
  const losses = { failureSeconds: 1e7, stallSeconds: 20, lagSeconds: 0, recoverySeconds: 300 };
  expect(youngInterval(losses) / bestInterval(losses)).toBeCloseTo(1, 2);
  // From save to save, the save counted.
  expect(availabilityOptimalInterval(losses) / (bestInterval(losses) + 20)).toBeCloseTo(1, 2);
});

test("rarer failures, shorter saves, faster recovery: never less productive", () => {
  fc.assert(
    fc.property(anyLosses, seconds(10, 1e5), seconds(1, 10), (losses, interval, factor) => {
      const before = productiveShare(losses, interval);
      const better = [
        { ...losses, failureSeconds: losses.failureSeconds * factor },
        { ...losses, stallSeconds: losses.stallSeconds / factor },
        { ...losses, recoverySeconds: losses.recoverySeconds / factor },
      ];
      for (const each of better)
        expect(productiveShare(each, interval)).toBeGreaterThanOrEqual(before * (1 - 1e-12));
      expect(before).toBeGreaterThanOrEqual(0);
      expect(before).toBeLessThan(1);
    }),
    { numRuns: 200 },
  );
});

describe("the formula is what an event-by-event simulation does on average", () => {
  test.each([
    {
      name: "as Llama 3",
      failureSeconds: 11_100,
      stallSeconds: 5,
      lagSeconds: 0,
      recoverySeconds: 550,
      t: 330,
    },
    { name: "hostile", failureSeconds: 1800, stallSeconds: 60, lagSeconds: 0, recoverySeconds: 600, t: 400 },
    {
      name: "saved beside",
      failureSeconds: 7200,
      stallSeconds: 2,
      lagSeconds: 200,
      recoverySeconds: 300,
      t: 300,
    },
  ])("$name", ({ t, name, ...losses }) => {
    const random = new Random(5, name);
    const productive = 200 * t;
    const events = {
      ...losses,
      intervalSeconds: t,
      failuresPerSecond: () => 1 / losses.failureSeconds,
      mostFailuresPerSecond: 1 / losses.failureSeconds,
    };
    const times = Array.from({ length: 400 }, () => simulateRun(events, productive, random).elapsedSeconds);
    const expected = productive / productiveShare(losses, t);
    const error = standardDeviation(times) / Math.sqrt(times.length);
    // Of the lag the formula is first order in lag / MTBF: 0.5 % is allowed for it, nothing otherwise.
    const allowed = 4 * error + (losses.lagSeconds > 0 ? 0.005 * expected : 0);
    expect(Math.abs(mean(times) - expected)).toBeLessThan(allowed);
  });
});
