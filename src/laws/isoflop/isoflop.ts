/** @file Chinchilla's approach 2: the best size at each compute budget, and power laws through them. */

import { UserError } from "../../errors.ts";
import { type Interval, intervalAround, intervalOfDraws, mapInterval } from "../../math/interval.ts";
import { lineThrough } from "../../math/line.ts";
import { Random } from "../../math/random.ts";
import { standardDeviation } from "../../math/statistics.ts";
import { fixed, formatFlops } from "../../units/print.ts";
import type { RunTable } from "../table/run-table.ts";
import { type ComputeBudget, groupByBudget } from "./budgets.ts";
import { findOptima, type NoOptimum, type Optima, type Optimum } from "./optimum.ts";
import { akimaMinimum, parabolaMinimum } from "./other-minima.ts";
import { fitLine, type LineFit } from "./power-law.ts";

/** A number of that power law. */
export type IsoflopParameter = Interval & {
  readonly standardError: number;
  readonly identified: boolean;
};

/** The optimum at one budget, or why there is none. */
export type BudgetReport = {
  readonly c: number;
  readonly numSizes: number;
  readonly optimum: {
    readonly n: Interval;
    readonly d: Interval;
    readonly loss: Interval | null;
  } | null;
  /** What is odd about it; of a budget without an optimum, the reason. */
  readonly flags: readonly string[];
};

/** The power law through the best sizes of compute budgets. */
export type IsoflopReport = {
  readonly law: "approach-1" | "approach-2";
  readonly formula: string;
  readonly rows: number;
  /** Weighted sum of squares of log N* about the line. */
  readonly objective: number;
  /** The line is found in closed form: there is nothing to start from. */
  readonly shareAtOptimum: 1;
  /** a and b: exponents of N* and D*; k and kD: their values at C = 1. 90 % intervals. */
  readonly parameters: Readonly<Record<"a" | "k" | "b" | "kD", IsoflopParameter>>;
  readonly budgets: readonly BudgetReport[];
  /** One run's seed noise as the curves show it, percent of the loss; null where no curve was drawn. */
  readonly noisePercent: number | null;
  /** The exponent a as other ways of reading the same minima give it: how much rests on the way. */
  readonly otherWays: readonly { readonly way: string; readonly a: number; readonly numBudgets: number }[];
  readonly outliers: readonly { readonly run: string; readonly reason: string }[];
  readonly setAside: RunTable["setAside"];
  readonly warnings: readonly string[];
  readonly conventions: RunTable["conventions"];
  /** Lines that could be, (log k, a) of N*: for forecasts of N* with an interval. */
  readonly draws: readonly { readonly intercept: number; readonly slope: number }[];
};

/** The seed of the draws, and their number. */
export type IsoflopOptions = { readonly seed?: number; readonly numDraws?: number };

/** With two budgets a line is perfect, and there is no interval. */
const LEAST_BUDGETS = 3;

/** Fits approach 2. Throws a `UserError` where fewer than three budgets have an interior minimum. */
export function fitIsoflops(
  table: RunTable,
  { seed = 0, numDraws = 500 }: IsoflopOptions = {},
): IsoflopReport {
  const budgets = groupByBudget(table.runs);
  const optima = findOptima(budgets, { seed, numDraws });
  if (optima.found.length < LEAST_BUDGETS) throw tooFewBudgets(table, budgets, optima);
  const random = new Random(seed, "laws.isoflop");
  const line = (size: (budget: ComputeBudget, logN: number) => number) =>
    fitLine(
      optima.found.map(({ budget, logN, deviation, draws }) => ({
        x: Math.log(budget.c),
        y: size(budget, logN),
        deviation,
        draws: draws.map((draw) => size(budget, draw)),
      })),
      random,
      numDraws,
    );
  const lineN = line((_, logN) => logN);
  // D* = C / (k N*), with the k of the budget's own runs: 6 by the usual rule.
  const lineD = line(logTokens);
  return {
    law: "approach-2",
    formula: "N* = k C^a, D* = kD C^b",
    rows: table.runs.length,
    objective: misfit(optima.found, lineN),
    shareAtOptimum: 1,
    parameters: { ...powerLawParameters("a", "k", lineN), ...powerLawParameters("b", "kD", lineD) },
    budgets: budgets.map((budget) => reportOf(budget, optima)),
    noisePercent: 100 * optima.smoothness.noise,
    otherWays: otherWays(budgets),
    outliers: optima.refused.map(({ budget, reason }) => ({
      run: `budget ${formatFlops(budget.c)}`,
      reason,
    })),
    setAside: table.setAside,
    warnings: [...table.warnings, ...warningsOf(optima, lineN)],
    conventions: table.conventions,
    draws: lineN.draws,
  };
}

