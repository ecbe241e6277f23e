/** @file The search over shapes: a sweep of sizes, then steps in width, depth and feed-forward. */

import { optimumOn } from "../../law/optimum.ts";
import type { Setting, ShapeCandidate } from "./candidate.ts";
import type { LayoutFinder } from "./layout-finder.ts";
import { neighbours, sized } from "./neighbours.ts";
import { logDenseWorth } from "./scenarios.ts";
import { choiceNear, GRIDS, type Grid, isModerate, isOn, type Routing, type ShapeChoice } from "./shapes.ts";
import { byLoss, TriedShapes } from "./tried-shapes.ts";

/** Every shape that was tried, best found for each grid, and the best of each size. */
export type ShapeSearch = {
  /** Chosen apart: the law's own size in a middle shape, its fastest layout. Null: it does not fit. */
  readonly apart: ShapeCandidate | null;
  readonly tried: readonly ShapeCandidate[];
  /** The best with hidden / layers as in published large models. */
  readonly moderate: ShapeCandidate | null;
  /** Parameters a token meets of shapes that fit in no layout. */
  readonly unfit: readonly number[];
  /** One a grid, in the order of GRIDS; null where nothing of it fits. */
  readonly best: readonly (ShapeCandidate | null)[];
};

/** Sizes tried around the law's own optimum for the cluster's rough compute: every layout at these ... */
const SEARCHED_SIZES = [1 / 4, 1, 4] as const;
/** ... and at those between only what did well there: from a sixteenth to eight times. */
const QUICK_SIZES = Array.from({ length: 15 }, (_, i) => 2 ** (-4 + i / 2));
const MOST_ROUNDS = 40;

/**
 * The least loss over shapes and layouts together, for each grid. `roughCompute`: FLOPs, to a factor of two.
 * `known`: shapes to be tried in any case, those that were best on a poorer cluster: so a richer one is never
 * worse.
 */
export function optimise(
  setting: Setting,
  finder: LayoutFinder,
  routings: readonly Routing[],
  roughCompute: number,
  known: readonly ShapeChoice[] = [],
): ShapeSearch {
  const tried = new TriedShapes(setting, finder);
  const centre = Math.exp(optimumOn(setting.law.best, Math.log(roughCompute / 6)).logN);
  const coarse = routings.map((routing) => sweep(setting, tried, routing, centre));
  for (const choice of known) {
    tried.quick(choice);
    tried.search(choice);
  }
  const apart = apartFrom(setting, coarse.flat(), tried);
  for (const grid of [...GRIDS].reverse()) {
    // The best of each way of routing may lie in another valley.
    for (const starts of coarse) for (const start of starts.slice(0, 2)) descend(setting, grid, start, tried);
    // The best so far may be of a rounder grid: from there the finer one goes on, with every layout that
    // suits it.
    const best = tried.best((choice) => isOn(grid, choice));
    if (best) descend(setting, grid, tried.search(best.choice) ?? best, tried);
  }
  const moderate = tried.best(isModerate);
  if (moderate) descend(setting, GRIDS[0], moderate, tried, isModerate);
  return {
    apart,
    moderate: tried.best(isModerate),
    tried: tried.fitting(),
    unfit: tried.unfit(),
    best: GRIDS.map((grid) => tried.best((choice) => isOn(grid, choice))),
  };
}

/** Middle shapes of many sizes, least loss first. */
function sweep(
  { vocabularySize }: Setting,
  tried: TriedShapes,
  routing: Routing,
  centre: number,
): readonly ShapeCandidate[] {
  const shapes = (factors: readonly number[]) =>
    factors.flatMap((factor) => sized(factor * centre, vocabularySize, routing) ?? []);
  const searched = shapes(SEARCHED_SIZES).flatMap((choice) => tried.search(choice) ?? []);
  const between = shapes(QUICK_SIZES).flatMap((choice) => tried.quick(choice) ?? []);
  return [...new Set([...searched, ...between])].sort(byLoss);
}

/** The size that the law alone would choose for the compute that the best of a sweep reaches. */
function apartFrom(
  { law, vocabularySize }: Setting,
  coarse: readonly ShapeCandidate[],
  tried: TriedShapes,
): ShapeCandidate | null {
  const [best] = [...coarse].sort(byLoss);
  if (best === undefined) return null;
  const { active, tokens } = best;
  // A routed model of N parameters a token stands where a dense one of `worth` times as many would.
  const logWorth = logDenseWorth(best) - Math.log(active);
  const { logN } = optimumOn(
    (logSize, logTokens) => law.best(logSize + logWorth, logTokens),
    Math.log(active * tokens),
  );
  const choice = sized(Math.exp(logN), vocabularySize, best.choice.routing);
  return choice && tried.search(choice);
}

/** Steps to the best neighbour until none is better. */
function descend(
  { vocabularySize }: Setting,
  grid: Grid,
  { choice, active }: ShapeCandidate,
  tried: TriedShapes,
  isAllowed: (choice: ShapeChoice) => boolean = () => true,
): void {
  const width = Math.max(1, Math.round(choice.hidden / grid.width)) * grid.width;
  const ratio = choice.feedForwardWidth / choice.hidden;
  const first = choiceNear(active, width, grid, vocabularySize, choice.routing, ratio);
  let here = first && isAllowed(first) ? tried.quick(first) : null;
  for (let round = 0; here && round < MOST_ROUNDS; round++) {
    const from: ShapeCandidate = here;
    const next = neighbours(vocabularySize, grid, from)
      .filter(isAllowed)
      .flatMap((each) => tried.quick(each) ?? [])
      .sort(byLoss)[0];
    if (next === undefined || next.loss >= from.loss) return;
    here = next;
  }
}

/**
 * Least loss over size, smallest first: the lower hull over log N, since the search looks closely only near
 * the least. Of sizes closer than 2^(1/4) the better one.
 */
export function frontierOf(tried: readonly ShapeCandidate[]): readonly ShapeCandidate[] {
  const best = new Map<number, ShapeCandidate>();
  for (const candidate of tried) {
    const size = Math.round(4 * Math.log2(candidate.active));
    const other = best.get(size);
    if (other === undefined || byLoss(candidate, other) < 0) best.set(size, candidate);
  }
  const hull: ShapeCandidate[] = [];
  for (const next of [...best.values()].sort((a, b) => a.active - b.active)) {
    while (hull.length >= 2 && isAbove(hull[hull.length - 1]!, hull[hull.length - 2]!, next)) hull.pop();
    hull.push(next);
  }
  return hull;
}

/** Whether a point lies on or above the line from the one before to the one after. */
function isAbove(point: ShapeCandidate, before: ShapeCandidate, after: ShapeCandidate): boolean {
  const x = (candidate: ShapeCandidate) => Math.log(candidate.active);
  const slope = (after.loss - before.loss) / (x(after) - x(before));
  return point.loss >= before.loss + slope * (x(point) - x(before));
}
