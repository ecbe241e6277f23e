/** @file Clark's laws of routed models: log loss bilinear in log size and log experts. */

import { type Derived, type Law, positive, type Run, real, scalesOf } from "../law.ts";
import { logLinear } from "./log-linear.ts";

// Clark et al. 2022 (arXiv 2202.01169), equation 1, in logarithms to base 10 as there (their table 3 gives
// S-Base a -.082, b -.108, c .009, d 1.104, E_start 1.847, E_max 314.5). All their runs saw 130B tokens: a
// law of N and E at that D alone.

const COEFFICIENTS = [
  real("a", "decades of loss per decade of N"),
  real("b", "decades of loss per decade of experts at N = 1"),
  real("c", "change of b per decade of N"),
  real("d", "log10 of the loss at N = 1 and one expert"),
];
const SATURATING = [
  ...COEFFICIENTS,
  positive("E_start", "experts"),
  { name: "E_max / E_start", unit: "none", above: 1 },
];

/** Natural logarithms of what a, b, c and d stand beside. */
const bilinear = (logN: number, logE: number) =>
  Float64Array.of(Math.LN10 * logN, Math.LN10 * logE, Math.LN10 * logN * logE, Math.LN10);

/**
 * The dense size from which more experts no longer help: the slope over log10 E, b + c log10 N, is then zero.
 * `natural` are the numbers of either law. Infinity where routing does not help less with size (c <= 0) and
 * so never stops; 0 where it never helps.
 */
export function routingCutoff([, b, c]: readonly number[]): number {
  if (c! > 0) return 10 ** (-b! / c!);
  return b! < 0 || c! < 0 ? Infinity : 0;
}

const CUTOFF: readonly Derived[] = [
  {
    name: "N_cutoff",
    unit: "parameters of the dense model beyond which routing does not help",
    reads: ["b", "c"],
    of: routingCutoff,
  },
];

/**
 * theta = (a, b, c, d): log10 L = a log10 N + b log10 E + c log10 N log10 E + d, where N are the parameters
 * of the dense model underneath and E the experts (or the amount of whatever feature is added). No floor in
 * N: right only near the runs.
 */
export const routedLaw = logLinear({
  name: "routed",
  formula: "log10 L(N, E) = a log10 N + b log10 E + c log10 N log10 E + d",
  source: "arXiv 2202.01169, equation 7",
  parameters: COEFFICIENTS,
  uses: ["n", "experts"],
  covariates: ({ n, experts = 1 }) => bilinear(Math.log10(n), Math.log10(experts)),
  derived: CUTOFF,
});

/** log10 of the effective experts and its slopes over theta[4] and theta[5]. */
function saturated(theta: Float64Array, logE: number): { logE: number; perStart: number; perRatio: number } {
  const start = Math.exp(theta[4]!);
  const beyond = Math.exp(theta[5]!);
  // 1 / E_start - 1 / E_max, with E_max = E_start (1 + beyond).
  const gap = beyond / (start * (1 + beyond));
  const most = 1 / (start * (1 + beyond));
  const reach = 10 ** logE - 1 + 1 / gap;
  const inverse = 1 / reach + most;
  // d(1 / reach) / d gap = 1 / (reach gap)^2; gap and most fall as 1 / start; d gap / d log beyond = gap / (1
  // + beyond).
  const perGap = 1 / (reach * gap) ** 2;
  const perStart = -gap * perGap - most;
  const perRatio = (gap / (1 + beyond)) * perGap - (most * beyond) / (1 + beyond);
  const scale = -1 / (inverse * Math.LN10);
  return { logE: -Math.log10(inverse), perStart: scale * perStart, perRatio: scale * perRatio };
}

/** The ratio's number is kept above 1 by theta[5] = log(ratio - 1). */
const SATURATIONS = [1, 2, 4].flatMap((start) => [20, 100, 1000].map((ratio) => [start, ratio] as const));

/**
 * theta = (a, b, c, d, log E_start, log(ratio - 1)), ratio = E_max / E_start. As `routed`, with the experts
 * counted as 1 / E' = 1 / (E - 1 + 1 / (1 / E_start - 1 / E_max)) + 1 / E_max: few are worth less than their
 * number, and many saturate.
 */
export const saturatingRoutedLaw: Law = {
  name: "routed-saturating",
  formula: "as routed, with E' for E: 1 / E' = 1 / (E - 1 + 1 / (1 / E_start - 1 / E_max)) + 1 / E_max",
  source: "arXiv 2202.01169, equation 1",
  parameters: SATURATING,
  uses: ["n", "experts"],
  covariates: ({ n, experts = 1 }) => Float64Array.of(Math.log10(n), Math.log10(experts)),
  logLoss(theta, x, gradient) {
    const { logE, perStart, perRatio } = saturated(theta, x[1]!);
    const value = routedLaw.logLoss(theta, bilinear(x[0]!, logE), gradient);
    const perLogE = Math.LN10 * (theta[1]! + theta[2]! * x[0]!);
    gradient[4] = perLogE * perStart;
    gradient[5] = perLogE * perRatio;
    return value;
  },
  ...scalesOf(SATURATING),
  starts: (runs) =>
    SATURATIONS.map(([start, ratio]) => {
      const shape = Float64Array.of(0, 0, 0, 0, Math.log(start), Math.log(ratio - 1));
      const worth = ({ experts = 1 }: Run) => 10 ** saturated(shape, Math.log10(experts)).logE;
      const [dense] = routedLaw.starts(runs.map((run) => ({ ...run, experts: worth(run) })));
      shape.set(dense!);
      return shape;
    }),
  derived: CUTOFF,
};
