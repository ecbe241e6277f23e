/** @file The table of errors that validation must not fall behind, and the comparison. */

import { readFileSync } from "node:fs";
import type { PublishedRuns } from "./published-run.ts";
import type { ValidationReport } from "./validate.ts";

/** What a family's error was when the table was stored. */
export type StoredFamily = {
  readonly family: string;
  /** Rows in the table. */
  readonly given: number;
  /** Rows that were timed and could be predicted. */
  readonly rows: number;
  readonly mapePercent: number;
  readonly medianPercent: number;
};

/** Two fits may stop at slightly different points: by this much, relative and in per cent, a figure may grow. */
const SLACK = { relative: 1.02, percent: 0.1 };

/** The table that comes with the planner. */
export function storedTable(): readonly StoredFamily[] {
  return JSON.parse(
    readFileSync(new URL("stored-table.json", import.meta.url), "utf8"),
  ) as readonly StoredFamily[];
}

/** What of a report is stored. */
export function toStored(
  { families }: ValidationReport,
  given: ReadonlyMap<string, number>,
): readonly StoredFamily[] {
  return families.map(({ family, rows, mapePercent, medianPercent }) => ({
    family,
    given: given.get(family) ?? 0,
    rows,
    mapePercent: round(mapePercent),
    medianPercent: round(medianPercent),
  }));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Rows of each family in a table, whether they can be used or not. */
export function rowsGiven({ runs, skipped }: PublishedRuns): ReadonlyMap<string, number> {
  const given = new Map<string, number>();
  for (const { family } of [...runs, ...skipped]) given.set(family, (given.get(family) ?? 0) + 1);
  return given;
}

/**
 * In what the report is worse than the table, in sentences. A family is compared where the table judged has as many rows of it, used or not,
 * as the one that was stored: those are the same rows, and the fewer are used, the worse.
 */
export function worseThan(
  report: ValidationReport,
  given: ReadonlyMap<string, number>,
  stored: readonly StoredFamily[],
): readonly string[] {
  return stored.flatMap((before) => {
    if (given.get(before.family) !== before.given) return [];
    const now = report.families.find(({ family }) => family === before.family);
    if (!now || now.rows < before.rows)
      return [`${before.family}: ${now?.rows ?? 0} rows used, stored ${before.rows}`];
    return (["mapePercent", "medianPercent"] as const).flatMap((figure) => {
      if (now[figure] <= before[figure] * SLACK.relative + SLACK.percent) return [];
      const name = figure === "mapePercent" ? "mean" : "median";
      return [
        `${before.family}: ${name} error ${now[figure].toFixed(1)} %, stored ${before[figure].toFixed(1)} %`,
      ];
    });
  });
}
