/** @file The search over shapes: a coarse sweep of sizes, then steps in width, depth and feed-forward while the loss falls. */

import { bestSize } from "../scaling-law.ts";
import { EXPERT_EXPONENT } from "./assumptions.ts";
import { Attempts, byLoss, type LayoutFinder } from "./attempts.ts";
import { type Candidate, denseWorth, type Question } from "./candidate.ts";
import { neighbours, sized } from "./moves.ts";
import { type Choice, choiceNear, GRIDS, type Grid, isModerate, isOn, type Routing } from "./shapes.ts";

/** Every shape that was tried, best found for each grid, and the best of each size. */
export type Optimum = {
  /** Chosen apart: the law's own size in a middle shape, then its fastest layout. Null where that does not fit. */
  readonly plain: Candidate | null;
  readonly tried: readonly Candidate[];
  /** The best with hidden / layers as in published large models. */
  readonly moderate: Candidate | null;
  /** Parameters a token meets of shapes that fit in no layout. */
  readonly unfit: readonly number[];
  /** One a grid, in the order of GRIDS; null where nothing of it fits. */
  readonly best: readonly (Candidate | null)[];
};

/** Sizes tried around the law's own optimum for the cluster's rough compute: every layout at these ... */
const SEARCHED_SIZES = [1 / 4, 1, 4] as const;
/** ... and at those between only what did well there: from a sixteenth to eight times. */
const QUICK_SIZES = Array.from({ length: 15 }, (_, i) => 2 ** (-4 + i / 2));
const MOST_ROUNDS = 40;

/**
 * The least loss over shapes and layouts together, for each grid. `roughCompute`: FLOPs, to a factor of two. `known`: shapes to be tried in
 * any case, those that were best on a poorer cluster: so a richer one is never told to be worse.
 */
export function optimise(
  question: Question,
  finder: LayoutFinder,
  routings: readonly Routing[],
  roughCompute: number,
  known: readonly Choice[] = [],
): Optimum {
  const attempts = new Attempts(question, finder);
  const centre = bestSize(question.law.terms, roughCompute);
  const coarse = routings.map((routing) => sweep(question, attempts, routing, centre));
  for (const choice of known) {
    attempts.quick(choice);
    attempts.search(choice);
  }
  const plain = plainOf(question, coarse.flat(), attempts);
  for (const grid of [...GRIDS].reverse()) {
    // The best of each way of routing may lie in another valley.
    for (const starts of coarse)
      for (const start of starts.slice(0, 2)) descend(question, grid, start, attempts);
    // The best so far may be of a rounder grid: from there the finer one goes on, with every layout that suits it.
    const best = attempts.best((choice) => isOn(grid, choice));
    if (best) descend(question, grid, attempts.search(best.choice) ?? best, attempts);
  }
  const moderate = attempts.best(isModerate);
  if (moderate) descend(question, GRIDS[0], moderate, attempts, isModerate);
  return {
    plain,
    moderate: attempts.best(isModerate),
    tried: attempts.fitting(),
    unfit: attempts.unfit(),
    best: GRIDS.map((grid) => attempts.best((choice) => isOn(grid, choice))),
  };
}

/** Middle shapes of many sizes, least loss first. */
function sweep(
  { vocabularySize }: Question,
  attempts: Attempts,
  routing: Routing,
  centre: number,
): readonly Candidate[] {
  const shapes = (factors: readonly number[]) =>
    factors.flatMap((factor) => sized(factor * centre, vocabularySize, routing) ?? []);
  const searched = shapes(SEARCHED_SIZES).flatMap((choice) => attempts.search(choice) ?? []);
  const between = shapes(QUICK_SIZES).flatMap((choice) => attempts.quick(choice) ?? []);
  return [...new Set([...searched, ...between])].sort(byLoss);
}

/** The size that the law alone would choose for the compute that the best of a sweep reaches, experts counted at their assumed worth. */
function plainOf(
  { law, vocabularySize }: Question,
  coarse: readonly Candidate[],
  attempts: Attempts,
): Candidate | null {
  const [best] = [...coarse].sort(byLoss);
  if (best === undefined) return null;
  const { active, all, tokens, tokensPerSecond, prediction } = best;
  const flopsPerToken = prediction.modelFlops / prediction.stepSeconds / tokensPerSecond;
  // A (worth N)^-alpha is a law with a smaller A.
  const worth = denseWorth(active, all, EXPERT_EXPONENT.median) / active;
  const terms = { ...law.terms, logA: law.terms.logA - law.terms.alpha * Math.log(worth) };
  const size = bestSize(terms, flopsPerToken * tokens, flopsPerToken / active);
  const choice = sized(size, vocabularySize, best.choice.routing);
  return choice && attempts.search(choice);
}

/** Steps to the best neighbour until none is better. */
function descend(
  { vocabularySize }: Question,
  grid: Grid,
  { choice, active }: Candidate,
  attempts: Attempts,
  isAllowed: (choice: Choice) => boolean = () => true,
): void {
  const width = Math.max(1, Math.round(choice.hidden / grid.hidden)) * grid.hidden;
  const ratio = choice.feedForwardWidth / choice.hidden;
  const first = choiceNear(active, width, grid, vocabularySize, choice.routing, ratio);
  let here = first && isAllowed(first) ? attempts.quick(first) : null;
  for (let round = 0; here && round < MOST_ROUNDS; round++) {
    const from: Candidate = here;
    const next = neighbours(vocabularySize, grid, from)
      .filter(isAllowed)
      .flatMap((each) => attempts.quick(each) ?? [])
      .sort(byLoss)[0];
    if (next === undefined || next.loss >= from.loss) return;
    here = next;
  }
}

/**
 * Least loss over size, smallest first: the lower hull over log N, since the search looks closely only near the least. Of sizes closer than
 * 2^(1/4) the better one.
 */
export function frontierOf(tried: readonly Candidate[]): readonly Candidate[] {
  const best = new Map<number, Candidate>();
  for (const candidate of tried) {
    const size = Math.round(4 * Math.log2(candidate.active));
    const other = best.get(size);
    if (other === undefined || byLoss(candidate, other) < 0) best.set(size, candidate);
  }
  const hull: Candidate[] = [];
  for (const next of [...best.values()].sort((a, b) => a.active - b.active)) {
    while (hull.length >= 2 && isAbove(hull[hull.length - 1]!, hull[hull.length - 2]!, next)) hull.pop();
    hull.push(next);
  }
  return hull;
}

/** Whether a point lies on or above the line from the one before to the one after. */
function isAbove(point: Candidate, before: Candidate, after: Candidate): boolean {
  const x = (candidate: Candidate) => Math.log(candidate.active);
  const slope = (after.loss - before.loss) / (x(after) - x(before));
  return point.loss >= before.loss + slope * (x(point) - x(before));
}
