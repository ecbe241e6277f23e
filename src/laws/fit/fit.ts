/** @file Fits a law to runs: few starts chosen by the data, the best of their minima, and how many of them reached it. */

import { UserError } from "../../errors.ts";
import type { Law, Run } from "../../law/law.ts";
import { type Minimum, minimise, type Objective } from "../../math/minimise.ts";
import { absoluteMinimum } from "./absolute.ts";
import { inverseCurvature } from "./curvature.ts";
import { DEFAULT_LOSS, type Loss, lossNumbers } from "./loss.ts";
import { type FitData, fitData, objectiveOf, residualsOf } from "./objective.ts";
import { startingPoints } from "./starts.ts";

export type FitOptions = {
  /** What a residual costs; Huber with delta 1e-3 if left out. */
  readonly loss?: Loss;
  /** One weight per run; 1 each if left out. */
  readonly weights?: ArrayLike<number>;
  /** Starting points in the law's internal parameters; at most 8, chosen by the data, if left out. */
  readonly starts?: readonly ArrayLike<number>[];
};

export type Fit = {
  readonly law: Law;
  readonly loss: Loss;
  readonly theta: Float64Array;
  /** The numbers of the formula, by name. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Weighted sum (not mean) of costs at the optimum. */
  readonly objective: number;
  readonly numStarts: number;
  /** Share of the starts that ended within 1e-6 (relative) of the best objective: a low share says "hard to fit". */
  readonly shareAtOptimum: number;
  /** log(measured) - log(fitted), per run. */
  readonly residuals: Float64Array;
};

/** A long flat valley takes two or three. */
const MOST_POLISHES = 5;

/** The fit's objective over theta. */
export function fitObjective(
  law: Law,
  runs: readonly Run[],
  loss: Loss,
  weights?: ArrayLike<number>,
): Objective {
  return objectiveOf(law, fitData(law, runs, weights), lossNumbers(loss));
}

/** How many different designs there are. */
export function numDistinct(runs: readonly Run[]): number {
  return new Set(runs.map((run) => `${run.n}/${run.d}/${run.c}/${run.unique ?? ""}/${run.experts ?? ""}`))
    .size;
}

/** Fits `law` to `runs`. Deterministic. Throws a `UserError` where there are fewer distinct runs than parameters. */
export function fitLaw(law: Law, runs: readonly Run[], options: FitOptions = {}): Fit {
  const needed = law.parameters.length;
  const distinct = numDistinct(runs);
  if (distinct < needed) {
    throw new UserError(
      `${distinct} distinct runs for the law ${law.formula}`,
      `at least ${needed}, one for each parameter`,
      "add rungs to the ladder, or choose a law with fewer parameters",
    );
  }
  const loss = options.loss ?? DEFAULT_LOSS;
  const data = fitData(law, runs, options.weights);
  const starts = options.starts ?? startingPoints(law, runs, data, loss);
  const { theta, objective, numReached } = fitFrom(law, data, loss, starts);
  const natural = law.natural(theta);
  return {
    law,
    loss,
    theta,
    parameters: Object.fromEntries(law.parameters.map((parameter, i) => [parameter.name, natural[i]!])),
    objective,
    numStarts: starts.length,
    shareAtOptimum: numReached / starts.length,
    residuals: residualsOf(law, data, theta),
  };
}

/** The best of the minima reached from `starts`. */
export function fitFrom(
  law: Law,
  data: FitData,
  loss: Loss,
  starts: readonly ArrayLike<number>[],
): { readonly theta: Float64Array; readonly objective: number; readonly numReached: number } {
  // The slope of |r| jumps at 0, so the starts compete under a smooth stand-in: Huber's, with delta at 1 % in log loss.
  const first: Loss = loss.kind === "absolute" ? { kind: "huber", delta: 0.01 } : loss;
  const objective = objectiveOf(law, data, lossNumbers(first));
  const minima = starts.map((start) => minimise(objective, start));
  const best = polished(law, data, first, objective, deepest(minima));
  const within = minima.filter((m) => m.value <= best.value * (1 + 1e-6) + 1e-18).length;
  const numReached = Math.max(1, within);
  const { point, value }: Pick<Minimum, "point" | "value"> =
    loss.kind === "absolute" ? absoluteMinimum(law, data, best.point) : best;
  return { theta: point, objective: value, numReached };
}

function deepest(minima: readonly Minimum[]): Minimum {
  return minima.reduce((a, b) => (b.value < a.value ? b : a));
}

/** Goes on from a minimum with the curvature there: in a long flat valley plain BFGS gives up well before the end. */
function polished(law: Law, data: FitData, loss: Loss, objective: Objective, from: Minimum): Minimum {
  let best = from;
  for (let round = 0; round < MOST_POLISHES; round++) {
    const inverse = inverseCurvature(law, loss, data, best.point, residualsOf(law, data, best.point));
    const next = minimise(objective, best.point, { inverse });
    if (!(next.value < best.value)) return best;
    const gain = best.value - next.value;
    best = next;
    if (gain <= 1e-9 * best.value) return best;
  }
  return best;
}
