/** @file Runs that a fit should be read with care for: far from the law, deciding alone, or there twice. */

import { robustScale } from "../../math/statistics.ts";
import { significant } from "../../units/print.ts";
import type { TableRun } from "../table/run-table.ts";
import type { Fit } from "./fit.ts";
import { freeResiduals } from "./loss.ts";
import { inverseInformation } from "./objective.ts";

/** A run to look at. Nothing is dropped from the fit on its account. */
export type Outlier = {
  readonly run: string;
  /** log(measured) - log(fitted). */
  readonly residual: number;
  readonly reason: string;
};

/** Normal residuals of 1,000 runs reach 3.3 deviations; a run beyond 4 has another cause. */
const FAR_DEVIATIONS = 4;
/** A run's leverage is the share of its own measurement in its fitted value; the mean is p / n. */
const HIGH_LEVERAGE = 0.5;
const TIMES_MEAN_LEVERAGE = 3;
/** Points read off a figure twice lie this close in N and D; runs of a design are equal there. */
const SAME_DESIGN = 0.01;
const SAME_LOSS = 1e-3;

/** The runs to look at, furthest from the law first. */
export function outliersOf(fit: Fit, runs: readonly TableRun[]): readonly Outlier[] {
  const scale = robustScale(freeResiduals(fit.residuals, fit.theta.length));
  const leverage = leverageOf(fit);
  const nearDuplicates = nearDuplicatesOf(runs);
  const outliers = runs.flatMap((run, i): Outlier[] => {
    const residual = fit.residuals[i]!;
    const reasons: string[] = [];
    const size = Math.abs(residual);
    if (size > FAR_DEVIATIONS * scale && size > 1e-9) {
      const side = residual > 0 ? "above" : "below";
      reasons.push(
        `${significant(size / scale, 2)} robust deviations ${side} the law (${percent(residual)})`,
      );
    }
    if (leverage[i]! > Math.max(HIGH_LEVERAGE, (TIMES_MEAN_LEVERAGE * fit.theta.length) / runs.length)) {
      const share = Math.round(100 * leverage[i]!);
      reasons.push(`high leverage: its own loss makes ${share} % of what is fitted there`);
    }
    if (nearDuplicates[i] !== undefined) reasons.push(`near duplicate of ${nearDuplicates[i]}`);
    return reasons.length === 0 ? [] : [{ run: run.run, residual, reason: reasons.join("; ") }];
  });
  return outliers.sort((a, b) => Math.abs(b.residual) - Math.abs(a.residual));
}

function percent(residual: number): string {
  const value = 100 * Math.expm1(residual);
  return `${value > 0 ? "+" : "-"}${significant(Math.abs(value), 2)} %`;
}

/** w g' I^-1 g per run: the diagonal of the matrix that takes measured to fitted log losses. */
function leverageOf({ law, theta, data }: Fit): Float64Array {
  const size = theta.length;
  const inverse = inverseInformation(law, data, theta);
  const own = new Float64Array(size);
  return Float64Array.from(data.covariates, (x, i) => {
    law.logLoss(theta, x, own);
    let sum = 0;
    for (let j = 0; j < size; j++)
      for (let k = 0; k < size; k++) sum += own[j]! * inverse[j * size + k]! * own[k]!;
    return data.weights[i]! * sum;
  });
}

/** For each run the name of an earlier one that lies next to it without being its replicate. */
function nearDuplicatesOf(runs: readonly TableRun[]): readonly (string | undefined)[] {
  const order = [...runs.keys()].sort((a, b) => runs[a]!.n - runs[b]!.n || a - b);
  const nearDuplicates: (string | undefined)[] = new Array(runs.length).fill(undefined);
  for (const [at, i] of order.entries()) {
    for (let next = at + 1; next < order.length; next++) {
      const j = order[next]!;
      if (!near(runs[i]!.n, runs[j]!.n, SAME_DESIGN)) break;
      if (!areNearDuplicates(runs[i]!, runs[j]!)) continue;
      const [first, second] = i < j ? [i, j] : [j, i];
      nearDuplicates[second] ??= runs[first]!.run;
    }
  }
  return nearDuplicates;
}

function areNearDuplicates(a: TableRun, b: TableRun): boolean {
  const isReplicate = a.n === b.n && a.d === b.d;
  const isOther =
    a.run === b.run || a.seed !== b.seed || a.unique !== b.unique || a.experts !== b.experts || isReplicate;
  return (
    !isOther && near(a.n, b.n, SAME_DESIGN) && near(a.d, b.d, SAME_DESIGN) && near(a.loss, b.loss, SAME_LOSS)
  );
}

function near(a: number, b: number, share: number): boolean {
  return Math.abs(a - b) <= share * Math.min(Math.abs(a), Math.abs(b));
}
