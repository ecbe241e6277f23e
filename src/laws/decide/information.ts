/** @file What one more measurement would tell: a linear question's variance before and after. */

import { assert } from "../../errors.ts";
import { dot } from "../../math/statistics.ts";

/** The covariance of normal variables, row by row: means do not matter for what a measurement tells. */
export type Knowledge = { readonly dimension: number; readonly covariance: Float64Array };

/** One more measurement: it reads row . variables, with noise of this variance, at this cost. */
export type Measurement = {
  readonly row: ArrayLike<number>;
  readonly noiseVariance: number;
  readonly flops: number;
};

/** What a measurement tells about a question. */
export type Information = {
  readonly varianceBefore: number;
  readonly varianceAfter: number;
  /** Variance taken away per FLOP spent. */
  readonly reductionPerFlop: number;
};

/** Knowledge from independent beliefs with these standard deviations. */
export function believed(standardDeviations: readonly number[]): Knowledge {
  const dimension = standardDeviations.length;
  const covariance = new Float64Array(dimension * dimension);
  standardDeviations.forEach((sd, i) => {
    covariance[i * dimension + i] = sd * sd;
  });
  return { dimension, covariance };
}

/** Variance of row . variables. */
export function varianceOf(knowledge: Knowledge, row: ArrayLike<number>): number {
  return Math.max(0, dot(row, carried(knowledge, row)));
}

/**
 * For every candidate, the variance of question . variables now and once the candidate has been measured:
 * var(q | y) = var(q) - cov(q, y)^2 / var(y), so no candidate can raise it.
 */
export function informationOf(
  knowledge: Knowledge,
  candidates: readonly Measurement[],
  question: ArrayLike<number>,
): readonly Information[] {
  const shared = carried(knowledge, question);
  const varianceBefore = Math.max(0, dot(question, shared));
  return candidates.map(({ row, noiseVariance, flops }) => {
    const own = varianceOf(knowledge, row) + noiseVariance;
    const reduction = own > 0 ? Math.min(varianceBefore, dot(row, shared) ** 2 / own) : 0;
    return {
      varianceBefore,
      varianceAfter: varianceBefore - reduction,
      reductionPerFlop: reduction / flops,
    };
  });
}

/** Knowledge after measurements: a rank-one update each (Kalman's, of a state that stands still). */
export function learnt(knowledge: Knowledge, measurements: readonly Omit<Measurement, "flops">[]): Knowledge {
  const { dimension } = knowledge;
  const covariance = knowledge.covariance.slice();
  for (const { row, noiseVariance } of measurements) {
    const gain = carried({ dimension, covariance }, row);
    const own = dot(row, gain) + noiseVariance;
    assert(own > 0, `a measurement has a variance above 0, got ${own}`);
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j <= i; j++) {
        const updated = covariance[i * dimension + j]! - (gain[i]! * gain[j]!) / own;
        covariance[i * dimension + j] = updated;
        covariance[j * dimension + i] = updated;
      }
    }
  }
  return { dimension, covariance };
}

/** covariance . row */
function carried({ dimension, covariance }: Knowledge, row: ArrayLike<number>): Float64Array {
  const product = new Float64Array(dimension);
  for (let i = 0; i < dimension; i++) {
    let sum = 0;
    for (let j = 0; j < dimension; j++) sum += covariance[i * dimension + j]! * row[j]!;
    product[i] = sum;
  }
  return product;
}
