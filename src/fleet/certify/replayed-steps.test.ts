import { expect, test } from "vitest";
import { type Draft, recordOf } from "../../record/fixture.ts";
import type { Series } from "../../record/series.ts";
import { differenceOf, earlierSteps } from "./replayed-steps.ts";

const start = (attempt: number, fromStep: number, exact = true): Draft => ({
  run: "r",
  kind: "run-started",
  data: { attempt, fromStep, exact, numThreads: 1, spec: null },
});
const code = (instructionSet: string): Draft => ({
  run: null,
  kind: "environment",
  data: { commit: "c", versions: {}, processor: "p", instructionSet, cores: 2, memoryBytes: 1 },
});
const skipped = (skip: readonly number[]): Draft => ({
  run: "r",
  kind: "incident",
  data: {
    what: "loss spike",
    evidence: {},
    severity: "warning",
    response: { action: "rewind", reason: "so", toStep: 4, skip },
  },
});

/** Each attempt did ten steps beyond its start; a loss tells attempt and step. */
const seriesOf =
  (starts: Readonly<Record<number, number>>) =>
  (attempt: number): Series | null => {
    const from = starts[attempt];
    if (from === undefined) return null;
    const step = Float64Array.from({ length: 10 }, (_, i) => from + i + 1);
    const values = { step, loss: step.map((at) => attempt + at / 100), batch: step.map((at) => 7 * at) };
    return { columns: [], numRows: 10, values, warnings: [] };
  };

/** By step, which attempt's the last attempt's must come to again. */
const heldAgainst = (drafts: readonly Draft[], starts: Readonly<Record<number, number>>, forSteps = 1000) => {
  const last = Math.max(...drafts.flatMap(({ data }) => ("attempt" in data ? [data.attempt] : [])));
  const earlier = earlierSteps(recordOf(drafts), "r", last, forSteps, seriesOf(starts));
  return Object.fromEntries([...earlier].map(([step, { attempt }]) => [step, attempt]));
};

test("the steps beyond its start that attempts before have done, the newest one's where several have", () => {
  const drafts = [start(1, 0), start(2, 4), start(3, 7)];
  expect(heldAgainst([start(1, 0)], {})).toEqual({});
  expect(heldAgainst(drafts.slice(0, 2), { 1: 0 })).toEqual({ 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1 });
  expect(heldAgainst(drafts, { 1: 0, 2: 4 })).toEqual({ 8: 2, 9: 2, 10: 2, 11: 2, 12: 2, 13: 2, 14: 2 });
  expect(heldAgainst(drafts, { 1: 0 })).toEqual({ 8: 1, 9: 1, 10: 1 });
  expect(heldAgainst(drafts, { 1: 0 }, 2)).toEqual({ 8: 1, 9: 1 });
});

test("none where another instruction set has come between, or the start was not exact", () => {
  const starts = { 1: 0, 2: 4 };
  expect(heldAgainst([code("avx2"), start(1, 0), code("avx512"), start(2, 7)], starts)).toEqual({});
  expect(heldAgainst([start(1, 0), start(2, 7, false)], starts)).toEqual({});
  expect(heldAgainst([start(1, 0), start(2, 4, false), start(3, 9)], starts)).toEqual({
    10: 2,
    11: 2,
    12: 2,
    13: 2,
    14: 2,
  });
  expect(
    heldAgainst([code("x"), start(1, 0), code("y"), start(2, 4, false), code("x"), start(3, 8)], starts),
  ).toEqual({});
});

test("none from the first step on whose batch was replaced since", () => {
  expect(heldAgainst([start(1, 0), skipped([7, 8]), start(2, 4)], { 1: 0 })).toEqual({ 5: 1, 6: 1 });
  const again = [start(1, 0), skipped([7, 8]), start(2, 4), start(3, 4)];
  expect(heldAgainst(again, { 1: 0, 2: 4 })[8]).toBe(2);
});

test("losses differ in their last bit, or by more than they may", () => {
  const row = { step: 9, loss: 2, gradientNorm: 1, stepSeconds: 1, batch: 5 };
  const before = { attempt: 1, loss: 2, batch: 5 };
  const off = 2 + 2 ** -51;
  expect(differenceOf(row, 2, before, 0)).toBeNull();
  expect(differenceOf(row, 2, { ...before, loss: off }, 0)).toEqual({
    kind: "differs",
    step: 9,
    what: "loss",
    loss: 2,
    attempt: 2,
    earlierLoss: off,
    earlierAttempt: 1,
  });
  expect(differenceOf(row, 2, { ...before, loss: off }, 0.01)).toBeNull();
  expect(differenceOf(row, 2, { ...before, loss: 2.03 }, 0.01)).toMatchObject({ what: "loss" });
  expect(differenceOf(row, 2, { ...before, batch: 6 }, 0.01)).toMatchObject({ what: "batch" });
  expect(differenceOf(row, 2, { ...before, batch: null }, 0)).toBeNull();
  expect(differenceOf({ ...row, loss: null }, 2, before, 0)).toBeNull();
});
