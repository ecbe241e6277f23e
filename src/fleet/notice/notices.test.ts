import { expect, test } from "vitest";
import { Notices } from "./notices.ts";

const row = (step: number, loss: number | null, gradientNorm: number | null = 1) => ({
  step,
  loss,
  gradientNorm,
  stepSeconds: 0.1,
});

test("a loss or gradient that is no number is a divergence, at its step; a value that is not told is none", () => {
  const notices = new Notices();
  expect(notices.step(row(7, Number.NaN))).toEqual([
    { kind: "diverged", step: 7, what: "its loss or gradient", loss: null, gradientNorm: 1 },
  ]);
  expect(notices.step(row(8, 2, Number.POSITIVE_INFINITY))).toMatchObject([
    { kind: "diverged", step: 8, loss: 2, gradientNorm: null },
  ]);
  expect(notices.step(row(9, null, null))).toEqual([]);
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
