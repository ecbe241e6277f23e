/** @file A table of runs of a known law, for the tests of decisions. */

import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { lossOf } from "../../law/law.ts";
import { Random } from "../../math/random.ts";
import { tableWith } from "../fit/fixture.ts";
import type { RunTable } from "../table/run-table.ts";

/** Besiroglu et al.'s refit of Chinchilla. */
export const TRUTH = Float64Array.of(6.16925, 7.67016, 0.597307, 0.34731, 0.36717);

/** isoFLOP runs of `TRUTH`: five ratios D / N at each compute, with noise in log loss. */
export function knownTable(
  noise: number,
  seed = 1,
  ratios: readonly number[] = [0.25, 0.5, 1, 2, 4].map((factor) => 20 * factor ** 2),
): RunTable {
  const random = new Random(seed, "known table");
  const runs = [1e18, 3e18, 1e19, 3e19, 1e20].flatMap((c) =>
    ratios.map((ratio) => {
      const n = Math.sqrt(c / (6 * ratio));
      const design = { n, d: ratio * n, c };
      return { ...design, loss: lossOf(chinchillaLaw, TRUTH, design) * Math.exp(noise * random.normal()) };
    }),
  );
  return tableWith(runs.map((run, i) => ({ ...run, run: `run ${i}` })));
}
