/** @file From two tables of runs to effects at equal compute: who is compared with whom, and what was left out. */

import type { Design } from "../../../law/law.ts";
import { mean } from "../../../math/statistics.ts";
import type { TableRun } from "../../table/table.ts";
import {
  alongPath,
  type BaseLaw,
  baseLawOf,
  logLossDraws,
  logLossSteps,
  reducibleShare,
} from "./base-law.ts";
import { checkCommon, checkDifferent, checkSpread, nearBest, usable, withinRange } from "./comparable.ts";
import { type Comparison, compareGroups, type Group, groupsOf } from "./pairs.ts";
import { flopsPerPair, pathOf } from "./path.ts";
import type { Place } from "./trend.ts";

/** The effect of the change at one design. */
export type FeatureEffect = Place & {
  readonly value: number;
  /** Variance of the seeds' noise in `value`, in units of that of one pair's difference. */
  readonly noiseFactor: number;
  /** The feature's own design: its compute is where base and feature are compared. */
  readonly design: Design;
  /** The base's runs there; null where its law stands in. */
  readonly comparison: Comparison | null;
  readonly numRuns: number;
  /** log loss against the base at the feature's own N and D, one number a draw less `value`: what tokens at the same N must make up. */
  readonly sameSizes: number;
};

/** All that two tables say, ready for the trend. */
export type FeatureEffects = {
  readonly baseLaw: BaseLaw;
  readonly base: readonly Group[];
  readonly effects: readonly FeatureEffect[];
  /** Covariance from the base's law, a row for each effect. */
  readonly known: readonly Float64Array[];
  readonly scatter: number;
  readonly spare: number;
  readonly reducible: (x: number) => number;
  readonly placeOf: (design: Design) => Place;
  readonly designAt: (compute: number) => Design;
  readonly warnings: readonly string[];
};

/** Compares two tables. Throws a `UserError` where they have too little in common. */
export function effectsOf(
  baseRuns: readonly TableRun[],
  featureRuns: readonly TableRun[],
  seed: number,
): FeatureEffects {
  const base = groupsOf(usable(baseRuns, "base"));
  const feature = groupsOf(usable(featureRuns, "feature"));
  checkDifferent(baseRuns, featureRuns);
  checkSpread(base);
  const compared = compareGroups(base, feature);
  const near = new Set(nearBest(compared.comparisons.map((comparison) => comparison.base)));
  const comparisons = compared.comparisons.filter((comparison) => near.has(comparison.base));
  const inRange = compared.alone.filter((group) => withinRange(base, group));
  const baseLaw = baseLawOf(nearBest(base), seed);
  const path = pathOf(base);
  const drafts = [
    ...comparisons.map((comparison) => paired(baseLaw, comparison)),
    ...inRange.map((group) => byLaw(baseLaw, base, group)),
  ].sort((a, b) => a.design.c - b.design.c);
  checkCommon(drafts, base, feature);
  const lowest = drafts[0]!.design.c;
  const placeOf = (design: Design): Place => ({
    x: Math.log10(design.c / lowest),
    r: baseLaw.hasTokens ? Math.log10(design.d / design.n) - path.ratioAt(design.c) : 0,
  });
  const top = path.designAt(drafts.at(-1)!.design.c);
  return {
    baseLaw,
    base,
    effects: drafts.map(({ design, value, noiseFactor, comparison, numRuns, sameSizes }) => ({
      ...placeOf(design),
      design,
      value,
      noiseFactor,
      comparison,
      numRuns,
      sameSizes,
    })),
    known: covarianceOf(drafts.map(({ offsets }) => offsets)).map((row, i) => {
      row[i]! += drafts[i]!.ownVariance;
      return row;
    }),
    scatter: comparisons.reduce((sum, { scatter }) => sum + scatter, 0),
    spare: comparisons.reduce((sum, { spare }) => sum + spare, 0),
    reducible: (x) => reducibleShare(baseLaw, path.designAt(lowest * 10 ** x)) / reducibleShare(baseLaw, top),
    placeOf,
    designAt: path.designAt,
    warnings: [
      ...leftOut(
        compared.comparisons.length - comparisons.length,
        "more than 10 % above the best loss of their compute",
      ),
      ...leftOut(compared.alone.length - inRange.length, "without a counterpart in the base's range"),
      ...(inRange.length === 0
        ? []
        : [`${inRange.length} of the feature's designs without a counterpart, compared with the base's law`]),
      ...tokenWarnings(baseLaw, base, path.ratioAt),
    ],
  };
}

type Draft = Omit<FeatureEffect, "x" | "r"> & {
  /** What the draws of the base's law differ in, and the variance besides. */
  readonly offsets: Float64Array;
  readonly ownVariance: number;
};

/** Less its mean. */
function centred(values: Float64Array): Float64Array {
  const middle = mean(values);
  return values.map((value) => value - middle);
}

function paired(baseLaw: BaseLaw, comparison: Comparison): Draft {
  const { base, feature } = comparison;
  const { n, d, c } = feature;
  // A change may cost FLOPs of its own: the base is carried along its path to the feature's compute.
  const steps = logLossSteps(baseLaw, base, alongPath(baseLaw, base, c / base.c));
  const resized = baseLaw.hasTokens ? mean(logLossSteps(baseLaw, base, feature)) : 0;
  return {
    design: { n, d, c },
    comparison,
    numRuns: comparison.numPairs,
    value: comparison.value - mean(steps),
    sameSizes: mean(steps) - resized,
    noiseFactor: comparison.noiseFactor,
    offsets: centred(steps),
    ownVariance: 0,
  };
}

function byLaw(baseLaw: BaseLaw, base: readonly Group[], feature: Group): Draft {
  const { n, d, c } = feature;
  const perPair = flopsPerPair(base.flatMap(({ runs }) => runs));
  const factor = baseLaw.hasTokens ? c / (perPair * n * d) : 1;
  const reference = logLossDraws(baseLaw, alongPath(baseLaw, { n, d, c: c / factor }, factor));
  const misfit = mean(baseLaw.draws.map((draw) => draw.misfit ** 2));
  return {
    design: { n, d, c },
    comparison: null,
    numRuns: feature.runs.length,
    value: mean(feature.logLosses) - mean(reference),
    sameSizes: mean(reference) - mean(logLossDraws(baseLaw, { n, d, c: c / factor })),
    noiseFactor: 1 / (2 * feature.runs.length),
    offsets: centred(reference),
    ownVariance: misfit,
  };
}

function covarianceOf(offsets: readonly Float64Array[]): readonly Float64Array[] {
  return offsets.map((a) =>
    Float64Array.from(offsets, (b) => a.reduce((sum, value, j) => sum + value * b[j]!, 0) / a.length),
  );
}

function leftOut(count: number, why: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? "design" : "designs"} left out: ${why}`];
}

/** Below a factor of 2 in D / N, sizes and tokens cannot be told apart. */
const RATIO_SPREAD = Math.log10(2);

function tokenWarnings(
  { hasTokens }: BaseLaw,
  base: readonly Group[],
  ratioAt: (c: number) => number,
): readonly string[] {
  if (!hasTokens) return ["no tokens in the base's table: no multiplier of tokens"];
  const off = base.map(({ n, d, c }) => Math.log10(d / n) - ratioAt(c));
  if (Math.max(...off) - Math.min(...off) > RATIO_SPREAD) return [];
  return [
    "the base has one D / N at each compute, so what tokens alone would do is mostly a prior belief; its interval says so",
  ];
}
