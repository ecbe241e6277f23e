/** @file Small symmetric positive matrices, row by row in typed arrays: Cholesky's factor, inverse. */

/**
 * The lower triangle L with L L' = matrix, in place of nothing: a new array. Null where a pivot falls below
 * `dependent` times its own diagonal entry, that is, where a row depends on those before it.
 */
export function cholesky(matrix: Float64Array, size: number, dependent = 1e-14): Float64Array | null {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      if (i === j && !(sum > dependent * matrix[i * size + i]!)) return null;
      lower[i * size + j] = i === j ? Math.sqrt(sum) : sum / lower[j * size + j]!;
    }
  }
  return lower;
}

/** L^-1 v. */
export function solveLower(lower: Float64Array, v: ArrayLike<number>): Float64Array {
  const size = v.length;
  const x = Float64Array.from(v);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i * size + k]! * x[k]!;
    x[i]! /= lower[i * size + i]!;
  }
  return x;
}

/** L'^-1 v: of independent unit normals it makes draws with the covariance (L L')^-1. */
function solveUpper(lower: Float64Array, v: ArrayLike<number>): Float64Array {
  const size = v.length;
  const x = Float64Array.from(v);
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i]! -= lower[k * size + i]! * x[k]!;
    x[i]! /= lower[i * size + i]!;
  }
  return x;
}

/** The solution x of L L' x = right. */
export function solveCholesky(lower: Float64Array, right: ArrayLike<number>): Float64Array {
  return solveUpper(lower, solveLower(lower, right));
}

/** log of the square root of the determinant of L L'. */
export function logRootDeterminant(lower: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += Math.log(lower[i * size + i]!);
  return sum;
}

/** The inverse of L L'. */
export function inverseCholesky(lower: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  const unit = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    unit.fill(0);
    unit[i] = 1;
    inverse.set(solveCholesky(lower, unit), i * size);
  }
  return inverse;
}

/** The inverse of a symmetric matrix; of one that is not positive definite, that of its diagonal. */
export function inverseOrDiagonal(matrix: Float64Array, size: number): Float64Array {
  const lower = cholesky(matrix, size);
  if (lower) return inverseCholesky(lower, size);
  return matrix.map((value, at) => (at % (size + 1) === 0 ? 1 / value : 0));
}
