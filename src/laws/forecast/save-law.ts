/** @file What of a fit is worth keeping: a report as the value that a law file holds. */

import { UserError } from "../../errors.ts";
import { MOST_DRAWS, type SavedLaw } from "../../law/law-file.ts";
import type { Posterior } from "../../law/posterior.ts";
import { flopsPerParameterTokenOf } from "../../law/training-flops.ts";
import type { FitReport } from "../fit/fit-table.ts";
import type { TableRun } from "../table/run-table.ts";
import { study } from "./study.ts";

/** What of a report is worth keeping. `runsHash`: SHA-256 of the runs, as the command computes it. */
export function saveLaw(
  { law, table, fit, draws, parameters, residualScale }: FitReport,
  runsHash: string,
): SavedLaw {
  // Evenly spaced, so that a file of 200 stands for all 4,000.
  const step = Math.max(1, draws.length / MOST_DRAWS);
  const kept = Array.from(
    { length: Math.min(MOST_DRAWS, draws.length) },
    (_, i) => draws[Math.floor(i * step)]!,
  );
  const largest = (quantity: "n" | "d" | "c") => finite(Math.max(...table.runs.map((run) => run[quantity])));
  return {
    format: "longrun.law.v2",
    law: law.name,
    formula: law.formula,
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, { median, lo, hi }]) => [
        name,
        { value: median, lo: finite(lo), hi: finite(hi) },
      ]),
    ),
    theta: [...fit.theta],
    draws: kept.map((draw) => [...draw]),
    posterior: posteriorOf(table.runs),
    rows: table.runs.length,
    residualScale,
    largest: { n: largest("n"), d: largest("d"), c: largest("c") },
    flopsPerParameterToken: finite(flopsPerParameterTokenOf(table.runs)),
    conventions: table.conventions,
    source: table.source,
    runsHash,
  };
}

/** Null where the runs allow no forecast: then the file holds the fit alone. */
function posteriorOf(runs: readonly TableRun[]): Posterior | null {
  try {
    return study(runs).posterior;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
