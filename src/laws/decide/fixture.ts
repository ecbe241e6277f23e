/** @file Tables of runs for the tests of decisions: made from a known law, or read from the public data. */

import { thirdParty } from "../../../test/support/third-party.ts";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { lossOf } from "../../law/law.ts";
import { Random } from "../../math/random.ts";
import { readTable } from "../table/read-table.ts";
import type { RunTable, TableRun } from "../table/table.ts";

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
  return tableOf(runs.map((run, i) => ({ ...run, run: `run ${i}` })));
}

/** Runs as a table. */
export function tableOf(runs: readonly TableRun[]): RunTable {
  return {
    source: "test",
    runs,
    setAside: [],
    warnings: [],
    conventions: { parameters: "test", tokens: "test", compute: "test", loss: "test" },
  };
}

export const EPOCH = thirdParty("laws/chinchilla-epoch.csv");

/** Epoch's 240 points. */
export const chinchillaTable = (): RunTable => readTable(EPOCH.read(), "chinchilla");
