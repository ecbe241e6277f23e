/** @file Runs for tests: of a known law with noise, and the public tables where they are at hand. */

import { thirdParty } from "../../../test/support/third-party.ts";
import { dataConstrainedLaw } from "../../law/formulas/data-constrained.ts";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { lossOf } from "../../law/law.ts";
import { Random } from "../../math/random.ts";
import { readTable, type TableOptions } from "../table/read-table.ts";
import type { RunTable, TableRun } from "../table/run-table.ts";

/** A 400, B 2000, E 1.8, alpha .34, beta .36, as internal parameters. */
const KNOWN_THETA = Float64Array.of(Math.log(400), Math.log(2000), Math.log(1.8), 0.34, 0.36);

/** Five sizes at these ratios D / N, with normal noise in log loss. */
export function knownRuns(noise: number, seed = 1, ratios: readonly number[] = [10, 20, 60]): TableRun[] {
  const random = new Random(seed, "known");
  return [1e7, 3e7, 1e8, 3e8, 1e9].flatMap((n) =>
    ratios.map((ratio) => {
      const design = { n, d: ratio * n, c: 6 * n * ratio * n };
      const loss = lossOf(chinchillaLaw, KNOWN_THETA, design) * Math.exp(noise * random.normal());
      return { ...design, run: `${n}-${ratio}`, loss };
    }),
  );
}

/** Runs of a data-constrained law with R_D* 6: four sizes, two ratios, 1 to 16 epochs, noise of 0.2 %. */
export function repeatingRuns(): TableRun[] {
  const theta = dataConstrainedLaw.internal([400, 2000, 1.8, 0.34, 0.36, 6, 5]);
  const random = new Random(1, "repeats");
  return [1e8, 3e8, 1e9, 3e9].flatMap((n) =>
    [1, 2, 4, 8, 16].flatMap((epochs) =>
      [5, 20].map((ratio) => {
        const design = { n, d: ratio * n, c: 6 * ratio * n * n, unique: (ratio * n) / epochs };
        const loss = lossOf(dataConstrainedLaw, theta, design) * Math.exp(0.002 * random.normal());
        return { ...design, run: `${n}-${epochs}-${ratio}`, loss };
      }),
    ),
  );
}

export function tableWith(runs: readonly TableRun[]): RunTable {
  return {
    source: "test",
    runs,
    setAside: [],
    warnings: [],
    conventions: { parameters: "all", compute: "6 N D" },
  };
}

export const EPOCH = thirdParty("laws/chinchilla-epoch.csv");
export const MUENNIGHOFF = thirdParty("laws/datablations_c4_fit182.csv");

export const epochTable = (options: TableOptions = {}) =>
  readTable(EPOCH.read(), "chinchilla-epoch", options);
export const muennighoffTable = () => readTable(MUENNIGHOFF.read(), "datablations_c4_fit182");
