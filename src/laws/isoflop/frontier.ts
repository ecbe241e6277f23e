/** @file Chinchilla's approach 1: the best run at each amount of compute, and a power law through them. */

import { UserError } from "../../errors.ts";
import { type Line, lineThrough } from "../../math/line.ts";
import { Random } from "../../math/random.ts";
import { significant } from "../../units/print.ts";
import type { RunTable, TableRun } from "../table/run-table.ts";
import { groupByBudget, indexOfBest } from "./budgets.ts";
import { type BudgetReport, type IsoflopOptions, type IsoflopReport, powerLawParameters } from "./isoflop.ts";

/** The best run at one amount of compute, between the next smaller and the next larger size tried. */
type Best = {
  readonly c: number;
  readonly n: number;
  readonly d: number;
  readonly loss: number;
  readonly numSizes: number;
  readonly smaller: number;
  readonly larger: number;
};

const LEAST_LEVELS = 3;
/** Places a decade of compute at which curves are compared. */
const LEVELS_PER_DECADE = 10;
/** Rows of one run from which on they are a curve that can be read between its points. */
const LEAST_CURVE = 4;

/** Fits approach 1 to training curves (rows of one run share its name) or to finished runs. */
export function fitFrontier(
  table: RunTable,
  { seed = 0, numDraws = 500 }: IsoflopOptions = {},
): IsoflopReport {
  const byRun = curvesOf(table.runs);
  const bests = frontierOf(byRun);
  if (bests.length < LEAST_LEVELS) {
    throw new UserError(
      `${table.source}: ${bests.length} amounts of compute at which the best run is neither the smallest ` +
        "nor the largest tried",
      `${LEAST_LEVELS} or more`,
      "add runs of other sizes at the same compute, or checkpoints along each run, named in a column",
    );
  }
  const random = new Random(seed, "laws.frontier");
  const lines: { readonly n: Line; readonly d: Line }[] = [];
  // Whole runs are drawn again: the points of one curve are not independent.
  for (let draw = 0; draw < numDraws; draw++) {
    const again = frontierOf(byRun.map(() => random.pick(byRun)));
    if (again.length >= LEAST_LEVELS && spans(again))
      lines.push({ n: lineOf(again, "n"), d: lineOf(again, "d") });
  }
  if (lines.length < numDraws / 2) {
    throw new UserError(
      `${table.source}: the best runs rest on single ones: only ${lines.length} of ${numDraws} drawings of ` +
        `the runs have a best size inside the range at ${LEAST_LEVELS} amounts of compute`,
      "at least half of the drawings, so that there is an interval",
      "add runs at more amounts of compute, or more sizes at each",
    );
  }
  const [lineN, lineD] = [lineOf(bests, "n"), lineOf(bests, "d")];
  return {
    law: "approach-1",
    formula: "N* = k C^a, D* = kD C^b",
    rows: table.runs.length,
    objective: bests.reduce(
      (sum, { c, n }) => sum + (Math.log(n) - lineN.intercept - lineN.slope * Math.log(c)) ** 2,
      0,
    ),
    shareAtOptimum: 1,
    parameters: {
      ...powerLawParameters("a", "k", { ...lineN, draws: lines.map(({ n }) => n) }),
      ...powerLawParameters("b", "kD", { ...lineD, draws: lines.map(({ d }) => d) }),
    },
    budgets: bests.map(reportOf),
    noisePercent: null,
    otherWays: [],
    outliers: [],
    setAside: table.setAside,
    warnings: [
      ...table.warnings,
      "the best of noisy runs is a lucky one, and a size is one of those tried: approach 2 is finer where " +
        "runs share budgets",
    ],
    conventions: table.conventions,
    draws: lines.map(({ n }) => n),
  };
}

function curvesOf(runs: readonly TableRun[]): readonly (readonly TableRun[])[] {
  const curves = Map.groupBy(runs, ({ run, n, seed }) => `${run}/${n}/${seed}`);
  return [...curves.values()].map((curve) => curve.sort((a, b) => a.c - b.c));
}

function frontierOf(curves: readonly (readonly TableRun[])[]): readonly Best[] {
  const long = curves.filter((curve) => curve.length >= LEAST_CURVE);
  const groups =
    long.length >= LEAST_LEVELS
      ? levelsOf(long)
      : groupByBudget(curves.flat()).map(({ sizes, ...budget }) => ({
          c: budget.c,
          sizes: sizes.map(({ logN, logLoss }) => ({
            logN,
            logLoss,
            logD: Math.log(budget.c / budget.flopsPerParameterToken) - logN,
          })),
        }));
  return groups.flatMap(({ c, sizes }): Best[] => {
    if (sizes.length < 3) return [];
    const best = indexOfBest(sizes.map((size) => ({ ...size, numRuns: 1 })));
    if (best === 0 || best === sizes.length - 1) return [];
    const { logN, logD, logLoss } = sizes[best]!;
    return [
      {
        c,
        n: Math.exp(logN),
        d: Math.exp(logD),
        loss: Math.exp(logLoss),
        numSizes: sizes.length,
        smaller: Math.exp(sizes[best - 1]!.logN),
        larger: Math.exp(sizes[best + 1]!.logN),
      },
    ];
  });
}

/** All curves read at common amounts of compute, straight between their points on log-log paper. */
function levelsOf(curves: readonly (readonly TableRun[])[]) {
  const from = Math.min(...curves.map((curve) => curve[0]!.c));
  const to = Math.max(...curves.map((curve) => curve.at(-1)!.c));
  const numLevels = Math.floor(LEVELS_PER_DECADE * Math.log10(to / from));
  return Array.from({ length: numLevels + 1 }, (_, i) => {
    const c = from * 10 ** (i / LEVELS_PER_DECADE);
    const read = curves
      .flatMap((curve) => readAt(curve, c))
      .sort((a, b) => a.logN - b.logN || a.logLoss - b.logLoss);
    // Of several runs of one size the best stands for it.
    return { c, sizes: read.filter(({ logN }, j) => j === 0 || logN !== read[j - 1]!.logN) };
  });
}

function readAt(curve: readonly TableRun[], c: number) {
  const next = curve.findIndex((point) => point.c >= c);
  if (next < 0 || (next === 0 && curve[0]!.c > c)) return [];
  const [left, right] = [curve[Math.max(0, next - 1)]!, curve[next]!];
  const share = right.c > left.c ? Math.log(c / left.c) / Math.log(right.c / left.c) : 0;
  const between = (a: number, b: number) => Math.log(a) + share * Math.log(b / a);
  return [
    { logN: Math.log(right.n), logD: between(left.d, right.d), logLoss: between(left.loss, right.loss) },
  ];
}

function spans(bests: readonly Best[]): boolean {
  return new Set(bests.map(({ c }) => c)).size > 1;
}

function lineOf(bests: readonly Best[], what: "n" | "d"): Line {
  return lineThrough(
    bests.map(({ c }) => Math.log(c)),
    bests.map((best) => Math.log(best[what])),
  );
}

/** The size lies between its neighbours, as far as this approach can tell. */
function reportOf({ c, n, d, loss, numSizes, smaller, larger }: Best): BudgetReport {
  return {
    c,
    numSizes,
    optimum: {
      n: { median: n, lo: smaller, hi: larger },
      d: { median: d, lo: (d * n) / larger, hi: (d * n) / smaller },
      loss: null,
    },
    flags: [`loss ${significant(loss, 4)}, the best of those tried`],
  };
}
