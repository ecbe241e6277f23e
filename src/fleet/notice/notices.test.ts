import { expect, test } from "vitest";
import { Notices } from "./notices.ts";

const row = (step: number, loss: number | null, gradientNorm: number | null = 1) => ({
  step,
  loss,
  gradientNorm,
  stepSeconds: 0.1,
});

test("ten losses in a row that are no number are a divergence, from the first; fewer, or a gradient, are none", () => {
  const notices = new Notices();
  const tell = (steps: readonly number[], loss: number | null) =>
    steps.flatMap((step) => notices.step(row(step, loss, Number.POSITIVE_INFINITY)));
  expect(tell([1, 2, 3, 4, 5, 6, 7, 8, 9], Number.POSITIVE_INFINITY)).toEqual([]);
  expect(tell([10], 2)).toEqual([]);
  expect(tell([20, 30, 40, 50, 60], Number.POSITIVE_INFINITY)).toEqual([]);
  expect(tell([61, 62], null)).toEqual([]);
  expect(tell([70, 80, 90, 100, 110, 120], Number.POSITIVE_INFINITY)).toEqual([
    { kind: "diverged", step: 20, what: "its loss or gradient", loss: null, gradientNorm: null },
  ]);
});

test("disk is held against the newest checkpoint, memory against what a rank may take", () => {
  const notices = new Notices();
  const state = { atSeconds: 0, freeBytes: 2e9, limitBytes: 10e9 };
  const residents = [{ rank: 1, place: "a", bytes: 9.5e9 }];
  expect(notices.machine({ ...state, residents })).toEqual([]);
  expect(notices.memoryShare(1)).toBe(0.95);
  expect(notices.memoryShare(0)).toBeNull();
  expect(notices.saved(10, 1e9, 0.1, 5)).toEqual([]);
  expect(notices.machine({ ...state, residents })).toEqual([
    { kind: "disk", freeBytes: 2e9, checkpointBytes: 1e9 },
  ]);
  notices.started();
  expect(notices.memoryShare(1)).toBeNull();
});
