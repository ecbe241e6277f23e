/** @file Can this law be fitted to this table? Too few runs, no spread, losses that rise with compute. */

import { UserError } from "../../errors.ts";
import { hyperParameterLaw } from "../../law/formulas/power-laws.ts";
import type { Law } from "../../law/law.ts";
import { rankCorrelation } from "../../math/rank.ts";
import { fixed, formatList, formatNumber } from "../../units/print.ts";
import { confoundedParameters } from "./confounded.ts";
import type { RunTable, TableRun } from "./run-table.ts";

export type TableCheck =
  | { readonly decision: "refuse"; readonly refusal: UserError }
  | { readonly decision: "fit"; readonly warnings: readonly string[] };

/** Largest over smallest: no slope can be fitted below `least`, a weak one below `enough`. Assumptions. */
type Spread = {
  readonly what: string;
  readonly of: (run: TableRun) => number;
  readonly least: number;
  readonly enough: number;
};

const N: Spread = { what: "N", of: ({ n }) => n, least: 1.5, enough: 4 };
const D: Spread = { what: "D", of: ({ d }) => d, least: 1.5, enough: 4 };
const RATIO: Spread = { what: "D/N", of: ({ d, n }) => d / n, least: 1.3, enough: 2 };
const C: Spread = { what: "C", of: ({ c }) => c, least: 2, enough: 10 };
const EXPERTS: Spread = {
  what: "the number of experts",
  of: ({ experts }) => experts ?? 1,
  least: 1.5,
  enough: 4,
};

/** A loss this much above that of a run smaller in everything is named. Seeds differ by some 0.3 %. */
const WORSE = 1.02;
/** Rank correlation of loss and compute above which no law describes the table. An assumption. */
const RISING = 0.3;

/** Checks a table for a law, and says what to add where it will not do. */
export function checkTable({ source, runs }: RunTable, law: Law): TableCheck {
  const warnings: string[] = [];
  const refusal =
    tooFew(source, runs, law) ??
    sameLoss(source, runs) ??
    rising(source, runs, law) ??
    noSpread(source, runs, law, warnings);
  if (refusal) return { decision: "refuse", refusal };
  if (law.name !== hyperParameterLaw.name) warnings.push(...worseThanSmaller(runs));
  return { decision: "fit", warnings };
}

/** One design more than parameters: with as many, every fit is perfect and there is no interval. */
function tooFew(source: string, runs: readonly TableRun[], law: Law): UserError | null {
  const distinct = new Set(runs.map((run) => law.covariates(run).join())).size;
  const needed = law.parameters.length + 1;
  if (distinct >= needed) return null;
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  return new UserError(
    `${source}: ${count(runs.length, "run")} of ${count(distinct, "design")} for the ` +
      `${law.parameters.length} parameters of ${law.formula}`,
    `at least ${needed} designs, one more than parameters`,
    `add ${count(needed - distinct, "run")} of other sizes, or choose a law with fewer parameters`,
  );
}

/** Losses closer than this, relative, are one number: seeds differ by 0.1 % and more. */
const SAME_LOSS = 1e-6;

function sameLoss(source: string, runs: readonly TableRun[]): UserError | null {
  const losses = runs.map(({ loss }) => loss);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  if (high / low > 1 + SAME_LOSS) return null;
  return new UserError(
    `${source}: every one of ${runs.length} runs has the loss ${formatNumber(low)}`,
    "losses that fall as N, D or C grow",
    "check which column is the loss, or name it with --columns loss=...",
  );
}

