/** @file Can this law be fitted to this table at all? Too few runs, no spread, losses that rise with compute: said before a fit. */

import { UserError } from "../../errors.ts";
import { hyperParameterLaw } from "../../law/formulas/hyper-parameter.ts";
import type { Law } from "../../law/law.ts";
import { confoundedParameters } from "./confounded.ts";
import { rankCorrelation } from "./rank.ts";
import { short } from "./short.ts";
import type { RunTable, TableRun } from "./table.ts";

export type TableCheck =
  | { readonly decision: "refuse"; readonly refusal: UserError }
  | { readonly decision: "fit"; readonly warnings: readonly string[] };

/** Largest over smallest: below `least` there is nothing to fit a slope to, below `enough` it is a weak one. Assumptions. */
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

/** A loss that is higher, by this factor, than that of a run smaller in everything is told. Seeds differ by some 0.3 %. */
const WORSE = 1.02;
/** Rank correlation of loss and compute from which on no law of learning describes the table. An assumption. */
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

/** One run more than parameters: with none to spare every fit is perfect, and no interval can be told. */
function tooFew(source: string, runs: readonly TableRun[], law: Law): UserError | null {
  const distinct = new Set(runs.map((run) => law.covariates(run).join())).size;
  const needed = law.parameters.length + 1;
  if (distinct >= needed) return null;
  return new UserError(
    `${source}: ${count(runs.length, "run")} of ${count(distinct, "design")} for the ${law.parameters.length} parameters of ${law.formula}`,
    `at least ${needed} designs, one more than parameters`,
    `add ${count(needed - distinct, "run")} of other sizes, or choose a law with fewer parameters`,
  );
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;

/** Losses closer than this, relative, are the same number: a table has three to six digits, and seeds differ by 0.1 % and more. */
const SAME_LOSS = 1e-6;

function sameLoss(source: string, runs: readonly TableRun[]): UserError | null {
  const losses = runs.map(({ loss }) => loss);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  if (high / low > 1 + SAME_LOSS) return null;
  return new UserError(
    `${source}: every one of ${runs.length} runs has the loss ${short(low)}`,
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
    if (high / low < spread.least) return flat(source, runs, law, spread, low, high);
    if (high / low < spread.enough) {
      warnings.push(
        `${spread.what} spans only a factor of ${(high / low).toFixed(1)}: what depends on it is told apart poorly; ${toAdd(spread, low, high)}`,
      );
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
  low: number,
  high: number,
): UserError {
  const names = confoundedParameters(law, runs);
  const told = names.length > 1 ? `: ${names.join(", ")} cannot be told apart` : "";
  const range = high > low ? `between ${short(low)} and ${short(high)}` : `${short(low)} in every run`;
  return new UserError(
    `${source}: ${spread.what} is ${range}${told}`,
    `${spread.what} over a factor of ${spread.enough} or more, for ${law.formula}`,
    toAdd(spread, low, high),
  );
}

function toAdd(spread: Spread, low: number, high: number): string {
  const middle = Math.sqrt(low * high);
  const least = spread === EXPERTS ? 1 : 0;
  const at = `${short(Math.max(least, middle / spread.enough))} and at ${short(middle * spread.enough)}`;
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
  const named = most.map(({ run, c, loss }) => `${run} (C ${short(c)}, loss ${short(loss)})`).join(", ");
  return new UserError(
    `${source}: the loss rises with compute (rank correlation ${correlation.toFixed(2)} over ${runs.length} runs), most of all ${named}`,
    "losses that fall as compute grows",
    "check which column is the loss (an accuracy rises), the units of N and D, and whether these runs diverged or repeat their data",
  );
}

/** Runs with no less of anything, and more of something, that did worse all the same: badly tuned, diverged, or mixed up. */
function worseThanSmaller(runs: readonly TableRun[]): readonly string[] {
  const smaller = (a: TableRun, b: TableRun) =>
    a.n <= b.n &&
    a.d <= b.d &&
    (a.unique ?? a.d) <= (b.unique ?? b.d) &&
    (a.experts ?? 1) <= (b.experts ?? 1) &&
    (a.n < b.n || a.d < b.d);
  const worse = runs.flatMap((run) => {
    const better = runs.find((other) => smaller(other, run) && run.loss > WORSE * other.loss);
    return better ? [`${run.run} (${short(run.loss)}, while ${better.run} has ${short(better.loss)})`] : [];
  });
  if (worse.length === 0) return [];
  const more = worse.length > 4 ? `, and ${worse.length - 4} more` : "";
  return [
    `${worse.length} of ${runs.length} runs did worse than a run with no more parameters and tokens: ${worse.slice(0, 4).join(", ")}${more}`,
  ];
}