/** log D at a budget's size. */
function logTokens({ c, flopsPerParameterToken }: ComputeBudget, logN: number): number {
  return Math.log(c / flopsPerParameterToken) - logN;
}

function misfit(found: readonly Optimum[], { intercept, slope, excess }: LineFit): number {
  return found.reduce((sum, { budget, logN, deviation }) => {
    const off = logN - intercept - slope * Math.log(budget.c);
    return sum + off ** 2 / (deviation ** 2 + excess ** 2);
  }, 0);
}

/** A slope and a factor with their intervals, from the lines that could be. */
export function powerLawParameters<Exponent extends string, Factor extends string>(
  exponent: Exponent,
  factor: Factor,
  { slope, intercept, draws }: Pick<LineFit, "slope" | "intercept" | "draws">,
): Readonly<Record<Exponent | Factor, IsoflopParameter>> {
  const of = (value: number, values: readonly number[]): IsoflopParameter => ({
    ...intervalAround(value, values),
    standardError: standardDeviation(values),
    identified: true,
  });
  return {
    [exponent]: of(
      slope,
      draws.map((line) => line.slope),
    ),
    [factor]: of(
      Math.exp(intercept),
      draws.map((line) => Math.exp(line.intercept)),
    ),
  } as Readonly<Record<Exponent | Factor, IsoflopParameter>>;
}

function reportOf(budget: ComputeBudget, { found, refused }: Optima): BudgetReport {
  const about = { c: budget.c, numSizes: budget.sizes.length };
  const optimum = found.find((candidate) => candidate.budget === budget);
  if (!optimum) {
    const reason = refused.find((candidate) => candidate.budget === budget)!.reason;
    return { ...about, optimum: null, flags: [reason, ...budget.flags] };
  }
  const logN = { ...intervalOfDraws(optimum.draws), median: optimum.logN };
  return {
    ...about,
    optimum: {
      n: mapInterval(logN, Math.exp),
      d: mapInterval(logN, (size) => Math.exp(logTokens(budget, size))),
      loss: optimum.loss,
    },
    flags: optimum.flags,
  };
}

/** The parabola through all sizes, of Hoffmann et al. 2022; Akima's interpolation, of Porian et al. 2024. */
function otherWays(budgets: readonly ComputeBudget[]): IsoflopReport["otherWays"] {
  const ways = { "parabola through all sizes": parabolaMinimum, "Akima interpolation": akimaMinimum };
  return Object.entries(ways).flatMap(([way, minimum]) => {
    const points = budgets.flatMap(({ c, sizes }) => {
      const logN = sizes.length >= 4 ? minimum(sizes) : null;
      return logN === null ? [] : [{ x: Math.log(c), y: logN }];
    });
    if (points.length < LEAST_BUDGETS) return [];
    const { slope } = lineThrough(
      points.map(({ x }) => x),
      points.map(({ y }) => y),
    );
    return [{ way, a: slope, numBudgets: points.length }];
  });
}

function warningsOf({ found, refused }: Optima, { excess }: LineFit): readonly string[] {
  const warnings: string[] = [];
  if (refused.length > 0)
    warnings.push(`${refused.length} budgets have no optimum and are left out: see the table of budgets`);
  const span = found.at(-1)!.budget.c / found[0]!.budget.c;
  if (span < 10)
    warnings.push(
      `the budgets span only a factor of ${fixed(span, 1)} of compute: the exponents are poorly determined`,
    );
  if (excess > 0.1) {
    warnings.push(
      `the optima scatter about the line by ${Math.round(100 * excess)} % of N beyond what the losses ` +
        "explain: N* may be no power law over these budgets",
    );
  }
  return warnings;
}

function tooFewBudgets(
  table: RunTable,
  budgets: readonly ComputeBudget[],
  { found, refused }: Optima,
): UserError {
  const reasons = refused
    .slice(0, 4)
    .map(({ budget, reason }: NoOptimum) => `${formatFlops(budget.c)}: ${reason}`);
  const have = `${found.length} of ${budgets.length} budgets have an interior minimum`;
  return new UserError(
    `${table.source}: ${have} (${reasons.join("; ")})`,
    `${LEAST_BUDGETS} budgets or more, each tried at 4 sizes or more on both sides of the best`,
    "add sizes at the budgets there are, or fit --law chinchilla, which needs no budgets",
  );
}
