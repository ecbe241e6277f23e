/** @file Spare nodes: how many are in repair at a time, and how many in stock keep a run going. */

import { poissonCumulative } from "../../math/gamma.ts";
import type { Interval } from "../../math/interval.ts";
import { mean } from "../../math/statistics.ts";

/** How many spare nodes are enough. */
export type Spares = {
  /** Nodes in repair at a time, what is not known and chance together. */
  readonly nodesOut: Interval;
  /** Spares that are enough at 95 % and 99 % of all times. */
  readonly enoughAt95Percent: number;
  readonly enoughAt99Percent: number;
};

/**
 * From draws of the mean number in repair (removals a second times the mean repair). Repairs go on side by
 * side, so the number is Poisson with that mean whatever the repair times' distribution (Palm); over the
 * draws it is a mixture.
 */
export function sparesFor(meansOut: readonly number[]): Spares {
  return {
    nodesOut: {
      median: enough(meansOut, 0.5),
      lo: enough(meansOut, 0.05),
      hi: enough(meansOut, 0.95),
    },
    enoughAt95Percent: enough(meansOut, 0.95),
    enoughAt99Percent: enough(meansOut, 0.99),
  };
}

/** Least count that the mixture stays at or below with this probability. */
function enough(meansOut: readonly number[], probability: number): number {
  const atMost = (count: number) => mean(meansOut.map((expected) => poissonCumulative(expected, count)));
  let [low, high] = [-1, 1];
  while (atMost(high) < probability) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (atMost(middle) < probability) low = middle;
    else high = middle;
  }
  return high;
}
