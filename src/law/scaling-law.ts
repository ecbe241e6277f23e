/**
 * @file A law over size and tokens as a value, as decisions read it: the surface of least regret, surfaces
 * that are as likely, and what one more run's loss would be.
 */

import { UserError } from "../errors.ts";
import { readText } from "../input-file.ts";
import { type Interval, intervalAround } from "../math/interval.ts";
import { formatFlops, formatShare, significant } from "../units/print.ts";
import { lawNamed } from "./formulas/all.ts";
import type { Design, Law } from "./law.ts";
import { readLawFile, type SavedLaw } from "./law-file.ts";
import { type LossOverND, type LossSurface, lossOverND } from "./optimum.ts";
import type { Posterior } from "./posterior.ts";
import { predict } from "./predict.ts";
import { expectedSurface, likelySurfaces } from "./surfaces.ts";
import { flopsPerParameterTokenFrom } from "./training-flops.ts";

/** A fitted law as a value: what a forecast, an optimum or the planner needs of it. */
export type ScalingLaw = {
  readonly name: string;
  readonly formula: string;
  /** Log loss in expectation over a posterior, or of a best fit. */
  readonly best: LossSurface;
  /** How it might be instead, each as likely. Empty: how well the law is known is not known. */
  readonly draws: readonly LossSurface[];
  /** Whether the law itself says what repeated tokens are worth. */
  readonly knowsRepeats: boolean;
  /**
   * Median and 90 % interval of one more run's loss; of a bare fit without its posterior, of the law alone.
   */
  readonly lossAt: (design: Design) => Interval;
  /** Whether `lossAt` is calibrated by back-tests, as `longrun laws forecast` is. */
  readonly isCalibrated: boolean;
  /** C / (N D). */
  readonly flopsPerParameterToken: number;
  /** FLOPs of the smallest run behind it; null: not known. */
  readonly smallestCompute: number | null;
  /** FLOPs of the largest run behind it; null: not known. */
  readonly largestCompute: number | null;
  /** Least and most D / N of the runs; null: not known. */
  readonly ratios: readonly [number, number] | null;
  /** What N counts, in the words of the table. */
  readonly counts: string;
};

/**
 * Reads a law file. Throws a `UserError` where it is none, or where its law does not tell size from tokens.
 */
export function readScalingLaw(path: string): ScalingLaw {
  return scalingLawOf(readLawFile(readText(path, "a law saved by longrun laws fit --save"), path));
}

/** The law of a file. Throws a `UserError` where it does not tell size from tokens. */
export function scalingLawOf(saved: SavedLaw): ScalingLaw {
  const counts = saved.conventions.parameters;
  if (saved.posterior !== null) return lawOfPosterior(saved.posterior, counts, null);
  return lawOfFit({
    law: lawNamed(saved.law),
    theta: Float64Array.from(saved.theta),
    draws: saved.draws.map((draw) => Float64Array.from(draw)),
    flopsPerParameterToken: flopsPerParameterTokenFrom(saved.flopsPerParameterToken),
    smallestCompute: null,
    largestCompute: saved.largest.c,
    ratios: null,
    counts,
  });
}

/**
 * Beyond this reach no answer is given: back-tests went to 100, GPT-4's own forecast to 10,000. Nor so far
 * below the largest run, where nobody knows the smallest.
 */
export const MOST_REACH = 1e4;

/** A loss's 90 % interval wider than this share decides nothing: a tenth is a hundredfold of compute. */
export const MOST_WIDTH = 0.11;

/** What is to be said where a loss is printed that `forecast` would refuse, of the least compute of these. */
export function widthWarnings(
  losses: readonly { readonly compute: number; readonly loss: Interval }[],
): string[] {
  const wide = losses.find(({ loss: { median, lo, hi } }) => hi - lo > MOST_WIDTH * median);
  if (!wide) return [];
  const { median, lo, hi } = wide.loss;
  return [
    `the interval of the loss at ${formatFlops(wide.compute)} is ${formatShare((hi - lo) / median)} of it wide; \`laws forecast\` gives none wider than ${formatShare(MOST_WIDTH, 0)}`,
  ];
}

/** FLOPs of the smallest of these runs. */
export function smallestComputeOf(runs: readonly Pick<Design, "c">[]): number {
  return runs.reduce((least, { c }) => Math.min(least, c), Number.POSITIVE_INFINITY);
}

/**
 * Throws a `UserError` where a budget lies below a law's smallest run, or further beyond its largest than
 * anyone has tested; or is too small for a parameter and a token. `asked`: what has the budget.
 */
