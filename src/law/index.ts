/** @file The public surface of law/: formulas, their optimum, a fitted law as a file and as a value. */

export { LAWS, lawNamed } from "./formulas/all.ts";
export { type Derived, type Design, type Law, type LawParameter, lossOf, type Run } from "./law.ts";
export type { SavedLaw } from "./law-file.ts";
export { lawFileText } from "./law-file.ts";
export { type BudgetSplit, type LossOverND, type LossSurface, optimumOn } from "./optimum.ts";
export type { DrawColumns, LawPosterior, Posterior } from "./posterior.ts";
export { predict } from "./predict.ts";
export { type Bound, limitedSurface, PUBLISHED_REPETITION, type Repetition } from "./repeats.ts";
export { readScalingLaw, type ScalingLaw, type Surfaces, scalingLawOf, surfacesOf } from "./scaling-law.ts";
export type { Reads, Terms } from "./terms.ts";
