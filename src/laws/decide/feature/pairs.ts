/** @file Which runs of two ladders answer one another: same seed first, same design else; and what noise their difference carries. */

import type { Design } from "../../../law/law.ts";
import { mean } from "../../../math/statistics.ts";
import type { TableRun } from "../../table/table.ts";

/** Runs of one design, with the log loss of each. */
export type Group = Design & {
  /** A name all its runs share, or null: the line of a file is no name. */
  readonly name: string | null;
  readonly runs: readonly TableRun[];
  readonly logLosses: readonly number[];
};

/** Base and feature at (nearly) one design. */
export type Comparison = {
  readonly base: Group;
  readonly feature: Group;
  readonly kind: "pairs" | "means";
  readonly numPairs: number;
  /** Mean log loss with the change less that without it, before any difference of their designs is allowed for. */
  readonly value: number;
  /** Variance of `value` in units of that of one pair's difference. */
  readonly noiseFactor: number;
  /** Sum of squares that speaks of that variance, and its degrees of freedom. */
  readonly scatter: number;
  readonly spare: number;
};

/** Runs count as one design within half a percent in each of N, D and C (batches round the tokens). */
const SAME_DESIGN = 0.005;
/** A change may add a few parameters or FLOPs: designs answer one another within 10 %, and by name within a factor of 2. */
const NEAR_DESIGN = 0.1;
const NAMED_DESIGN = Math.log(2);

const KEYS = ["n", "d", "c"] as const;

/** Largest of |log ratio| over N, D and C; what a table does not have does not count. */
export function designGap(a: Design, b: Design): number {
  let gap = 0;
  for (const key of KEYS) {
    const size = Math.abs(Math.log(a[key] / b[key]));
    if (Number.isFinite(size)) gap = Math.max(gap, size);
  }
  return gap;
}

/** Runs by design, smallest compute first. */
export function groupsOf(runs: readonly TableRun[]): readonly Group[] {
  const groups: TableRun[][] = [];
  for (const run of [...runs].sort((a, b) => a.c - b.c)) {
    const own = groups.find((group) => designGap(group[0]!, run) < SAME_DESIGN);
    if (own) own.push(run);
    else groups.push([run]);
  }
  return groups.map((group): Group => {
    const { n, d, c, run } = group[0]!;
    const named = !/^(line|row) \d+$/.test(run) && group.every((other) => other.run === run);
    return {
      n,
      d,
      c,
      name: named ? run : null,
      runs: group,
      logLosses: group.map(({ loss }) => Math.log(loss)),
    };
  });
}

/** Every feature group with the base group that answers it, one to one; `alone` are the feature's groups that none does. */
export function compareGroups(
  base: readonly Group[],
  feature: readonly Group[],
): { readonly comparisons: readonly Comparison[]; readonly alone: readonly Group[] } {
  const candidates = feature
    .flatMap((f) =>
      base.map((b) => ({ b, f, gap: designGap(b, f), named: f.name !== null && f.name === b.name })),
    )
    .filter(({ gap, named }) => gap < (named ? NAMED_DESIGN : NEAR_DESIGN))
    .sort((a, b) => Number(b.named) - Number(a.named) || a.gap - b.gap);
  const taken = new Set<Group>();
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
function bySeed({ runs }: Group): ReadonlyMap<number, number> {
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

function comparisonOf(base: Group, feature: Group): Comparison {
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
      spare: differences.length - 1,
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
    spare: numBase + numFeature - 2,
  };
}
