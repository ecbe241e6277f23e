/** @file Where to put a budget: the optimal size and tokens, how flat it is, what another choice costs. */

import { UserError } from "../../errors.ts";
import { checkOptimum, flatRange, type LossOverND, optimumOn, pointOf } from "../../law/optimum.ts";
import { checkReach, logNDOf, type ScalingLaw, surfacesOf, widthWarnings } from "../../law/scaling-law.ts";
import { type Interval, intervalsAround } from "../../math/interval.ts";
import { fixed, significant } from "../../units/print.ts";
import { TESTED_REACH } from "../forecast/forecast.ts";
import { type DataLimit, dataLimitOf } from "./allocate-data.ts";
import { type Choice, choiceOf, type Serving, servingOf } from "./allocate-variants.ts";

/** A budget, and what else bears on how to spend it. */
export type Question = {
  /** Training FLOPs. */
  readonly compute: number;
  /** A size in mind, to be compared with the optimum. */
  readonly params?: number;
  /** Distinct tokens on hand. */
  readonly uniqueTokens?: number;
  /** Tokens that the model will read and write in service. */
  readonly servedTokens?: number;
};

/** The optimum for one budget. */
export type BudgetPoint = {
  readonly compute: number;
  readonly n: Interval;
  readonly d: Interval;
  readonly tokensPerParameter: Interval;
  readonly loss: Interval;
};

/** Where a budget goes, how flat the optimum is, and what other choices cost. */
export type Allocation = {
  readonly law: string;
  readonly compute: number;
  /** Compute over the table's largest. */
  readonly reach: number;
  readonly flopsPerParameterToken: number;
  readonly optimum: BudgetPoint;
  /** 1, 10 and 100 times the budget. */
  readonly budgets: readonly BudgetPoint[];
  /** N* ~ C^n and D* ~ C^d, at the budget. */
  readonly exponents: { readonly n: Interval; readonly d: Interval };
  /** Sizes whose loss on the same budget is at most this much above the optimum's. */
  readonly flat: readonly { readonly lossPercent: number; readonly n: { lo: Interval; hi: Interval } }[];
  readonly choice: Choice | null;
  readonly serving: Serving | null;
  readonly data: DataLimit | null;
  readonly warnings: readonly string[];
};

const FLAT_PERCENTS = [0.1, 1];
const BUDGETS = [1, 10, 100];

/** Answers the question. Throws a `UserError` where the law has no optimum between size and tokens. */
export function allocate(law: ScalingLaw, question: Question): Allocation {
  const { compute, params, servedTokens, uniqueTokens } = question;
  checkReach(law, compute);
  const reach = compute / largestComputeOf(law);
  const { best, draws } = surfacesOf(law);
  checkOptimum(best, logNDOf(law, compute), law.formula);
  const budgets = BUDGETS.map((times) => budgetPoint(law, best, draws, times * compute));
  const exponents = (surface: LossOverND) => exponentsAt(surface, logNDOf(law, compute));
  const answer = {
    law: law.name,
    compute,
    reach,
    flopsPerParameterToken: law.flopsPerParameterToken,
    optimum: budgets[0]!,
    budgets,
    exponents: intervalsAround(exponents(best), draws.map(exponents)),
    flat: flatRanges(law, best, draws, compute),
    choice: params === undefined ? null : choiceOf(law, compute, params),
    serving: servedTokens === undefined ? null : servingOf(law, compute, servedTokens),
    data: uniqueTokens === undefined ? null : dataLimitOf(law, compute, uniqueTokens),
  };
  return { ...answer, warnings: warningsOf(law, answer) };
}

function largestComputeOf({ largestCompute }: ScalingLaw): number {
  if (largestCompute !== null) return largestCompute;
  throw new UserError(
    "a saved law whose runs had no compute",
    "one fitted to runs with N, D and FLOPs",
    "fit it to such a table, or give that table here",
  );
}

