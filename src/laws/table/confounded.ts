/** @file Which parameters of a law some designs cannot tell apart: those that move without moving it. */

import type { Law, Run } from "../../law/law.ts";
import { dot } from "../../math/statistics.ts";
import { cholesky, inverseCholesky } from "../../math/symmetric.ts";

/** The law counts as not moving where it moves this little of what one parameter alone does. */
const FLAT = 3e-4;
/** A parameter takes part where its own share of such a move, squared, is this large. */
const TAKES_PART = 0.04;

/**
 * The parameters that can move together without the law moving on any of `runs`; none where the designs tell
 * all apart. Looks at the gradient of the log loss at the best of the law's own starting points, every column
 * scaled to length 1. With a prior of variance 1 and a noise of FLAT, each parameter keeps the variance that
 * the designs leave to it: near its squared share of a flat direction, and near 0 where there is none.
 */
export function confoundedParameters(law: Law, runs: readonly Run[]): readonly string[] {
  const theta = bestStart(law, runs);
  if (!theta) return [];
  const columns = unitColumns(law, runs, theta);
  const size = columns.length;
  const noise = FLAT ** 2 * size;
  const precision = Float64Array.from(
    columns.flatMap((a, i) => columns.map((b, j) => dot(a, b) / noise + (i === j ? 1 : 0))),
  );
  const variance = inverseCholesky(cholesky(precision, size, 0)!, size);
  return law.parameters.filter((_, j) => variance[j * size + j]! >= TAKES_PART).map(({ name }) => name);
}

function bestStart(law: Law, runs: readonly Run[]): Float64Array | null {
  const gradient = new Float64Array(law.parameters.length);
  const misfit = (theta: Float64Array) =>
    runs.reduce(
      (sum, run) => sum + Math.abs(Math.log(run.loss) - law.logLoss(theta, law.covariates(run), gradient)),
      0,
    );
  const [best] = law
    .starts(runs)
    .map((theta) => ({ theta, score: misfit(theta) }))
    .filter(({ score }) => Number.isFinite(score))
    .sort((a, b) => a.score - b.score);
  return best?.theta ?? null;
}

function unitColumns(law: Law, runs: readonly Run[], theta: Float64Array): readonly (readonly number[])[] {
  const gradient = new Float64Array(theta.length);
  const rows = runs.map((run) => {
    law.logLoss(theta, law.covariates(run), gradient);
    return Array.from(gradient);
  });
  return Array.from(theta, (_, j) => {
    const column = rows.map((row) => row[j]!);
    const length = Math.hypot(...column);
    return length > 0 ? column.map((value) => value / length) : column;
  });
}
