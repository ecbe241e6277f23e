/** @file Which designs of two ladders are compared, by seed or by design; refusals where none can be. */

import { UserError } from "../../../errors.ts";
import type { Design } from "../../../law/law.ts";
import { mean } from "../../../math/statistics.ts";
import { formatFlops } from "../../../units/print.ts";
import type { TableRun } from "../../table/run-table.ts";

/** Runs of one design, with the log loss of each. */
export type DesignRuns = Design & {
  /** A name all its runs share, or null: a line number is no name. */
  readonly name: string | null;
  readonly runs: readonly TableRun[];
  readonly logLosses: readonly number[];
};

/** Base and feature at (nearly) one design. */
export type Comparison = {
  readonly base: DesignRuns;
  readonly feature: DesignRuns;
  readonly kind: "pairs" | "means";
  readonly numPairs: number;
  /** Mean log loss with the change less that without it; their designs may still differ. */
  readonly value: number;
  /** Variance of `value` in units of that of one pair's difference. */
  readonly noiseFactor: number;
  /** Sum of squares that estimates that variance, and its degrees of freedom. */
  readonly scatter: number;
  readonly degreesOfFreedom: number;
};

/** Runs count as one design within half a percent in each of N, D and C (batches round the tokens). */
const SAME_DESIGN = 0.005;
/** A change may add parameters or FLOPs: designs are compared within 10 %, by name within a factor of 2. */
const NEAR_DESIGN = 0.1;
const NAMED_DESIGN = Math.log(2);
/** Designs within a tenth of one another in compute make one scale. */
export const SCALE_GAP = Math.log10(1.1);
/** Fewest scales: with two, trend and noise cannot be told apart. */
export const MIN_SCALES = 3;
/** Of several designs at one compute, those further than this above the best loss would not be chosen. */
const NEAR_BEST = Math.log(1.1);
/** The base's law stands in up to 25 % beyond the base's own runs. */
const LAW_MARGIN = Math.log(1.25);

const KEYS = ["n", "d", "c"] as const;

/** Largest of |log ratio| over N, D and C; what a table does not have does not count. */
export function designGap(a: Design, b: Design): number {
  const gaps = KEYS.map((key) => Math.abs(Math.log(a[key] / b[key])));
  return Math.max(0, ...gaps.filter(Number.isFinite));
}

/** Runs by design, smallest compute first. */
export function byDesign(runs: readonly TableRun[]): readonly DesignRuns[] {
  const designs: TableRun[][] = [];
  for (const run of [...runs].sort((a, b) => a.c - b.c)) {
    const own = designs.find((other) => designGap(other[0]!, run) < SAME_DESIGN);
    if (own) own.push(run);
    else designs.push([run]);
  }
  return designs.map((own): DesignRuns => {
    const { n, d, c, run } = own[0]!;
    const named = !/^(line|row) \d+$/.test(run) && own.every((other) => other.run === run);
    return { n, d, c, name: named ? run : null, runs: own, logLosses: own.map(({ loss }) => Math.log(loss)) };
  });
}

/** Every design of the feature with its counterpart in the base, one to one; `alone` are those without. */
export function compareDesigns(
  base: readonly DesignRuns[],
  feature: readonly DesignRuns[],
): { readonly comparisons: readonly Comparison[]; readonly alone: readonly DesignRuns[] } {
  const candidates = feature
    .flatMap((f) =>
      base.map((b) => ({ b, f, gap: designGap(b, f), named: f.name !== null && f.name === b.name })),
    )
    .filter(({ gap, named }) => gap < (named ? NAMED_DESIGN : NEAR_DESIGN))
    .sort((a, b) => Number(b.named) - Number(a.named) || a.gap - b.gap);
  const taken = new Set<DesignRuns>();
  const comparisons: Comparison[] = [];
  for (const { b, f } of candidates) {
    if (taken.has(b) || taken.has(f)) continue;
    taken.add(b).add(f);
    comparisons.push(comparisonOf(b, f));
  }
  comparisons.sort((a, b) => a.base.c - b.base.c);
  return { comparisons, alone: feature.filter((f) => !taken.has(f)) };
}

/** Mean log loss of each seed; a seed run twice counts once. */
function bySeed({ runs }: DesignRuns): ReadonlyMap<number, number> {
  const seeded = runs.filter(({ seed }) => seed !== undefined);
  return new Map(
    [...Map.groupBy(seeded, ({ seed }) => seed!)].map(([seed, same]) => [
      seed,
      mean(same.map(({ loss }) => Math.log(loss))),
    ]),
  );
}

