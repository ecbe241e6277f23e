/** @file From an effect on the loss to how much compute, or how many tokens, the base would need for the same loss. */

import type { Design } from "../../../law/law.ts";
import type { Interval } from "../../../math/interval.ts";
import { normalCumulative, normalQuantile } from "../../../math/normal.ts";
import { Random } from "../../../math/random.ts";
import { quantile } from "../../../math/statistics.ts";
import { mixtureQuantile, type Part } from "../../forecast/mixture.ts";
import { type BaseLaw, multiplierFor } from "./base-law.ts";

export type Multipliers = { readonly computeMultiplier: Interval; readonly tokenMultiplier: Interval | null };

/** Nodes of the mixture's quantile function, even in the normal deviate, out to 3. */
const NUM_NODES = 17;
const LAST_NODE = 3;

/** Multipliers at a design. `sameSizes` is added to the effect where the base keeps the feature's N and D instead of its compute. */
export function multipliersOf(
  baseLaw: BaseLaw,
  design: Design,
  parts: readonly Part[],
  sameSizes = 0,
): Multipliers {
  const effects = draws(parts, baseLaw.draws.length);
  const all = (what: "compute" | "tokens", shift: number) =>
    rangeOf(baseLaw.draws.map((draw, j) => multiplierFor(baseLaw, draw, design, effects[j]! + shift, what)));
  return {
    computeMultiplier: all("compute", 0),
    tokenMultiplier: baseLaw.hasTokens ? all("tokens", sameSizes) : null,
  };
}

/** Values that stand for a mixture: evenly spaced in probability, so that few suffice, and shuffled against the draws of the law. */
function draws(parts: readonly Part[], count: number): Float64Array {
  const nodes = Float64Array.from({ length: NUM_NODES }, (_, i) =>
    mixtureQuantile(parts, normalCumulative(LAST_NODE * ((2 * i) / (NUM_NODES - 1) - 1))),
  );
  const values = Float64Array.from({ length: count }, (_, j) => {
    const z = normalQuantile((j + 0.5) / count);
    const at = Math.min(NUM_NODES - 1.001, Math.max(0, ((z / LAST_NODE + 1) / 2) * (NUM_NODES - 1)));
    const below = Math.floor(at);
    return nodes[below]! + (at - below) * (nodes[below + 1]! - nodes[below]!);
  });
  return new Random(0, "laws.feature.multiplier").shuffle(values);
}

/** Median and 90 % interval; order statistics rather than interpolation where one neighbour is unbounded. */
function rangeOf(values: readonly number[]): Interval {
  const at = (fraction: number) => {
    const value = quantile(values, fraction);
    return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
  };
  return { median: at(0.5), lo: at(0.05), hi: at(0.95) };
}
