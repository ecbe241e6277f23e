/** @file The best size at each budget: draws of the minimum, or the reason why there is none. */

import { type Interval, intervalOfDraws } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { standardDeviation } from "../../math/statistics.ts";
import { type ComputeBudget, indexOfBest, nearMinimum } from "./budgets.ts";
import { curveOver, learnSmoothness, type Smoothness } from "./smooth.ts";

export type Optimum = {
  readonly budget: ComputeBudget;
  /** log N* of curves that the losses allow, those with an interior minimum. */
  readonly draws: Float64Array;
  readonly logN: number;
  /** Standard deviation of log N*. */
  readonly deviation: number;
  /** Loss at the minimum. */
  readonly loss: Interval;
  readonly flags: readonly string[];
};

export type NoOptimum = { readonly budget: ComputeBudget; readonly reason: string };

export type Optima = {
  readonly smoothness: Smoothness;
  readonly found: readonly Optimum[];
  readonly refused: readonly NoOptimum[];
};

/** A parabola has three numbers; the fourth size says how far off it is. */
const LEAST_SIZES = 4;
/** In log loss: further up the curve is steep and says little of where the bottom is. */
const RISE = 0.1;
/**
 * Sizes kept on each side of the best, however high they are. Chosen among 2, 3 and 4 (and RISE of .03 to .2)
 * by agreement with the published exponents of Porian et al., so that agreement is no independent test;
 * synthetic surfaces do not tell these apart. Other windows (RISE .05 to .2, 2 to 6 beside) move the
 * exponents there by .01 as a rule, and two by .02.
 */
const LEAST_BESIDE = 4;
/** Over a range of e^4 in N a place is 7 % wide, and the minimum is refined between places. */
const NUM_PLACES = 61;

/** Finds the optimum of every budget, of those of a table together: the noise is one. */
export function findOptima(
  budgets: readonly ComputeBudget[],
  options: { readonly seed: number; readonly numDraws: number },
): Optima {
  const few = budgets.filter(({ sizes }) => sizes.length < LEAST_SIZES);
  const enough = budgets.filter(({ sizes }) => sizes.length >= LEAST_SIZES);
  const refused: NoOptimum[] = few.map((budget) => ({
    budget,
    reason: `${budget.sizes.length} sizes, where ${LEAST_SIZES} are needed`,
  }));
  if (enough.length === 0) return { smoothness: { noise: Number.NaN, bend: Number.NaN }, found: [], refused };
  const smoothness = learnSmoothness(enough.map(({ sizes }) => nearMinimum(sizes, RISE, LEAST_BESIDE)));
  const found: Optimum[] = [];
  for (const budget of enough) {
    const optimum = optimumOf(budget, smoothness, options);
    if ("reason" in optimum) refused.push(optimum);
    else found.push(optimum);
  }
  return { smoothness, found, refused: refused.toSorted((a, b) => a.budget.c - b.budget.c) };
}

function optimumOf(
  budget: ComputeBudget,
  smoothness: Smoothness,
  { seed, numDraws }: { readonly seed: number; readonly numDraws: number },
): Optimum | NoOptimum {
  const sizes = nearMinimum(budget.sizes, RISE, LEAST_BESIDE);
  const [first, last] = [sizes[0]!.logN, sizes.at(-1)!.logN];
  const grid = Float64Array.from(
    { length: NUM_PLACES },
    (_, i) => first + ((last - first) * i) / (NUM_PLACES - 1),
  );
  const curve = curveOver(sizes, grid, smoothness);
  const bottom = bottomOf(grid, curve.mean);
  if (bottom === null) return { budget, reason: noInterior(budget, curve.mean) };
  const random = new Random(seed, `laws.isoflop.${budget.c}`);
  const [draws, losses]: [number[], number[]] = [[], []];
  for (let draw = 0; draw < numDraws; draw++) {
    const values = drawn(curve.mean, curve.factor, random);
    const place = bottomOf(grid, values);
    if (place === null) continue;
    draws.push(place.x);
    losses.push(Math.exp(place.y));
  }
  const interior = draws.length / numDraws;
  if (interior < 0.5) return { budget, reason: noInterior(budget, curve.mean) };
  const flags = [...budget.flags, ...offCentre(budget, bottom.x)];
  if (interior < 0.9)
    flags.push(
      `${Math.round(100 * (1 - interior))} % of the curves the losses allow have their minimum at an end`,
    );
  return {
    budget,
    draws: Float64Array.from(draws),
    logN: bottom.x,
    // Draws whose minimum fell off an end are lost, and would have been the widest.
    deviation: Math.max(standardDeviation(draws), (grid[1]! - grid[0]!) / 2) / interior,
    loss: { ...intervalOfDraws(losses), median: Math.exp(bottom.y) },
    flags,
  };
}

function drawn(centre: Float64Array, factor: Float64Array, random: Random): Float64Array {
  const normals = Float64Array.from(centre, () => random.normal());
  return centre.map((value, i) => {
    let sum = value;
    for (let j = 0; j <= i; j++) sum += factor[i * centre.length + j]! * normals[j]!;
    return sum;
  });
}

/** The lowest place, refined by the parabola through its neighbours; null at either end. */
function bottomOf(
  grid: Float64Array,
  values: Float64Array,
): { readonly x: number; readonly y: number } | null {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[best]!) best = i;
  if (best === 0 || best === values.length - 1) return null;
  const [left, middle, right] = [values[best - 1]!, values[best]!, values[best + 1]!];
  const curvature = left - 2 * middle + right;
  const shift = curvature > 0 ? (left - right) / (2 * curvature) : 0;
  return { x: grid[best]! + shift * (grid[1]! - grid[0]!), y: middle - ((left - right) * shift) / 4 };
}

function noInterior({ sizes }: ComputeBudget, curve: Float64Array): string {
  const best = indexOfBest(sizes);
  const atLow = best === 0 || (best < sizes.length - 1 && curve[0]! < curve.at(-1)!);
  const [end, more] = atLow ? ["smallest", "smaller"] : ["largest", "larger"];
  return `no interior minimum: the loss is lowest at the ${end} size; add ${more} ones`;
}

/** A minimum near one end rests on one arm of the curve. */
function offCentre({ sizes }: ComputeBudget, logN: number): readonly string[] {
  const below = sizes.filter((size) => size.logN < logN).length;
  const few = Math.min(below, sizes.length - below);
  if (few >= 2) return [];
  return [`off centre: ${few} size ${below < sizes.length - below ? "below" : "above"} the minimum`];
}
