/** @file The profile of one parameter: how well the law fits with it held, all others fitted again. */

import { minimise, type Objective } from "../../math/minimise.ts";
import { robustScale } from "../../math/statistics.ts";
import type { Fit } from "./fit.ts";
import { lossNumbers } from "./loss.ts";
import { costUnit, inverseCurvature, objectiveOf } from "./objective.ts";

/** Where the profile stays below its limit; infinite: however far the parameter is moved. */
export type ProfileEnds = { readonly lo: number; readonly hi: number };

// Chi-squared with one degree of freedom: Wilks' theorem, with the cost's unit in place of the variance.
export const CHI_SQUARED_90 = 2.7055;
const CHI_SQUARED_99 = 6.6349;

/**
 * A side is open where even this far out the rise stays below the 99 % limit. In logarithms it is a factor of
 * 1e9, and no exponent is that large.
 */
const FAR = 20;
const GROWTH = 1.6;
/** Rounding in a sum of costs hides differences below this share of it. */
const ROUNDING = 1e-10;

/** What profiles of one fit share. */
export type Profiler = {
  /** The objective with parameter `index` held at `value`, all others fitted again. */
  readonly heldAt: (index: number, value: number) => number;
  /** How far twice the objective rises there, in its unit: above `CHI_SQUARED_90` outside 90 %. */
  readonly riseAt: (index: number, value: number) => number;
  /** 90 % interval of parameter `index`, each side infinite where it is open. */
  readonly interval: (index: number) => ProfileEnds;
};

/** Profiles of `fit`. `rowsPerRun`: rows that repeat one another's noise, worth that much less. */
export function profilerOf({ law, loss, data, theta, residuals }: Fit, rowsPerRun = 1): Profiler {
  const inverse = inverseCurvature(law, loss, data, theta, residuals);
  const objective = objectiveOf(law, data, lossNumbers(loss, 0.01 * robustScale(residuals)));
  const size = theta.length;
  const lowest = objective(theta, new Float64Array(size));
  const unit = Math.max(costUnit(loss, residuals, size) * rowsPerRun, ROUNDING * lowest);

  /** The end of one side, in internal parameters. */
  const search = (index: number, direction: -1 | 1): number => {
    const own = inverse[index * size + index]!;
    const scale = Math.min(1, Math.sqrt(unit * own)) || 1e-6;
    let point = theta;
    let before = { step: 0, rise: 0 };
    let end = direction * Infinity;
    for (let next = scale / 2; ; next *= GROWTH) {
      const step = Math.min(next, FAR);
      const along = (direction * (step - before.step)) / own;
      const guess = point.map((value, k) => value + along * inverse[k * size + index]!);
      guess[index] = theta[index]! + direction * step;
      const start = cheaper(objective, guess, withHeld(point, index, guess[index]!));
      const found = held(objective, index, start, inverse);
      const rise = found.value - lowest;
      if (!Number.isFinite(end) && 2 * rise > CHI_SQUARED_90 * unit) {
        end = theta[index]! + direction * crossing(before, { step, rise }, (CHI_SQUARED_90 * unit) / 2);
      }
      if (2 * rise > CHI_SQUARED_99 * unit) return end;
      if (step === FAR) return direction * Infinity;
      point = found.point;
      before = { step, rise };
    }
  };

  const heldAt = (index: number, value: number) =>
    held(objective, index, withHeld(theta, index, value), inverse).value;

  return {
    heldAt,
    riseAt: (index, value) => (2 * (heldAt(index, value) - lowest)) / unit,
    interval: (index) => ({ lo: search(index, -1), hi: search(index, 1) }),
  };
}

function withHeld(point: Float64Array, index: number, value: number): Float64Array {
  const copy = point.slice();
  copy[index] = value;
  return copy;
}

function cheaper(objective: Objective, a: Float64Array, b: Float64Array): Float64Array {
  const unused = new Float64Array(a.length);
  return objective(a, unused) <= objective(b, unused) ? a : b;
}

/** Where the rise passes `limit` between two steps: nearly quadratic, its root is nearly straight. */
function crossing(
  a: { readonly step: number; readonly rise: number },
  b: { readonly step: number; readonly rise: number },
  limit: number,
): number {
  const [rootA, rootB] = [Math.sqrt(Math.max(0, a.rise)), Math.sqrt(b.rise)];
  return a.step + ((b.step - a.step) * (Math.sqrt(limit) - rootA)) / (rootB - rootA);
}

/** Minimises over all parameters but one. */
function held(objective: Objective, index: number, start: Float64Array, inverse: Float64Array) {
  const size = start.length;
  const others = Array.from({ length: size }, (_, k) => k).filter((k) => k !== index);
  const point = start.slice();
  const gradient = new Float64Array(size);
  const reduced: Objective = (values, slope) => {
    for (const [at, k] of others.entries()) point[k] = values[at]!;
    const value = objective(point, gradient);
    for (const [at, k] of others.entries()) slope[at] = gradient[k]!;
    return value;
  };
  // With one parameter held, the inverse loses what went through it (Schur's complement).
  const pivot = inverse[index * size + index]!;
  const rest = Float64Array.from(
    others.flatMap((j) =>
      others.map(
        (k) => inverse[j * size + k]! - (inverse[j * size + index]! * inverse[index * size + k]!) / pivot,
      ),
    ),
  );
  const found = minimise(
    reduced,
    others.map((k) => start[k]!),
    { tolerance: 1e-6, inverse: rest },
  );
  for (const [at, k] of others.entries()) point[k] = found.point[at]!;
  return { point: point.slice(), value: found.value };
}
