/** @file A law fitted to a table: numbers with intervals, what is not identified, runs to look at. */

import type { Law } from "../../law/law.ts";
import { robustScale } from "../../math/statistics.ts";
import { checkTable } from "../table/checks.ts";
import type { RunTable } from "../table/run-table.ts";
import { bootstrapFit } from "./bootstrap.ts";
import { type Fit, fitLaw } from "./fit.ts";
import { keptEpochs, REPEAT_DECAY } from "./kept-epochs.ts";
import { DEFAULT_LOSS, freeResiduals, type Loss, lossText } from "./loss.ts";
import { type Outlier, outliersOf } from "./outliers.ts";
import { type DerivedValue, derivedOf, type FittedParameter, fittedParameter, LEVEL } from "./parameters.ts";
import { profilerOf } from "./profile.ts";
import { type Resampling, resamplingFor, rowsPerRun } from "./resample.ts";
import { warningsOf } from "./warnings.ts";

/** What the published bootstrap of the Chinchilla fit used (arXiv 2404.10102). */
const DEFAULT_RESAMPLES = 4000;

/** How a law is fitted, and how its intervals are drawn. */
export type FitTableOptions = {
  readonly loss?: Loss;
  /** How runs are drawn again; chosen from the table if left out. */
  readonly resampling?: Resampling;
  readonly numResamples?: number;
  readonly seed?: number;
};

/** A law fitted to a table: values with intervals, and what to distrust. */
export type FitReport = {
  readonly law: Law;
  readonly table: RunTable;
  readonly fit: Fit;
  readonly resampling: Resampling;
  /** Internal parameters, one refit a drawing. */
  readonly draws: readonly Float64Array[];
  readonly parameters: Readonly<Record<string, FittedParameter>>;
  readonly derived: Readonly<Record<string, DerivedValue>>;
  /** Robust standard deviation of log(measured) - log(fitted). */
  readonly residualScale: number;
  readonly outliers: readonly Outlier[];
  readonly warnings: readonly string[];
};

/** Fits `law` to a table's runs. Deterministic. Throws the table's refusal where it cannot bear the law. */
export function fitTable(table: RunTable, law: Law, options: FitTableOptions = {}): FitReport {
  const { runs } = table;
  const check = checkTable(table, law);
  if (check.decision === "refuse") throw check.refusal;
  const fit = fitLaw(law, runs, { loss: options.loss ?? DEFAULT_LOSS });
  const resampling = options.resampling ?? resamplingFor(runs, law.parameters.length);
  const draws = bootstrapFit(fit, runs, {
    resampling,
    numResamples: options.numResamples ?? DEFAULT_RESAMPLES,
    seed: options.seed ?? 0,
  });
  const profiler = profilerOf(fit, rowsPerRun(runs));
  const fitted = Object.fromEntries(
    law.parameters.map(({ name }, j) => [name, fittedParameter(fit, j, draws, profiler.interval(j))]),
  );
  const decay = fitted[REPEAT_DECAY];
  const epochs = decay ? keptEpochs(fit, runs, decay) : null;
  const parameters = epochs ? { ...fitted, [REPEAT_DECAY]: epochs.parameter } : fitted;
  return {
    law,
    table,
    fit,
    resampling,
    draws,
    parameters,
    derived: derivedOf(law, fit.theta, draws, (name) => parameters[name]!.identified),
    residualScale: robustScale(freeResiduals(fit.residuals, law.parameters.length)),
    outliers: outliersOf(fit, runs),
    warnings: [
      ...table.warnings,
      ...check.warnings,
      ...warningsOf(fit, runs, parameters),
      ...(epochs ? [epochs.warning] : []),
    ],
  };
}

/** The report as JSON: what `longrun laws fit --json` prints. */
export function fitReportJson({ law, table, fit, parameters, resampling, draws, ...report }: FitReport) {
  return {
    law: law.name,
    formula: law.formula,
    rows: table.runs.length,
    objective: fit.objective,
    shareAtOptimum: fit.shareAtOptimum,
    numStarts: fit.numStarts,
    loss: { ...fit.loss, text: lossText(fit.loss) },
    intervals: { level: LEVEL, method: `${resampling} bootstrap`, resamples: draws.length },
    parameters,
    derived: report.derived,
    residualScale: report.residualScale,
    outliers: report.outliers,
    setAside: table.setAside,
    conventions: table.conventions,
    source: table.source,
    warnings: report.warnings,
  };
}
