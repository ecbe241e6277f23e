/** @file Adjusts constants to one's own runs: errors before, after, and on recipes left out. */

import { CONSTANT_NAMES, CONSTANT_ROWS, type ConstantName, type Constants } from "../constants.ts";
import { fitConstants } from "./fit.ts";
import { type PublishedRun, timedPairs } from "./published-run.ts";
import { type ErrorSummary, summariseErrors } from "./scores.ts";

/** One of them, before and after. */
export type ChangedConstant = {
  readonly name: ConstantName;
  readonly before: number;
  readonly after: number;
  readonly unit: string;
  readonly meaning: string;
};

/** Constants adjusted to runs, and what that is worth. */
export type CalibratedConstants = {
  readonly constants: Constants;
  readonly before: ErrorSummary;
  readonly after: ErrorSummary;
  /** Every recipe predicted by constants adjusted to others; null with fewer than two recipes. */
  readonly heldOut: ErrorSummary | null;
  /** Whether recipes left out were predicted better than before; "unknown" with fewer than two. */
  readonly worth: "better" | "not better" | "unknown";
  readonly changed: readonly ChangedConstant[];
};

/** A change of a constant by less is not worth a line. */
const NOTABLE = 0.01;

/** Adjusts the constants to measured runs, as far as those speak against the prior. */
export function calibrateConstants(runs: readonly PublishedRun[], prior: Constants): CalibratedConstants {
  const constants = adjustConstants(runs, prior);
  const before = summariseErrors(timedPairs(runs, prior));
  const heldOut = errorsLeftOut(runs, (learned) => adjustConstants(learned, prior));
  const isBetter = heldOut !== null && heldOut.medianPercent < before.medianPercent;
  const isChanged = (name: ConstantName) => Math.abs(Math.log(constants[name] / prior[name])) > NOTABLE;
  return {
    constants,
    before,
    after: summariseErrors(timedPairs(runs, constants)),
    heldOut,
    worth: heldOut === null ? "unknown" : isBetter ? "better" : "not better",
    changed: CONSTANT_NAMES.filter(isChanged).map((name) => {
      const { unit, meaning } = CONSTANT_ROWS[name];
      return { name, before: prior[name], after: constants[name], unit, meaning };
    }),
  };
}

/** One's own recipe counts as three of other people's, up to the weight of a family. */
const OWN_RECIPE_WEIGHT = 3;
const MOST_OWN_WEIGHT = 20;
/**
 * Spread of the prior, that of physics alone being 1: what three rows have in common may be theirs alone;
 * rows that predict one another earn more.
 */
const TIGHT = 0.14;
const LOOSE = 0.5;
/**
 * The loose prior is taken where it leaves less than so much of the tight one's error on rows left out. Over
 * 20 random triples of each published family this keeps most of what a loose prior gains (BLOOM) and little
 * of what it costs (NeMo): docs/plan.md has the figures.
 */
const EARNED = 0.75;
/** With more recipes than this the prior is loose: so many can outweigh it. */
const FEW_RECIPES = 12;
/** Parts that are left out in turn. */
const FOLDS = 5;

type Learn = (learned: readonly PublishedRun[]) => Constants;

/** The constants learnt from runs, held by `prior`: how loosely is decided by leaving some out. */
export function adjustConstants(runs: readonly PublishedRun[], prior: Constants): Constants {
  const held =
    (priorWidth: number): Learn =>
    (learned) => {
      const familyWeight = Math.min(MOST_OWN_WEIGHT, OWN_RECIPE_WEIGHT * recipesOf(learned).length);
      return fitConstants(learned, { prior, priorWidth, familyWeight });
    };
  const errorOf = (learn: Learn) => errorsLeftOut(runs, learn)?.medianPercent ?? Number.NaN;
  const isLoose =
    recipesOf(runs).length > FEW_RECIPES || errorOf(held(LOOSE)) < EARNED * errorOf(held(TIGHT));
  return held(isLoose ? LOOSE : TIGHT)(runs);
}

/** Runs by recipe: those measured again stand together. */
function recipesOf(runs: readonly PublishedRun[]): readonly (readonly PublishedRun[])[] {
  return [...Map.groupBy(runs, ({ recipe }) => recipe).values()];
}

/** Errors of recipes by constants adjusted to the others; null with fewer than two recipes. */
export function errorsLeftOut(runs: readonly PublishedRun[], learn: Learn): ErrorSummary | null {
  const recipes = recipesOf(runs.filter(({ stepSeconds }) => stepSeconds !== null));
  if (recipes.length < 2) return null;
  const folds = Math.min(FOLDS, recipes.length);
  const judged = Array.from({ length: folds }, (_, fold) => {
    const learned = recipes.filter((_, index) => index % folds !== fold).flat();
    const left = recipes.filter((_, index) => index % folds === fold).flat();
    return timedPairs(left, learn(learned));
  });
  return summariseErrors(judged.flat());
}
