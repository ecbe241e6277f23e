/** @file Spearman's rank correlation: do two lists rise together, whatever the shape? */

import { mean } from "./statistics.ts";

/** -1 to 1; 0 where one list is constant. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const centre = mean(x);
  let [xy, xx, yy] = [0, 0, 0];
  for (const [i, rank] of x.entries()) {
    xy += (rank - centre) * (y[i]! - centre);
    xx += (rank - centre) ** 2;
    yy += (y[i]! - centre) ** 2;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

/** Ranks from 1, ties sharing their mean. */
export function ranksOf(values: readonly number[]): readonly number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}