/** The optimum of a budget with its intervals. */
export function budgetPoint(
  law: ScalingLaw,
  best: LossOverND,
  draws: readonly LossOverND[],
  compute: number,
): BudgetPoint {
  const at = (surface: LossOverND) => pointOf(surface, logNDOf(law, compute));
  const point = at(best);
  const loss = law.lossAt({ n: point.n, d: point.d, c: compute });
  return { compute, ...intervalsAround(point, draws.map(at)), loss };
}

/** d log N* / d log C and d log D* / d log C, over a factor of e to both sides. */
export function exponentsAt(surface: LossOverND, logND: number): { readonly n: number; readonly d: number } {
  const [below, above] = [optimumOn(surface, logND - 1), optimumOn(surface, logND + 1)];
  if (!below.interior || !above.interior) return { n: Number.NaN, d: Number.NaN };
  return { n: (above.logN - below.logN) / 2, d: (above.logD - below.logD) / 2 };
}

function flatRanges(law: ScalingLaw, best: LossOverND, draws: readonly LossOverND[], compute: number) {
  const logND = logNDOf(law, compute);
  return FLAT_PERCENTS.map((lossPercent) => {
    const ends = (surface: LossOverND) => {
      const [lo, hi] = flatRange(surface, logND, lossPercent / 100);
      return { lo: lo === null ? 0 : Math.exp(lo), hi: hi === null ? Infinity : Math.exp(hi) };
    };
    return { lossPercent, n: intervalsAround(ends(best), draws.map(ends)) };
  });
}

const isCertain = ({ lo, hi }: Interval) => hi - lo < 1e-6;

/** Fitted floors of public tables are 50 to 90 % of the best loss, 0 where the law does not hold. */
const LEAST_FLOOR = 0.2;

/** The law's loss with parameters and tokens without end, over its optimum at the table's largest compute. */
function floorShare(law: ScalingLaw, largestCompute: number): number {
  const best = law.best();
  const endless = Math.log(1e100);
  return Math.exp(best(endless, endless) - optimumOn(best, logNDOf(law, largestCompute)).logLoss);
}

function warningsOf(law: ScalingLaw, answer: Omit<Allocation, "warnings">): string[] {
  const warnings: string[] = [];
  const { compute, reach, optimum } = answer;
  if (reach > 1) {
    warnings.push(
      `the budget is ${significant(reach, 3)} times the table's largest compute: N and D are extrapolated${reach > TESTED_REACH ? ", further than any back-test here reaches" : ""}`,
    );
  }
  if (!law.isCalibrated) {
    warnings.push(
      `these are the answers of ${law.formula} alone, by scatter of the runs alone: no back-test has tried the intervals`,
    );
  }
  if (isCertain(answer.exponents.n) && !isCertain(optimum.loss)) {
    warnings.push(
      `the law fixes the exponent of N* at ${fixed(answer.exponents.n.median, 3)}: the intervals take that for certain`,
    );
  }
  if (reach > 1 && !law.isCalibrated && floorShare(law, compute / reach) < LEAST_FLOOR) {
    warnings.push(
      "the fitted law has next to no floor, which text has: beyond the table its losses are far too low, and its optimum with them; trust `longrun laws forecast` for the loss",
    );
  }
  const ratio = optimum.tokensPerParameter.median;
  if (law.ratios && (ratio < law.ratios[0] || ratio > law.ratios[1])) {
    warnings.push(
      `the optimal D / N, ${significant(ratio, 3)}, lies outside the table's ${significant(law.ratios[0], 3)} to ${significant(law.ratios[1], 3)}: add runs near it`,
    );
  }
  if (!Number.isFinite(optimum.n.lo) || !Number.isFinite(optimum.n.hi)) {
    warnings.push(
      "some laws that the data could as well have come from have no optimum: an end of the interval is unbounded",
    );
  }
  return [...warnings, ...widthWarnings(answer.budgets)];
}
