/** @file Scoring: exact numbers on one example, and what holds for every record. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Draft, recordOf } from "./fixture.ts";
import { score } from "./score.ts";

const prediction = (run: string | null, quantity: string, median: number, lo: number, hi: number): Draft => ({
  run,
  kind: "prediction",
  data: { quantity, unit: "s", median, lo, hi, basis: "law" },
});
const measurement = (run: string | null, quantity: string, value: number): Draft => ({
  run,
  kind: "measurement",
  data: { quantity, unit: "s", value, source: "clock" },
});

test("the first prediction and the later one are each scored", () => {
  const rows = score(
    recordOf([
      prediction("target", "time", 100, 90, 110),
      prediction("target", "time", 120, 115, 130),
      prediction("rung-1", "time", 5, 4, 6),
      prediction(null, "time", -2, -3, -1),
      measurement("target", "time", 115),
      measurement(null, "time", -1),
    ]),
  );
  const same = { quantity: "time", unit: "s", basis: "law" };
  expect(rows).toEqual([
    {
      ...same,
      run: "target",
      lockedSequence: 0,
      predicted: { median: 100, lo: 90, hi: 110 },
      measured: 115,
      gapPercent: 15,
      inside: false,
    },
    {
      ...same,
      run: "target",
      lockedSequence: 1,
      predicted: { median: 120, lo: 115, hi: 130 },
      measured: 115,
      gapPercent: -500 / 120,
      inside: true,
    },
    {
      ...same,
      run: "rung-1",
      lockedSequence: 2,
      predicted: { median: 5, lo: 4, hi: 6 },
      measured: null,
      gapPercent: null,
      inside: null,
    },
    {
      ...same,
      run: null,
      lockedSequence: 3,
      predicted: { median: -2, lo: -3, hi: -1 },
      measured: -1,
      gapPercent: 50,
      inside: true,
    },
  ]);
});

test("a corrected measurement counts, and a gap from zero has no percentage", () => {
  const rows = score(
    recordOf([prediction("a", "x", 0, 0, 1), measurement("a", "x", 9), measurement("a", "x", 1)]),
  );
  expect(rows).toMatchObject([{ measured: 1, inside: true, gapPercent: null }]);
});

const runs = fc.constantFrom("a", "b", null);
const quantities = fc.constantFrom("loss", "time");
const numbers = fc.integer({ min: -50, max: 50 });
const contents = fc.array(
  fc.oneof(
    fc.tuple(runs, quantities, fc.tuple(numbers, numbers, numbers)).map(([run, quantity, three]) => {
      const [lo, median, hi] = three.toSorted((a, b) => a - b) as [number, number, number];
      return prediction(run, quantity, median, lo, hi);
    }),
    fc.tuple(runs, quantities, numbers).map(([run, quantity, value]) => measurement(run, quantity, value)),
  ),
  { maxLength: 30 },
);

test("one row per prediction, in order, with the last measurement of its own run and quantity", () => {
  fc.assert(
    fc.property(contents, (list) => {
      const events = recordOf(list);
      const rows = score(events);
      const predictions = events.filter((event) => event.kind === "prediction");
      expect(rows.map((row) => row.lockedSequence)).toEqual(predictions.map((event) => event.sequence));
      for (const row of rows) {
        const { median, lo, hi } = row.predicted;
        const values = events
          .filter((event) => event.kind === "measurement")
          .filter((event) => event.run === row.run && event.data.quantity === row.quantity)
          .map((event) => event.data.value);
        expect(row.measured).toBe(values.at(-1) ?? null);
        if (row.measured === null) {
          expect([row.gapPercent, row.inside]).toEqual([null, null]);
          continue;
        }
        expect(row.inside).toBe(!(row.measured < lo || row.measured > hi));
        if (median !== 0) expect(Math.sign(row.gapPercent!)).toBe(Math.sign(row.measured - median));
        if (median !== 0)
          expect(median + (Math.abs(median) * row.gapPercent!) / 100).toBeCloseTo(row.measured, 9);
      }
    }),
    { numRuns: 100 },
  );
});

test("a measurement of something else changes no row", () => {
  fc.assert(
    fc.property(contents, fc.nat(), numbers, (list, place, value) => {
      const before = score(recordOf(list));
      const added = list.toSpliced(place % (list.length + 1), 0, measurement("c", "loss", value));
      const withoutPlace = (rows: typeof before) => rows.map((row) => ({ ...row, lockedSequence: null }));
      expect(withoutPlace(score(recordOf(added)))).toEqual(withoutPlace(before));
    }),
    { numRuns: 50 },
  );
});
