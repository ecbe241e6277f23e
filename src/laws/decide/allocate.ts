/** @file Where to put a budget: the optimal size and tokens, how flat it is, what another choice costs. */

import { estimates } from "../../law/estimate.ts";
import { checkOptimum, flatRange, optimumOn, pointOf, type SplitLoss } from "../../law/optimum.ts";
import { logPairsOf, surfacesOf } from "../../law/scaling-law.ts";
import type { Interval } from "../../math/interval.ts";
import { type DataLimit, dataLimitOf } from "./allocate-data.ts";
import { type Choice, choiceOf, type Serving, servingOf } from "./allocate-variants.ts";
import { type FittedLaw, wanderAt } from "./fitted.ts";

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
  readonly flopsPerPair: number;
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
export function allocate(fitted: FittedLaw, question: Question): Allocation {
  const { law, flopsPerPair, largestCompute } = fitted;
  const { best, draws } = surfacesOf(fitted);
  checkOptimum(best, logPairsOf(fitted, question.compute), law.formula);
  const budgets = BUDGETS.map((times) => budgetPoint(fitted, best, draws, times * question.compute));
  const answer = {
    law: law.name,
    compute: question.compute,
    reach: question.compute / largestCompute,
    flopsPerPair,
    optimum: budgets[0]!,
    budgets,
    exponents: estimates(
      exponentsAt(best, logPairsOf(fitted, question.compute)),
      draws.map((surface) => exponentsAt(surface, logPairsOf(fitted, question.compute))),
    ),
    flat: flatRanges(fitted, best, draws, question.compute),
    choice: question.params === undefined ? null : choiceOf(fitted, question.compute, question.params),
    serving:
      question.servedTokens === undefined ? null : servingOf(fitted, question.compute, question.servedTokens),
    data:
      question.uniqueTokens === undefined
        ? null
        : dataLimitOf(fitted, question.compute, question.uniqueTokens),
  };
  return { ...answer, warnings: warningsOf(fitted, answer) };
}

/** The optimum of a budget with its intervals. */
export function budgetPoint(
  fitted: FittedLaw,
  best: SplitLoss,
  draws: readonly SplitLoss[],
  compute: number,
): BudgetPoint {
  const logPairs = logPairsOf(fitted, compute);
  const all = draws.map((surface) => pointOf(surface, logPairs));
  return { compute, ...estimates(pointOf(best, logPairs), all, wanderAt(fitted, compute)) };
}

/** d log N* / d log C and d log D* / d log C, over a factor of e to both sides. */
export function exponentsAt(
  surface: SplitLoss,
  logPairs: number,
): { readonly n: number; readonly d: number } {
  const [below, above] = [optimumOn(surface, logPairs - 1), optimumOn(surface, logPairs + 1)];
  if (!below.interior || !above.interior) return { n: Number.NaN, d: Number.NaN };
  return { n: (above.logN - below.logN) / 2, d: (above.logD - below.logD) / 2 };
}

function flatRanges(fitted: FittedLaw, best: SplitLoss, draws: readonly SplitLoss[], compute: number) {
  const logPairs = logPairsOf(fitted, compute);
  return FLAT_PERCENTS.map((lossPercent) => {
    const ends = (surface: SplitLoss) => {
      const [lo, hi] = flatRange(surface, logPairs, lossPercent / 100);
      return { lo: lo === null ? 0 : Math.exp(lo), hi: hi === null ? Infinity : Math.exp(hi) };
    };
    const extra = wanderAt(fitted, compute).n;
    return { lossPercent, n: estimates(ends(best), draws.map(ends), { lo: extra, hi: extra }) };
  });
}

const isCertain = ({ lo, hi }: Interval) => hi - lo < 1e-6;

/** 0.6 % on a table that a Chinchilla law describes (Epoch's), 5 % and more on those that it does not. */
const MOST_MISSED_PERCENT = 3;

/** Fitted floors of public tables are 50 to 90 % of the best loss, 0 where the law does not hold. */
const LEAST_FLOOR = 0.2;

/** The law's loss with parameters and tokens without end, over its optimum at the table's largest compute. */
function floorShare(fitted: FittedLaw): number {
  const { best } = surfacesOf(fitted);
  const endless = Math.log(1e100);
  return Math.exp(
    best(endless, endless) - optimumOn(best, logPairsOf(fitted, fitted.largestCompute)).logLoss,
  );
}

function warningsOf(fitted: FittedLaw, answer: Omit<Allocation, "warnings">): string[] {
  const warnings = [...fitted.warnings];
  const { reach, optimum } = answer;
  if (reach > 1) {
    warnings.push(
      `the budget is ${reach.toPrecision(3)} times the table's largest compute: N and D are extrapolated${reach > 100 ? ", further than any back-test here reaches" : ""}`,
    );
  }
  if (fitted.wander === null) {
    warnings.push(
      "the law came from a file without its runs: how far its optima wander is not known, so beyond them the intervals are too narrow",
    );
  }
  if (isCertain(answer.exponents.n) && !isCertain(optimum.loss)) {
    warnings.push(
      `the law fixes the exponent of N* at ${answer.exponents.n.median.toFixed(3)}: the intervals take that for certain`,
    );
  }
  const missed = 100 * Math.sqrt(fitted.wander?.logLoss ?? 0);
  if (missed > MOST_MISSED_PERCENT) {
    warnings.push(
      `the law does not hold across this table: fitted to its smaller runs it missed the best loss at its largest compute by ${missed.toFixed(1)} % a root decade; trust \`longrun laws forecast\` for the loss`,
    );
  }
  if (reach > 1 && floorShare(fitted) < LEAST_FLOOR) {
    warnings.push(
      "the fitted law has next to no floor, which text has: beyond the table its losses are far too low, and its optimum with them; trust `longrun laws forecast` for the loss",
    );
  }
  const ratio = optimum.tokensPerParameter.median;
  if (fitted.ratios && (ratio < fitted.ratios[0] || ratio > fitted.ratios[1])) {
    warnings.push(
      `the optimal D / N, ${ratio.toPrecision(3)}, lies outside the table's ${fitted.ratios[0].toPrecision(3)} to ${fitted.ratios[1].toPrecision(3)}: add runs near it`,
    );
  }
  if (optimum.n.lo === null || optimum.n.hi === null) {
    warnings.push(
      "some fits that the data could as well have given have no optimum: an end of the interval is unbounded",
    );
  }
  return warnings;
}
