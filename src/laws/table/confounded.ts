/** @file Which parameters of a law a set of designs cannot tell apart: the flattest direction of the law over those designs. */

import type { Design, Law, Run } from "../../law/law.ts";

/** A direction is flat where the law moves this little (of what one parameter alone does), whatever the losses are. */
const FLAT = 1e-3;
/** A parameter takes part in a direction that gives it this share of its length or more. */
const TAKES_PART = 0.2;

/**
 * The parameters that can move together without the law moving on any of `runs`; none where the designs tell all apart. Looks
 * at the gradient of the log loss, every column scaled to length 1: an eigenvalue of the columns' products near 0 is a flat
 * direction, and its eigenvector says who takes part. The best of the law's own starting points is where it looks.
 */
export function confoundedParameters(law: Law, runs: readonly Run[]): readonly string[] {
  const theta = bestStart(law, runs);
  if (!theta) return [];
  const columns = unitColumns(law, runs, theta);
  const { values, vectors } = symmetricEigen(columns.map((a) => columns.map((b) => dot(a, b))));
  const flat = values.flatMap((value, i) => (value < FLAT ** 2 * columns.length ? [vectors[i]!] : []));
  return law.parameters
    .filter((_, j) => flat.some((vector) => Math.abs(vector[j]!) >= TAKES_PART))
    .map(({ name }) => name);
}

function bestStart(law: Law, runs: readonly Run[]): Float64Array | null {
  const gradient = new Float64Array(law.parameters.length);
  const misfit = (theta: Float64Array) =>
    runs.reduce(
      (sum, run) => sum + Math.abs(Math.log(run.loss) - law.logLoss(theta, law.covariates(run), gradient)),
      0,
    );
  const scored = law
    .starts(runs)
    .map((theta) => ({ theta, score: misfit(theta) }))
    .filter(({ score }) => Number.isFinite(score))
    .sort((a, b) => a.score - b.score);
  return scored[0]?.theta ?? null;
}

function unitColumns(
  law: Law,
  designs: readonly Design[],
  theta: Float64Array,
): readonly (readonly number[])[] {
  const gradient = new Float64Array(theta.length);
  const rows = designs.map((design) => {
    law.logLoss(theta, law.covariates(design), gradient);
    return Array.from(gradient);
  });
  return Array.from(theta, (_, j) => {
    const column = rows.map((row) => row[j]!);
    const length = Math.hypot(...column);
    return length > 0 ? column.map((value) => value / length) : column;
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** Eigenvalues and vectors of a small symmetric matrix by Jacobi's rotations (Golub and Van Loan, section 8.5). */
export function symmetricEigen(matrix: readonly (readonly number[])[]): {
  readonly values: readonly number[];
  readonly vectors: readonly (readonly number[])[];
} {
  const a = matrix.map((row) => [...row]);
  const size = a.length;
  const vectors = a.map((_, i) => a.map((__, j) => Number(i === j)));
  for (let sweep = 0; sweep < 50; sweep++) {
    let offDiagonal = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        offDiagonal += a[p]![q]! ** 2;
        rotate(a, vectors, p, q);
      }
    }
    if (offDiagonal < 1e-28) break;
  }
  return { values: a.map((row, i) => row[i]!), vectors };
}

/** Rows of `vectors` are the eigenvectors. */
function rotate(a: number[][], vectors: number[][], p: number, q: number): void {
  const off = a[p]![q]!;
  if (off === 0) return;
  const ratio = (a[q]![q]! - a[p]![p]!) / (2 * off);
  const tangent = (ratio >= 0 ? 1 : -1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  for (let k = 0; k < a.length; k++) {
    const [kp, kq] = [a[k]![p]!, a[k]![q]!];
    a[k]![p] = cosine * kp - sine * kq;
    a[k]![q] = sine * kp + cosine * kq;
  }
  for (let k = 0; k < a.length; k++) {
    const [pk, qk] = [a[p]![k]!, a[q]![k]!];
    a[p]![k] = cosine * pk - sine * qk;
    a[q]![k] = sine * pk + cosine * qk;
    const [vp, vq] = [vectors[p]![k]!, vectors[q]![k]!];
    vectors[p]![k] = cosine * vp - sine * vq;
    vectors[q]![k] = sine * vp + cosine * vq;
  }
}
