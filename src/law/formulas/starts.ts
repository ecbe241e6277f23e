/** @file Starts by variable projection: a grid over the exponents, the coefficients solved for at each. */

import { residuals, solveNonNegative } from "../../math/least-squares.ts";
import { robustScale } from "../../math/statistics.ts";
import { type Law, type Run, scalesOf } from "../law.ts";

// A search over two exponents with an exact inner solution replaces one over five numbers: the condition
// number falls from 3.5e11 to about 11 (Golub and Pereyra 1973; for scaling laws arXiv 2603.22339).

/** A law that, once some numbers are fixed and the loss is transformed, is linear in its coefficients. */
export type Projection = {
  /** The values to try for each number that is not linear, by axis. */
  readonly axes: readonly (readonly number[])[];
  readonly numTerms: number;
  /** Writes log(term_k) at the fixed numbers and x. Logarithms: N^-2 is too small beside a constant. */
  readonly logTerms: (fixed: readonly number[], x: Float64Array, logTerms: Float64Array) => void;
  /**
   * Log of what is linear in the coefficients; left out: log loss itself. NaN where these numbers cannot be.
   */
  readonly logTarget?: (logLoss: number, fixed: readonly number[]) => number;
  readonly theta: (fixed: readonly number[], logCoefficients: Float64Array) => Float64Array;
};

/** Exponents of N and D: .08 to .8 in published fits (docs/laws.md); on logarithms, 30 % apart. */
export const EXPONENTS = [0.06, 0.09, 0.13, 0.18, 0.24, 0.32, 0.42, 0.55, 0.72, 0.95, 1.25] as const;

const NUM_STARTS = 8;

/** A coefficient solved to zero starts at this share of the target: its logarithm must exist. */
const LEAST_SHARE = 1e-3;

/** Huber's own constant: 95 % efficient on normal residuals. */
const TUNING = 1.345;

type Formula = Pick<Law, "covariates" | "logLoss">;
type Node = { readonly place: readonly number[]; readonly theta: Float64Array; readonly error: number };

/** A law whose starts lie on a grid over what is not linear in it. */
export function lawWithGrid({
  grid,
  ...law
}: Omit<Law, "natural" | "internal" | "starts"> & {
  readonly grid: (runs: readonly Run[]) => Projection;
}): Law {
  return {
    ...law,
    ...scalesOf(law.parameters),
    starts: (runs) => startsOnGrid(law, runs, grid(runs)),
  };
}

/** The best nodes of the grid by the law's own mean |log residual|, no two of them neighbours; at most 8. */
function startsOnGrid(
  formula: Formula,
  runs: readonly Run[],
  projection: Projection,
): readonly Float64Array[] {
  const covariates = runs.map(formula.covariates);
  const logLosses = Float64Array.from(runs, (run) => Math.log(run.loss));
  const nodes = placesOf(projection.axes)
    .flatMap((place): Node[] => {
      const fixed = place.map((index, axis) => projection.axes[axis]![index]!);
      const theta = projected(projection, fixed, logLosses, covariates);
      return theta ? [{ place, theta, error: meanError(formula, theta, logLosses, covariates) }] : [];
    })
    .filter(({ error }) => Number.isFinite(error))
    .sort((a, b) => a.error - b.error);
  const chosen: Node[] = [];
  for (const node of nodes) {
    if (chosen.length < NUM_STARTS && !chosen.some((other) => areNeighbours(node, other))) chosen.push(node);
  }
  return chosen.map(({ theta }) => theta);
}

/** `count` values inside from..to, evenly. */
export function evenly(from: number, to: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * (i + 0.5)) / count);
}

function placesOf(axes: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return axes.reduce<readonly (readonly number[])[]>(
    (places, axis) => places.flatMap((place) => axis.map((_, index) => [...place, index])),
    [[]],
  );
}

function areNeighbours(a: Node, b: Node): boolean {
  return a.place.every((index, axis) => Math.abs(index - b.place[axis]!) <= 1);
}

function meanError(
  { logLoss }: Formula,
  theta: Float64Array,
  logLosses: Float64Array,
  covariates: readonly Float64Array[],
): number {
  const unused = new Float64Array(theta.length);
  let sum = 0;
  for (const [i, x] of covariates.entries()) sum += Math.abs(logLosses[i]! - logLoss(theta, x, unused));
  return sum / covariates.length;
}

/** The best coefficients for the fixed numbers, as theta; null where a run's target does not exist. */
function projected(
  { numTerms, logTerms, logTarget, theta }: Projection,
  fixed: readonly number[],
  logLosses: Float64Array,
  covariates: readonly Float64Array[],
): Float64Array | null {
  const terms = new Float64Array(numTerms * covariates.length);
  const largest = new Float64Array(numTerms).fill(-Infinity);
  const buffer = new Float64Array(numTerms);
  for (const [i, x] of covariates.entries()) {
    const target = logTarget ? logTarget(logLosses[i]!, fixed) : logLosses[i]!;
    if (!Number.isFinite(target)) return null;
    logTerms(fixed, x, buffer);
    for (let k = 0; k < numTerms; k++) {
      // Divided by its target, a row's error is relative: close to the error in log loss that the fit will
      // count.
      terms[i * numTerms + k] = buffer[k]! - target;
      largest[k] = Math.max(largest[k]!, buffer[k]! - target);
    }
  }
  // A term that is nowhere present (no run repeats its data) has no largest value; its coefficient is then
  // anybody's guess.
  for (let k = 0; k < numTerms; k++) if (largest[k] === -Infinity) largest[k] = 0;
  for (let i = 0; i < terms.length; i++) terms[i] = Math.exp(terms[i]! - largest[i % numTerms]!);
  const rows = { terms, numTerms };
  const weights = new Float64Array(covariates.length).fill(1);
  let coefficients = solveNonNegative(rows, weights);
  for (let round = 0; round < 2; round++) {
    const errors = residuals(rows, coefficients).map(Math.abs);
    const limit = TUNING * robustScale(errors);
    for (let i = 0; i < weights.length; i++) weights[i] = errors[i]! > limit ? limit / errors[i]! : 1;
    coefficients = solveNonNegative(rows, weights);
  }
  // A term's largest value is 1 here, so a coefficient is the largest share of the target that its term has
  // in any run.
  return theta(
    fixed,
    coefficients.map((c, k) => Math.log(Math.max(c, LEAST_SHARE)) - largest[k]!),
  );
}
