/** @file A law fitted to a table, told whole: every number with its interval, what cannot be told, and which runs to look at. */

import type { Law, Parameter } from "../../law/law.ts";
import { quantileOfSorted, sorted, standardDeviation } from "../../math/statistics.ts";
import { significant } from "../../units/print.ts";
import { checkTable } from "../table/checks.ts";
import type { RunTable, TableRun } from "../table/table.ts";
import { bootstrapFit } from "./bootstrap.ts";
import { type DerivedValue, derivedOf } from "./derived.ts";
import { type Fit, fitLaw } from "./fit.ts";
import { keptEpochs, REPEAT_DECAY } from "./kept-epochs.ts";
import { DEFAULT_LOSS, freeResiduals, type Loss, lossText, robustScale } from "./loss.ts";
import { type Outlier, outliersOf } from "./outliers.ts";
import { type ProfileInterval, profilerOf } from "./profile.ts";
import { type Resampling, resamplingFor } from "./resample.ts";
import { warningsOf } from "./warnings.ts";

/** Share of the truth that an interval is meant to hold. */
export const LEVEL = 0.9;

/** What the published bootstrap of the Chinchilla fit used (arXiv 2404.10102). */
export const DEFAULT_RESAMPLES = 4000;

export type FitTableOptions = {
  readonly loss?: Loss;
  /** How runs are drawn again; chosen from the table if left out. */
  readonly resampling?: Resampling;
  readonly numResamples?: number;
  readonly seed?: number;
};

/** One number of the formula. `null` in place of an end: the data set no limit on that side. */
export type FittedParameter = {
  readonly value: number;
  readonly lo: number | null;
  readonly hi: number | null;
  /** Standard deviation over refits, or half the width of their middle 68 % where strays decide it; null where a side is open, for it would be that of the search's own limits. */
  readonly standardError: number | null;
  /** False where the fit is about as good however far the parameter is moved to one side. */
  readonly identified: boolean;
  readonly unit: string;
  /** The interval of the profile likelihood, beside that of the bootstrap. */
  readonly profile: { readonly lo: number | null; readonly hi: number | null };
};

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

/** Fits `law` to the runs of `table`. Deterministic for one seed. Throws the table's refusal where it cannot bear the law. */
export function fitTable(table: RunTable, law: Law, options: FitTableOptions = {}): FitReport {
  const { runs } = table;
  const check = checkTable(table, law);
  if (check.decision === "refuse") throw check.refusal;
  const weights = runs.map(({ weight }) => weight ?? 1);
  const fit = fitLaw(law, runs, { loss: options.loss ?? DEFAULT_LOSS, weights });
  const resampling = options.resampling ?? resamplingFor(runs, law.parameters.length);
  const draws = bootstrapFit(fit, runs, {
    resampling,
    numResamples: options.numResamples ?? DEFAULT_RESAMPLES,
    seed: options.seed ?? 0,
  });
  const rowsPerRun = runs.length / new Set(runs.map(({ run }) => run)).size;
  const profiler = profilerOf(fit, runs, weights, rowsPerRun);
  const found = Object.fromEntries(
    law.parameters.map((parameter, j) => [
      parameter.name,
      fittedParameter(fit, parameter, j, draws, profiler.interval(j)),
    ]),
  );
  const epochs = repeatsCheck(fit, runs, found[REPEAT_DECAY]);
  const parameters = epochs ? { ...found, [REPEAT_DECAY]: epochs.parameter } : found;
  const residualScale = robustScale(freeResiduals(fit.residuals, law.parameters.length));
  const outliers = outliersOf(fit, runs, weights);
  return {
    law,
    table,
    fit,
    resampling,
    draws,
    parameters,
    derived: derivedOf(law, fit.theta, draws, LEVEL, (name) => parameters[name]!.identified),
    residualScale,
    outliers,
    warnings: [
      ...table.warnings,
      ...check.warnings,
      ...warningsOf(fit, runs, parameters),
      ...(epochs?.warnings ?? []),
    ],
  };
}

/** What is left of the interval of R_D* where it hangs on the most repeated runs alone: it is open to where the others lead. */
function repeatsCheck(
  fit: Fit,
  runs: readonly TableRun[],
  parameter: FittedParameter | undefined,
): { readonly parameter: FittedParameter; readonly warnings: readonly string[] } | null {
  const { law, theta } = fit;
  if (parameter === undefined || parameter.lo === null || parameter.hi === null) return null;
  const index = law.parameters.findIndex(({ name }) => name === REPEAT_DECAY);
  const internal = (end: number) =>
    law.internal(law.natural(theta).map((own, j) => (j === index ? end : own)))[index]!;
  const { lo, hi } = parameter;
  const found = keptEpochs(fit, runs, index, { lo: internal(lo), hi: internal(hi) });
  if (found === null) return null;
  const open = found.moved === "up" ? { hi: null } : { lo: null };
  return {
    parameter: { ...parameter, ...open, standardError: null, identified: false },
    warnings: [
      `${REPEAT_DECAY} moves with which epochs are kept: all runs give ${significant(lo)} to ${significant(hi)}, and without the ${found.numLeftOut} of more than ${significant(found.mostEpochs, 3)} epochs that whole range is excluded from ${found.moved === "up" ? "above" : "below"}`,
    ],
  };
}

/** In internal parameters: refits beyond this have run away along a direction that the data do not limit. */
const RUNAWAY = 20;

function fittedParameter(
  { law, theta, parameters }: Fit,
  { name, unit }: Parameter,
  index: number,
  draws: readonly Float64Array[],
  profile: ProfileInterval,
): FittedParameter {
  const value = parameters[name]!;
  const naturalAt = (internal: number) =>
    law.natural(theta.map((own, k) => (k === index ? internal : own)))[index]!;
  const ascending = sorted(draws.map((draw) => draw[index]!));
  const edge = (1 - LEVEL) / 2;
  const side = (fraction: number, limit: number | null): number | null => {
    const end = quantileOfSorted(ascending, fraction);
    if (limit === null || Math.abs(end - theta[index]!) > RUNAWAY) return null;
    // Skewed refits can all lie on one side of the best fit; the interval then still holds it.
    return naturalAt(fraction < 0.5 ? Math.min(end, theta[index]!) : Math.max(end, theta[index]!));
  };
  const lo = side(edge, profile.lo);
  const hi = side(1 - edge, profile.hi);
  const identified = lo !== null && hi !== null;
  return {
    value,
    lo,
    hi,
    standardError: identified ? spreadOf(draws.map((draw) => naturalAt(draw[index]!))) : null,
    identified,
    unit,
    profile: {
      lo: profile.lo === null ? null : naturalAt(profile.lo),
      hi: profile.hi === null ? null : naturalAt(profile.hi),
    },
  };
}

/** A few refits that ran away make a standard deviation that says nothing: it is then this much wider than the middle of them. */
const STRAY_SPREAD = 2;

/** Standard deviation; half the width of the middle 68 % where strays would decide it. The published errors are plain ones, 0.8 to 1.2 of that. */
function spreadOf(values: readonly number[]): number {
  const plain = standardDeviation(values);
  const ascending = sorted(values);
  const robust = (quantileOfSorted(ascending, 0.8413) - quantileOfSorted(ascending, 0.1587)) / 2;
  return plain > STRAY_SPREAD * robust ? robust : plain;
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
