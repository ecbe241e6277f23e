/** @file Minimises a smooth function of few variables: BFGS, analytic gradient, strong Wolfe line search. */

import { assert } from "../errors.ts";
import { dot } from "./statistics.ts";

/** Returns the value at `point` and writes the gradient there. Must not keep either array. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

/** Where a minimisation ended, and why. */
export type Minimum = {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** "gradient": flat to tolerance. "stalled": no step lowers the value. "iterations": at the limit. */
  readonly stop: "gradient" | "stalled" | "iterations";
};

/** When to stop, and what is known of the curvature. */
export type MinimiseOptions = {
  readonly maxIterations?: number;
  /** Stop when every |gradient_i| * max(|point_i|, 1) is below this times |value|, whatever its scale. */
  readonly tolerance?: number;
  /** A first inverse of the matrix of second derivatives, row by row: the first step is then Newton's. */
  readonly inverse?: Float64Array;
};

// Nocedal and Wright 2006, section 3.1: sufficient decrease and curvature constants for quasi-Newton steps.
const DECREASE = 1e-4;
const CURVATURE = 0.9;
const MAX_TRIALS = 40;

type Trial = { readonly step: number; readonly value: number; readonly slope: number };

/** One search line: evaluates at `origin + step * direction`; point and gradient stay in the two buffers. */
class Line {
  readonly point: Float64Array;
  readonly gradient: Float64Array;
  readonly #objective: Objective;
  readonly #origin: Float64Array;
  readonly #direction: Float64Array;

  constructor(objective: Objective, origin: Float64Array, direction: Float64Array) {
    this.#objective = objective;
    this.#origin = origin;
    this.#direction = direction;
    this.point = new Float64Array(origin.length);
    this.gradient = new Float64Array(origin.length);
  }

  at(step: number): Trial {
    for (let i = 0; i < this.point.length; i++) this.point[i] = this.#origin[i]! + step * this.#direction[i]!;
    const value = this.#objective(this.point, this.gradient);
    return {
      step,
      value: Number.isFinite(value) ? value : Infinity,
      slope: dot(this.gradient, this.#direction),
    };
  }
}

/** Minimiser of the cubic through two trials, kept away from both ends so that the bracket always shrinks. */
function cubicStep(a: Trial, b: Trial): number {
  const middle = (a.step + b.step) / 2;
  if (!Number.isFinite(b.value) || !Number.isFinite(b.slope)) return middle;
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.step - b.step);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return middle;
  const d2 = Math.sign(b.step - a.step) * Math.sqrt(square);
  const step = b.step - ((b.step - a.step) * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2);
  const margin = 0.1 * Math.abs(b.step - a.step);
  const low = Math.min(a.step, b.step) + margin;
  const high = Math.max(a.step, b.step) - margin;
  return step >= low && step <= high ? step : middle;
}

/** A step by the strong Wolfe conditions (Nocedal, Wright, algorithms 3.5, 3.6); null if none is lower. */
function wolfeStep(line: Line, start: Trial, firstStep: number): Trial | null {
  const lowersEnough = (t: Trial) => t.value <= start.value + DECREASE * t.step * start.slope;
  let previous = start;
  let current = line.at(firstStep);
  for (let i = 0; i < MAX_TRIALS; i++) {
    if (!lowersEnough(current) || (i > 0 && current.value >= previous.value))
      return zoom(line, start, previous, current);
    if (Math.abs(current.slope) <= -CURVATURE * start.slope) return current;
    if (current.slope >= 0) return zoom(line, start, current, previous);
    previous = current;
    current = line.at(current.step * 2.5);
  }
  return null;
}

/** Shrinks the bracket between `low` (best so far) and `high` until a trial meets both conditions. */
function zoom(line: Line, start: Trial, low: Trial, high: Trial): Trial | null {
  let best = low;
  let other = high;
  for (let i = 0; i < MAX_TRIALS; i++) {
    const trial = line.at(cubicStep(best, other));
    if (trial.value > start.value + DECREASE * trial.step * start.slope || trial.value >= best.value)
      other = trial;
    else {
      if (Math.abs(trial.slope) <= -CURVATURE * start.slope) return trial;
      if (trial.slope * (other.step - best.step) >= 0) other = best;
      best = trial;
    }
    if (Math.abs(other.step - best.step) <= 1e-14 * Math.max(Math.abs(best.step), 1e-300)) break;
  }
  // Rounding can hide the curvature condition near the optimum: any real decrease is still progress.
  return best.value < start.value ? line.at(best.step) : null;
}

/** Inverse Hessian estimate, dense and symmetric, updated in place (Nocedal and Wright, eq. 6.17). */
function updateInverse(inverse: Float64Array, step: Float64Array, change: Float64Array): void {
  const n = step.length;
  const curvature = dot(step, change);
  if (!(curvature > 0)) return;
  const product = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) product[i]! += inverse[i * n + j]! * change[j]!;
  const factor = (1 + dot(change, product) / curvature) / curvature;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      inverse[i * n + j]! +=
        factor * step[i]! * step[j]! - (product[i]! * step[j]! + step[i]! * product[j]!) / curvature;
    }
  }
}

function identity(n: number, scale: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = scale;
  return matrix;
}

function isFlat(point: Float64Array, gradient: Float64Array, limit: number): boolean {
  return gradient.every((g, i) => Math.abs(g) * Math.max(Math.abs(point[i]!), 1) <= limit);
}

/** Local minimum of `objective` reached from `start`. Deterministic; for a global one, use many starts. */
export function minimise(
  objective: Objective,
  start: ArrayLike<number>,
  options: MinimiseOptions = {},
): Minimum {
  const maxIterations = options.maxIterations ?? 1000;
  const tolerance = options.tolerance ?? 1e-9;
  const n = start.length;
  const point = Float64Array.from(start);
  const gradient = new Float64Array(n);
  let value = objective(point, gradient);
  assert(Number.isFinite(value), `the objective is finite at the start, got ${value}`);
  let inverse = options.inverse?.slice() ?? identity(n, 1);
  let fresh = options.inverse === undefined;
  const finish = (iterations: number, stop: Minimum["stop"]): Minimum => ({ point, value, iterations, stop });
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (isFlat(point, gradient, tolerance * Math.abs(value))) return finish(iteration, "gradient");
    const direction = new Float64Array(n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) direction[i]! -= inverse[i * n + j]! * gradient[j]!;
    const line = new Line(objective, point, direction);
    const slope = dot(gradient, direction);
    // Without curvature information the first step moves the point by at most 1/10 in any variable.
    const firstStep = fresh ? Math.min(1, 0.1 / Math.max(...direction.map(Math.abs))) : 1;
    const found = slope < 0 ? wolfeStep(line, { step: 0, value, slope }, firstStep) : null;
    if (found === null || !(found.value < value)) {
      if (fresh) return finish(iteration, "stalled");
      inverse = identity(n, 1);
      fresh = true;
      continue;
    }
    const step = direction.map((d) => d * found.step);
    const change = line.gradient.map((g, i) => g - gradient[i]!);
    if (fresh) inverse = identity(n, Math.max(dot(step, change) / dot(change, change), 1e-12) || 1);
    updateInverse(inverse, step, change);
    fresh = false;
    point.set(line.point);
    gradient.set(line.gradient);
    value = found.value;
  }
  return finish(maxIterations, "iterations");
}