function noSpread(source: string, runs: readonly TableRun[], law: Law, warnings: string[]): UserError | null {
  const uses = (quantity: Law["uses"][number]) => law.uses.includes(quantity);
  const spreads = [
    ...(uses("n") ? [N] : []),
    ...(uses("d") ? [D] : []),
    ...(uses("n") && uses("d") ? [RATIO] : []),
    ...(uses("c") ? [C] : []),
    ...(uses("experts") ? [EXPERTS] : []),
  ];
  for (const spread of spreads) {
    const values = runs.map(spread.of);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    if (high / low < spread.least) return flat(source, runs, law, spread, [low, high]);
    if (high / low < spread.enough) {
      const span = `${spread.what} spans only a factor of ${fixed(high / low, 1)}`;
      warnings.push(`${span}: what depends on it is poorly determined; ${toAdd(spread, low, high)}`);
    }
  }
  if (uses("unique") && runs.every(({ d, unique }) => unique === undefined || d <= unique * 1.01)) {
    return new UserError(
      `${source}: no run sees its data more than once`,
      "runs with fewer distinct tokens than tokens, for a law of repeated data",
      "name the column of distinct tokens with --columns unique=..., or choose the law chinchilla",
    );
  }
  return null;
}

function flat(
  source: string,
  runs: readonly TableRun[],
  law: Law,
  spread: Spread,
  [low, high]: readonly [number, number],
): UserError {
  const names = confoundedParameters(law, runs);
  const confounded = names.length > 1 ? `: ${names.join(", ")} cannot be told apart` : "";
  const range =
    high > low
      ? `between ${formatNumber(low)} and ${formatNumber(high)}`
      : `${formatNumber(low)} in every run`;
  return new UserError(
    `${source}: ${spread.what} is ${range}${confounded}`,
    `${spread.what} over a factor of ${spread.enough} or more, for ${law.formula}`,
    toAdd(spread, low, high),
  );
}

function toAdd(spread: Spread, low: number, high: number): string {
  const middle = Math.sqrt(low * high);
  const least = spread === EXPERTS ? 1 : 0;
  const ends = [Math.max(least, middle / spread.enough), middle * spread.enough];
  const at = ends.map(formatNumber).join(" and at ");
  if (spread === RATIO) return `add runs at D/N near ${at}, at two sizes or more; or choose the law compute`;
  return `add runs with ${spread.what} near ${at}`;
}

/** Rank correlation, since it asks nothing of the law's form. One budget alone says nothing of compute. */
function rising(source: string, runs: readonly TableRun[], law: Law): UserError | null {
  const compute = runs.map(({ c }) => c);
  const spans = Math.max(...compute) / Math.min(...compute) > 1.2;
  if (law.name === hyperParameterLaw.name || runs.length < 4 || !spans) return null;
  const correlation = rankCorrelation(
    compute,
    runs.map(({ loss }) => loss),
  );
  if (correlation < RISING) return null;
  const most = runs.toSorted((a, b) => b.loss - a.loss).slice(0, 3);
  const named = most.map(({ run, c, loss }) => `${run} (C ${formatNumber(c)}, loss ${formatNumber(loss)})`);
  const evidence = `rank correlation ${fixed(correlation, 2)} over ${runs.length} runs`;
  return new UserError(
    `${source}: the loss rises with compute (${evidence}), most of all ${named.join(", ")}`,
    "losses that fall as compute grows",
    "check which column is the loss (an accuracy rises), the units of N and D, and whether these runs " +
      "diverged or repeat their data",
  );
}

/** Runs with no less of anything, and more of something, that did worse all the same. */
function worseThanSmaller(runs: readonly TableRun[]): readonly string[] {
  const smaller = (a: TableRun, b: TableRun) =>
    a.n <= b.n &&
    a.d <= b.d &&
    (a.unique ?? a.d) <= (b.unique ?? b.d) &&
    (a.experts ?? 1) <= (b.experts ?? 1) &&
    (a.n < b.n || a.d < b.d);
  const worse = runs.flatMap((run) => {
    const better = runs.find((other) => smaller(other, run) && run.loss > WORSE * other.loss);
    return better
      ? [`${run.run} (${formatNumber(run.loss)}, while ${better.run} has ${formatNumber(better.loss)})`]
      : [];
  });
  if (worse.length === 0) return [];
  const what = "did worse than a run with no more parameters and tokens";
  return [`${worse.length} of ${runs.length} runs ${what}: ${formatList(worse, 4)}`];
}
