/** @file Attempts joined to one curve, and coarser levels of a curve. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { coarsen, readRunSeries, readWholeRunSeries, stitch } from "./run-series.ts";
import { columnOf, type Series, SeriesWriter, seriesPath } from "./series.ts";

/** The source of each row shows in its value: attempt + step / 1000. */
function attemptSeries(attempt: number, steps: readonly number[]): Series {
  return {
    columns: [
      { name: "step", unit: "step" },
      { name: "mark", unit: "" },
    ],
    numRows: steps.length,
    values: {
      step: Float64Array.from(steps),
      mark: Float64Array.from(steps, (step) => attempt + step / 1000),
    },
    warnings: [],
  };
}

function seriesOf(name: string, values: readonly number[]): Series {
  return {
    columns: [{ name, unit: "" }],
    numRows: values.length,
    values: { [name]: Float64Array.from(values) },
    warnings: [],
  };
}

describe("stitch", () => {
  test("an attempt takes over from its first step, also from what others wrote beyond its end", () => {
    const joined = stitch([
      { attempt: 1, series: attemptSeries(1, [1, 2, 3, 4, 5, 6]) },
      { attempt: 2, series: attemptSeries(2, [5, 6, 7, 8]) },
      { attempt: 3, series: attemptSeries(3, [3, 4]) },
      { attempt: 4, series: attemptSeries(4, []) },
    ]);
    expect([...columnOf(joined, "mark")]).toEqual([1.001, 1.002, 3.003, 3.004]);
    expect(joined.attempts).toEqual([
      { attempt: 1, firstStep: 1, numRows: 2 },
      { attempt: 3, firstStep: 3, numRows: 2 },
    ]);
  });

  test("steps grow, and each row is of the latest attempt that began at its step or before", () => {
    const attempts = fc.array(fc.tuple(fc.nat(20), fc.nat(10)), { minLength: 1, maxLength: 6 });
    const property = fc.property(attempts, (spans) => {
      const list = spans.map(([from, length], i) => ({
        attempt: i + 1,
        series: attemptSeries(
          i + 1,
          Array.from({ length }, (_, k) => from + k),
        ),
      }));
      const expected: number[] = [];
      for (let step = 0; step < 40; step++) {
        const owner = list.findLast(({ series }) => series.numRows > 0 && series.values.step![0]! <= step);
        if (owner?.series.values.step?.includes(step)) expected.push(owner.attempt + step / 1000);
      }
      expect([...columnOf(stitch(list), "mark")]).toEqual(expected);
    });
    fc.assert(property, { numRuns: 100 });
  });

  test("a column that only a later attempt has is empty before", () => {
    const wider = attemptSeries(2, [2]);
    const joined = stitch([
      { attempt: 1, series: attemptSeries(1, [1, 2]) },
      {
        attempt: 2,
        series: {
          ...wider,
          columns: [...wider.columns, { name: "norm", unit: "" }],
          values: { ...wider.values, norm: Float64Array.of(7) },
        },
      },
    ]);
    expect([...columnOf(joined, "norm")]).toEqual([Number.NaN, 7]);
  });

  test("a unit that changes between attempts is refused", () => {
    const one = attemptSeries(1, [1]);
    const other = { ...one, columns: [one.columns[0]!, { name: "mark", unit: "s" }] };
    expect(() =>
      stitch([
        { attempt: 1, series: one },
        { attempt: 2, series: other },
      ]),
    ).toThrow(/the column mark/);
  });

  test("reads the attempts of a run by number: 10 comes after 9", () => {
    const folder = mkdtempSync(join(tmpdir(), "longrun-run-series-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const attempt of [9, 10]) {
      using writer = new SeriesWriter(seriesPath(folder, "target", attempt), attemptSeries(0, []).columns);
      for (let step = attempt; step < 12; step++) writer.append({ step, mark: attempt });
    }
    mkdirSync(join(folder, "series/target/11"));
    const joined = readRunSeries(join(folder, "series/target"));
    expect([...columnOf(joined, "mark")]).toEqual([9, 10, 10]);
  });
});

describe("coarsen", () => {
  test("keeps a spike, and the last value of each bucket", () => {
    const { levels, numBuckets } = coarsen(seriesOf("loss", [4, 3, 99, 2, 1, Number.NaN, Number.NaN]), 3);
    expect(numBuckets).toBe(3);
    expect([...levels.loss!.min]).toEqual([3, 2, 1]);
    expect([...levels.loss!.max]).toEqual([4, 99, 1]);
    expect([...levels.loss!.last]).toEqual([3, 2, 1]);
  });

  test("minimum, maximum and last of the whole stay, whatever the buckets", () => {
    // Adding 0 turns -0 into 0: which of the two is the minimum of both is of no interest.
    const numbers = fc.double({ noNaN: true }).map((value) => value + 0);
    const values = fc.array(numbers, { minLength: 1, maxLength: 50 });
    const property = fc.property(values, fc.integer({ min: 1, max: 60 }), (list, numBuckets) => {
      const { levels, numBuckets: count } = coarsen(seriesOf("loss", list), numBuckets);
      const { min, max, last } = levels.loss!;
      expect(count).toBe(Math.min(numBuckets, list.length));
      expect([min, max, last].map((level) => level.length)).toEqual([count, count, count]);
      expect(Math.min(...min)).toBe(Math.min(...list));
      expect(Math.max(...max)).toBe(Math.max(...list));
      expect(last.at(-1)).toBe(list.at(-1));
      for (let b = 0; b < count; b++) expect(min[b]! <= last[b]! && last[b]! <= max[b]!).toBe(true);
    });
    fc.assert(property, { numRuns: 100 });
  });

  test("as many buckets as rows is the series itself", () => {
    const { levels } = coarsen(seriesOf("loss", [3, 1, 2]), 10);
    expect([...levels.loss!.min]).toEqual([3, 1, 2]);
    expect([...levels.loss!.max]).toEqual([3, 1, 2]);
  });
});

test("a run whose rows do not go on step by step is refused, wherever the damage lies", () => {
  const folder = mkdtempSync(join(tmpdir(), "longrun-gap-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (attempt: number, blocks: readonly (readonly number[])[]) => {
    using series = new SeriesWriter(seriesPath(folder, "one", attempt), [{ name: "step", unit: "step" }]);
    for (const steps of blocks) {
      for (const step of steps) series.append({ step });
      series.flush();
    }
  };
  write(1, [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  write(2, [
    [5, 6],
    [7, 8],
  ]);
  const runFolder = join(folder, "series", "one");
  expect([...columnOf(readWholeRunSeries(runFolder), "step")]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  const path = seriesPath(folder, "one", 1);
  const whole = readFileSync(path);
  const endOf = (block: number) => whole.length - (3 - block) * 32 - 1;
  const flipped = (block: number) => {
    const bytes = Buffer.from(whole);
    bytes[endOf(block)]! ^= 1;
    writeFileSync(path, bytes);
  };
  flipped(1);
  expect(() => readWholeRunSeries(runFolder)).toThrow(
    /lacks rows: after step 0 comes step 3 \(attempt 1: steps.series: 32 bytes damaged at byte \d+: dropped\)/,
  );
  flipped(2);
  expect(() => readWholeRunSeries(runFolder)).toThrow(/after step 2 comes step 5 .*32 bytes damaged/);
  // What the second attempt has written again is needed no more.
  flipped(3);
  expect(readWholeRunSeries(runFolder, 8).numRows).toBe(8);
  expect(() => readWholeRunSeries(runFolder, 9)).toThrow(
    /it ends at step 8 .*\nexpected: a row for each of 9/,
  );
  expect(() => readWholeRunSeries(join(folder, "series", "none"), 3)).toThrow(/it ends at step 0/);
});
