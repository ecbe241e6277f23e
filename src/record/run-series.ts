/** @file One curve a run: the series of its attempts stitched together, and coarser levels for drawing. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { type Column, columnOf, readSeries, type Series } from "./series.ts";

/** An attempt's share of the stitched series. */
export type AttemptRows = { readonly attempt: number; readonly firstStep: number; readonly numRows: number };

/** All attempts of a run as one series. */
export type RunSeries = Series & { readonly attempts: readonly AttemptRows[] };

type Attempt = { readonly attempt: number; readonly series: Series };

/** Reads `series/<run>`: all attempts as one series with growing steps. */
export function readRunSeries(runFolder: string): RunSeries {
  const attempts = readdirSync(runFolder)
    .filter((name) => /^[1-9][0-9]*$/.test(name))
    .map((name) => ({ attempt: Number(name), path: join(runFolder, name, "steps.series") }))
    .filter(({ path }) => existsSync(path))
    .sort((a, b) => a.attempt - b.attempt)
    .map(({ attempt, path }) => ({ attempt, series: readSeries(path) }));
  return stitch(attempts);
}

/** The same, where every step up to the last that was written, and to `numSteps`, must be there. */
export function readWholeRunSeries(runFolder: string, numSteps = 0): RunSeries {
  const series = existsSync(runFolder) ? readRunSeries(runFolder) : stitch([]);
  const steps = series.values.step ?? new Float64Array();
  const gap = steps.findIndex((step, i) => step !== i + 1);
  if (gap < 0 && steps.length >= numSteps) return series;
  const damage = series.warnings.length > 0 ? ` (${series.warnings.join("; ")})` : "";
  const lack = gap < 0 ? `it ends at step ${steps.length}` : `after step ${gap} comes step ${steps[gap]}`;
  throw new UserError(
    `the series in ${runFolder} lacks rows: ${lack}${damage}`,
    gap < 0 ? `a row for each of ${numSteps} steps` : "a row for every step",
    "put back an unchanged copy of the folder; a run that is not finished is trained anew " +
      "once this folder and its folder under runs/ are deleted",
  );
}

/**
 * Joins the attempts of a run, oldest first. An attempt takes over from its first step on, whatever the ones
 * before had written there and beyond: they were on a branch that was left. An attempt without rows takes
 * over nothing.
 */
export function stitch(attempts: readonly Attempt[]): RunSeries {
  const kept: (Attempt & { readonly numRows: number })[] = [];
  let takenFrom = Number.POSITIVE_INFINITY;
  for (const { attempt, series } of attempts.toReversed()) {
    const steps = columnOf(series, "step");
    const beyond = steps.findIndex((step) => step >= takenFrom);
    const numRows = beyond < 0 ? steps.length : beyond;
    takenFrom = Math.min(takenFrom, steps[0] ?? takenFrom);
    if (numRows > 0) kept.unshift({ attempt, series, numRows });
  }
  const columns = joinColumns(attempts.map(({ series }) => series.columns));
  return {
    columns,
    numRows: kept.reduce((sum, { numRows }) => sum + numRows, 0),
    values: Object.fromEntries(columns.map(({ name }) => [name, joinValues(kept, name)])),
    warnings: attempts.flatMap(({ attempt, series }) =>
      series.warnings.map((text) => `attempt ${attempt}: ${text}`),
    ),
    attempts: kept.map(({ attempt, series, numRows }) => ({
      attempt,
      firstStep: columnOf(series, "step")[0]!,
      numRows,
    })),
  };
}

/** All columns of all attempts: a newer version may have added some. */
function joinColumns(lists: readonly (readonly Column[])[]): readonly Column[] {
  const units = new Map<string, string>();
  for (const { name, unit } of lists.flat()) {
    const before = units.get(name) ?? unit;
    if (before !== unit) {
      throw new UserError(
        `the column ${name} in ${before} in one attempt and in ${unit} in another`,
        "one unit per column in all attempts of a run",
        "delete the folder of the attempt that is in the wrong unit",
      );
    }
    units.set(name, unit);
  }
  return [...units].map(([name, unit]) => ({ name, unit }));
}

function joinValues(
  kept: readonly { readonly series: Series; readonly numRows: number }[],
  name: string,
): Float64Array {
  const joined = new Float64Array(kept.reduce((sum, { numRows }) => sum + numRows, 0)).fill(Number.NaN);
  let row = 0;
  for (const { series, numRows } of kept) {
    const values = series.values[name];
    if (values !== undefined) joined.set(values.subarray(0, numRows), row);
    row += numRows;
  }
  return joined;
}

/** A coarser level: what each bucket of neighbouring rows holds. NaN where a bucket has no value. */
export type CoarseSeries = {
  readonly columns: readonly Column[];
  readonly numBuckets: number;
  readonly levels: Readonly<
    Record<string, { readonly min: Float64Array; readonly max: Float64Array; readonly last: Float64Array }>
  >;
};

/** Cuts the rows into at most `numBuckets` stretches of near-equal length; no spike is thinned away. */
export function coarsen(series: Series, numBuckets: number): CoarseSeries {
  const count = Math.min(numBuckets, series.numRows);
  const levels = Object.fromEntries(
    series.columns.map(({ name }) => [name, coarsenColumn(columnOf(series, name), count)]),
  );
  return { columns: series.columns, numBuckets: count, levels };
}

function coarsenColumn(values: Float64Array, numBuckets: number) {
  const min = new Float64Array(numBuckets).fill(Number.NaN);
  const max = min.slice();
  const last = min.slice();
  for (let b = 0; b < numBuckets; b++) {
    const end = Math.floor(((b + 1) * values.length) / numBuckets);
    for (let i = Math.floor((b * values.length) / numBuckets); i < end; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) continue;
      if (!(min[b]! <= value)) min[b] = value;
      if (!(max[b]! >= value)) max[b] = value;
      last[b] = value;
    }
  }
  return { min, max, last };
}