function sumOfSquares(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

function comparisonOf(base: DesignRuns, feature: DesignRuns): Comparison {
  const [before, after] = [bySeed(base), bySeed(feature)];
  const differences = [...after]
    .filter(([seed]) => before.has(seed))
    .map(([seed, y]) => y - before.get(seed)!);
  if (differences.length > 0) {
    return {
      base,
      feature,
      kind: "pairs",
      numPairs: differences.length,
      value: mean(differences),
      noiseFactor: 1 / differences.length,
      scatter: sumOfSquares(differences),
      degreesOfFreedom: differences.length - 1,
    };
  }
  // Without common seeds, one run has half the variance of a pair's difference.
  const [numBase, numFeature] = [base.runs.length, feature.runs.length];
  return {
    base,
    feature,
    kind: "means",
    numPairs: Math.min(numBase, numFeature),
    value: mean(feature.logLosses) - mean(base.logLosses),
    noiseFactor: (1 / numBase + 1 / numFeature) / 2,
    scatter: 2 * (sumOfSquares(base.logLosses) + sumOfSquares(feature.logLosses)),
    degreesOfFreedom: numBase + numFeature - 2,
  };
}

/** Where several designs share a compute, those near its best loss. */
export function nearBest(designs: readonly DesignRuns[]): readonly DesignRuns[] {
  return designs.filter((own) => {
    const rivals = designs.filter(({ c }) => Math.abs(Math.log10(c / own.c)) < SCALE_GAP);
    const best = Math.min(...rivals.map(({ logLosses }) => mean(logLosses)));
    return rivals.length < 3 || mean(own.logLosses) < best + NEAR_BEST;
  });
}

/** Whether the base's law may stand in for a run of this design. */
export function withinRange(base: readonly DesignRuns[], design: Design): boolean {
  return KEYS.every((key) => {
    const sizes = base.map((own) => Math.log(own[key])).filter(Number.isFinite);
    const own = Math.log(design[key]);
    if (sizes.length === 0 || !Number.isFinite(own)) return true;
    return own > Math.min(...sizes) - LAW_MARGIN && own < Math.max(...sizes) + LAW_MARGIN;
  });
}

/** Throws a `UserError` that names the run that cannot be compared with any other. */
export function checkRuns(runs: readonly TableRun[], role: string): void {
  const bad = runs.find(({ c, loss }) => !(c > 0 && Number.isFinite(c) && loss > 0 && Number.isFinite(loss)));
  if (bad) {
    throw new UserError(
      `the ${role}'s run ${bad.run} with C ${bad.c} and loss ${bad.loss}`,
      "positive, finite numbers",
      "leave diverged runs out of both tables, or train them again with a lower learning rate",
    );
  }
  const amounts = [...new Set(runs.map(({ experts }) => experts ?? 1))].sort((a, b) => a - b);
  if (amounts.length > 1) {
    throw new UserError(
      `the ${role}'s runs have ${amounts.join(", ")} experts`,
      "one amount of the change in a table: others would pass for repeats of a run",
      "choose one, for instance --where num_experts=8, or give one table for each",
    );
  }
}

/** Throws a `UserError` where base and feature are the same runs: no change was made. */
export function checkDifferent(base: readonly TableRun[], feature: readonly TableRun[]): void {
  const keyOf = ({ n, d, c, loss }: TableRun) => `${n} ${d} ${c} ${loss}`;
  const own = new Set(base.map(keyOf));
  if (feature.length === 0 || !feature.every((run) => own.has(keyOf(run)))) return;
  throw new UserError(
    `${feature.length} runs with the change that are all among the base's, to the last digit of the loss`,
    "runs with the change and runs without it",
    "give the other table, or the column that tells them apart with --feature-column column=base,feature",
  );
}

/** Throws a `UserError` where the base has too few designs, or too little spread, for a law of its own. */
export function checkSpread(base: readonly DesignRuns[]): void {
  if (base.length >= MIN_SCALES && base.at(-1)!.c > 1.5 * base[0]!.c) return;
  const range = base.length > 1 ? `, from ${spanText(base)}` : "";
  throw new UserError(
    `${base.length} designs in the base's table${range}`,
    `at least ${MIN_SCALES}, over more than 1.5 times in compute: multipliers are read off the base's law`,
    "add rungs of other sizes to the base",
  );
}

/** The refusal of two tables of which no design can be compared. */
export function nothingInCommon(base: readonly DesignRuns[], feature: readonly DesignRuns[]): UserError {
  return new UserError(
    `no common range: the base has ${spanText(base)}, the feature ${spanText(feature)}`,
    "runs of the feature at the base's designs, or between them",
    "run the feature at the base's rungs, with the same seeds",
  );
}

function spanText(designs: readonly DesignRuns[]): string {
  if (designs.length === 0) return "no runs";
  return `${formatFlops(designs[0]!.c, 2)} to ${formatFlops(designs.at(-1)!.c, 2)}`;
}
