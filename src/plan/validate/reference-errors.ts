/**
 * @file The errors that a validation must not fall behind: those of the last step model that was accepted.
 */

import { readFileSync } from "node:fs";
import { fixed, formatPercent } from "../../units/print.ts";
import type { PublishedRuns } from "./published-run.ts";
import type { ValidationReport } from "./validate.ts";

/** What a family's error was when the reference was written. */
export type ReferenceErrors = {
  readonly family: string;
  /** Rows in the table. */
  readonly given: number;
  /** Rows that were timed and could be predicted. */
  readonly rows: number;
  readonly mapePercent: number;
  readonly medianPercent: number;
};

/**
 * Two fits may stop at slightly different points: by this much, relative and in per cent, a figure may grow.
 */
const SLACK = { relative: 1.02, percent: 0.1 };

/** The reference that comes with the planner. */
export function referenceErrors(): readonly ReferenceErrors[] {
  return JSON.parse(
    readFileSync(new URL("reference-errors.json", import.meta.url), "utf8"),
  ) as readonly ReferenceErrors[];
}

/** A report as a reference for later ones. */
export function toReference(
  { families }: ValidationReport,
  given: ReadonlyMap<string, number>,
): readonly ReferenceErrors[] {
  return families.map(({ family, rows, mapePercent, medianPercent }) => ({
    family,
    given: given.get(family) ?? 0,
    rows,
    mapePercent: Number(fixed(mapePercent, 2)),
    medianPercent: Number(fixed(medianPercent, 2)),
  }));
}

/** Rows of each family in a table, whether they can be used or not. */
export function rowsGiven({ runs, skipped }: PublishedRuns): ReadonlyMap<string, number> {
  const families = Map.groupBy([...runs, ...skipped], ({ family }) => family);
  return new Map([...families].map(([family, rows]) => [family, rows.length]));
}

/**
 * In what a report is worse than the reference, in sentences. A family is compared where both tables have as
 * many rows of it, used or not: those are the same rows, and the fewer are used, the worse.
 */
export function worseThan(
  report: ValidationReport,
  given: ReadonlyMap<string, number>,
  reference: readonly ReferenceErrors[],
): readonly string[] {
  return reference.flatMap((before) => {
    if (given.get(before.family) !== before.given) return [];
    const now = report.families.find(({ family }) => family === before.family);
    if (!now || now.rows < before.rows)
      return [`${before.family}: ${now?.rows ?? 0} rows used, reference ${before.rows}`];
    return (["mapePercent", "medianPercent"] as const).flatMap((figure) => {
      const [is, was] = [now[figure], before[figure]];
      if (is <= was * SLACK.relative + SLACK.percent) return [];
      const name = figure === "mapePercent" ? "mean" : "median";
      return [`${before.family}: ${name} error ${formatPercent(is)}, reference ${formatPercent(was)}`];
    });
  });
}
