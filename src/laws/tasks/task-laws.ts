/** @file The two formulas of a task's score, with weak priors: a sigmoid of the loss, a power of compute. */

import { logistic } from "../../math/logit.ts";

/** A formula of one variable x, with a normal prior on each internal parameter. */
export type TaskLaw = {
  readonly priors: readonly { readonly mean: number; readonly sd: number }[];
  /** The score as a function of x, under these parameters. */
  readonly curve: (theta: ArrayLike<number>) => (x: number) => number;
};

/** Accuracy of guessing can differ from 1 / k where a model prefers some answers; an assumption. */
const FLOOR_SD = 0.01;
/** An open task has no floor to miss. */
const OPEN_FLOOR_SD = 1e-4;
/** logit of the top's share of what lies above the floor: .95, 90 % between .35 and .999. An assumption. */
const TOP = { mean: 3, sd: 2.2 };
/** log slope: the rise takes about the ladder's range of losses, within a factor of 7 (90 %). */
const RISES_IN_RANGE = 4;
const LOG_SLOPE_SD = 1.2;
/** The midpoint lies at the ladder's lowest loss, give or take so many ranges. */
const MIDPOINT_RANGES = 1.5;

/**
 * The second step of the two-step law, after the OLMo ladder (arXiv 2412.04403): accuracy = floor + (top -
 * floor) / (1 + exp(slope (loss - midpoint))). theta = (floor - chance, logit of the top's share, log slope,
 * midpoint); x is the loss. The floor is known but for a point or two: it is chance. The ladder's own losses
 * place the other priors.
 */
export function sigmoidLaw(losses: readonly number[], chance: number): TaskLaw {
  const lowest = Math.min(...losses);
  const range = Math.max(...losses) - lowest;
  return {
    priors: [
      { mean: 0, sd: chance === 0 ? OPEN_FLOOR_SD : FLOOR_SD },
      TOP,
      { mean: Math.log(RISES_IN_RANGE / range), sd: LOG_SLOPE_SD },
      { mean: lowest, sd: MIDPOINT_RANGES * range },
    ],
    curve(theta) {
      const { floor, top, slope, midpoint } = sigmoidParameters(theta, chance);
      return (loss) => floor + (top - floor) * logistic(-slope * (loss - midpoint));
    },
  };
}

/** The four numbers as people write them. */
export function sigmoidParameters(theta: ArrayLike<number>, chance: number) {
  const floor = chance + theta[0]!;
  return {
    floor,
    top: floor + (1 - floor) * logistic(theta[1]!),
    slope: Math.exp(theta[2]!),
    midpoint: theta[3]!,
  };
}

/** log(-log q) at the largest run: 90 % of the prior has q between 1e-7 and .94. An assumption, weak. */
const LEVEL = { mean: 0, sd: 1.7 };
/** -log q falls with a tenth to a half power of compute on the tasks that we know of; an assumption, weak. */
const ALPHA = { mean: 0.2, sd: 0.2 };

/**
 * The direct law (arXiv 2512.08894): -log of accuracy is a power of compute, A C^-alpha, at one ratio of
 * tokens to parameters. Accuracy is first freed of chance, q = (accuracy - chance) / (1 - chance); fitted on
 * accuracy itself, so that a score below chance does no harm. theta = (log A - alpha log C of the largest
 * run, alpha); x is log C.
 */
export function directLaw(largestLogC: number, chance: number): TaskLaw {
  return {
    priors: [LEVEL, ALPHA],
    curve(theta) {
      const [level, alpha] = [theta[0]!, theta[1]!];
      return (logC) => chance + (1 - chance) * Math.exp(-Math.exp(level - alpha * (logC - largestLogC)));
    },
  };
}