export function checkReach(
  law: Pick<ScalingLaw, "flopsPerParameterToken" | "smallestCompute" | "largestCompute">,
  compute: number,
  asked: "budget" | "target" = "budget",
): void {
  const { flopsPerParameterToken, smallestCompute, largestCompute: largest } = law;
  const least = smallestCompute ?? Math.max((largest ?? 0) / MOST_REACH, flopsPerParameterToken);
  const isTooSmall = compute < least;
  if (!isTooSmall && (largest === null || compute <= MOST_REACH * largest)) return;
  const leastText =
    smallestCompute !== null
      ? `${formatFlops(least)}, the smallest run's, to`
      : largest !== null
        ? `${formatFlops(least)} to`
        : `${formatFlops(least)} or more: what one parameter and one token take`;
  throw new UserError(
    `a ${asked} of ${formatFlops(compute)}`,
    largest === null ? leastText : `${leastText} ${MOST_REACH} times the largest's ${formatFlops(largest)}`,
    isTooSmall ? `correct the ${asked}` : `ask for a nearer ${asked}, and climb from there`,
  );
}

/** A fit of one law, with refits to runs drawn again. */
export type FittedParameters = Pick<
  ScalingLaw,
  "flopsPerParameterToken" | "smallestCompute" | "largestCompute" | "ratios" | "counts"
> & {
  readonly law: Law;
  readonly theta: Float64Array;
  readonly draws: readonly Float64Array[];
};

/** Throws a `UserError` for a law that is not one over N and D. */
export function lawOfFit({ law, theta, draws, ...facts }: FittedParameters): ScalingLaw {
  checkTellsSizeFromTokens(law);
  const surfaceAt =
    (numbers: Float64Array): LossSurface =>
    (uniqueTokens) =>
      lossOverND(law, numbers, facts.flopsPerParameterToken, uniqueTokens);
  const lossOf = (design: Design) => {
    const scratch = new Float64Array(theta.length);
    return (numbers: Float64Array) => Math.exp(law.logLoss(numbers, law.covariates(design), scratch));
  };
  return {
    ...facts,
    name: law.name,
    formula: law.formula,
    best: surfaceAt(theta),
    draws: draws.map(surfaceAt),
    knowsRepeats: law.uses.includes("unique"),
    lossAt(design) {
      const of = lossOf(design);
      return intervalAround(of(theta), draws.length > 0 ? draws.map(of) : [of(theta)]);
    },
    isCalibrated: false,
  };
}

/** Throws a `UserError` where all runs behind it share one D / N. */
export function lawOfPosterior(
  posterior: Posterior,
  counts: string,
  smallestCompute: number | null,
): ScalingLaw {
  const { laws, recipeRatio, flopsPerParameterToken, largestCompute, ratios } = posterior;
  if (recipeRatio !== null) {
    throw new UserError(
      `runs that all have about ${significant(recipeRatio, 3)} tokens a parameter`,
      "D / N that differs by a factor of 2 or more: along one ratio nothing says what another would have cost",
      "add runs with 4 times more and 4 times fewer tokens per parameter, at two budgets or more",
    );
  }
  const heaviest = laws.toSorted((a, b) => b.weight - a.weight);
  return {
    name: heaviest.map(({ name, weight }) => `${name} ${formatShare(weight, 0)}`).join(", "),
    formula: heaviest.map(({ formula, weight }) => `${formula} (${formatShare(weight, 0)})`).join("; "),
    best: (uniqueTokens) => expectedSurface(posterior, uniqueTokens),
    draws: likelySurfaces(posterior),
    knowsRepeats: laws.some(({ draws }) => draws.dataDecay !== undefined),
    lossAt: (design) => predict(posterior, design),
    isCalibrated: true,
    flopsPerParameterToken,
    smallestCompute,
    largestCompute,
    ratios,
    counts,
  };
}

function checkTellsSizeFromTokens(law: Law): void {
  if (law.uses.includes("n") && law.uses.includes("d")) return;
  throw new UserError(
    `the law ${law.formula}, which does not tell size from tokens`,
    "a law over N and D",
    "choose another with --law: chinchilla is the usual one",
  );
}

/** Loss over size and tokens: of the best fit, and of each draw. */
export type Surfaces = { readonly best: LossOverND; readonly draws: readonly LossOverND[] };

/** The surfaces of a law while tokens are as many as wanted. */
export function surfacesOf({ best, draws }: Pick<ScalingLaw, "best" | "draws">): Surfaces {
  return { best: best(), draws: draws.map((draw) => draw()) };
}

/** log(N D) of a budget. */
export function logNDOf(
  { flopsPerParameterToken }: Pick<ScalingLaw, "flopsPerParameterToken">,
  compute: number,
): number {
  return Math.log(compute / flopsPerParameterToken);
}
