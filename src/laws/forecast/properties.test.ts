/**
 * @file What more runs may do to a forecast: seeds and rungs of a law that holds inform it, and cost nothing.
 */

import { expect, test } from "vitest";
import type { Design } from "../../law/law.ts";
import { predict } from "../../law/predict.ts";
import type { Interval } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { mean, standardDeviation } from "../../math/statistics.ts";
import type { TableRun } from "../table/run-table.ts";
import { forecast } from "./forecast.ts";
import { study } from "./study.ts";

/** A design at 20 tokens a parameter. */
function designOf(c: number): Design {
  const n = Math.sqrt(c / 120);
  return { n, d: 20 * n, c };
}

/** Standard error of a mean over simulated ladders. */
const errorOf = (values: readonly number[]) => standardDeviation(values) / Math.sqrt(values.length);
const logWidth = ({ lo, hi }: Interval) => Math.log(hi / lo);

/** Nine rungs from 1e17 to 1e19 FLOPs of a law with 2.252 at 1e21, and the sixth rung once more. */
function houseLadder(seed: number): { readonly nine: readonly TableRun[]; readonly again: TableRun } {
  const random = new Random(seed, "house");
  const run = (i: number, number: number): TableRun => {
    const design = designOf(10 ** (17 + i / 4));
    const loss = 1.8 + 480 * design.n ** -0.35 + 2085 * design.d ** -0.37;
    return { run: `rung ${i}`, seed: number, ...design, loss: loss * Math.exp(0.003 * random.normal()) };
  };
  return { nine: Array.from({ length: 9 }, (_, i) => run(i, 1)), again: run(4, 2) };
}

test("a tenth run, one more seed of the middle rung, is no reason to refuse or to widen", () => {
  const target = designOf(1e21);
  const ratios = [1, 2, 3, 4, 5].map((seed) => {
    const { nine, again } = houseLadder(seed);
    const [before, after] = [forecast(nine, target), forecast([...nine, again], target)];
    expect(after.lo).toBeLessThan(2.252);
    expect(after.hi).toBeGreaterThan(2.252);
    return logWidth(after) / logWidth(before);
  });
  for (const ratio of ratios) expect(ratio).toBeLessThan(1.05);
  expect(mean(ratios)).toBeLessThanOrEqual(1 + errorOf(ratios));
});

/**
 * Log widths at reach 30 of eight rungs drawn from a law, with one more seed of one, and with one more rung.
 */
function widths(seed: number) {
  const random = new Random(seed, "more runs");
  const [b, floor] = [0.12 + 0.08 * random.uniform(), 0.5 + 0.2 * random.uniform()];
  const run = (i: number, number: number): TableRun => {
    const design = designOf(10 ** (17 + i / 4));
    const loss = 2 * (floor + (1 - floor) * (design.c / 1e19) ** -b);
    return { run: `${i}`, seed: number, ...design, loss: loss * Math.exp(0.003 * random.normal()) };
  };
  const ladder = Array.from({ length: 8 }, (_, i) => run(i, 1));
  const [again, further] = [run(random.integer(8), 2), run(8, 1)];
  const at = (runs: readonly TableRun[]) => logWidth(predict(study(runs).posterior, designOf(2e20)));
  return { own: at(ladder), again: at([...ladder, again]), further: at([...ladder, further]) };
}

test("ladders drawn from a law: one more seed does not widen the interval but by chance, one more rung narrows it", () => {
  const all = Array.from({ length: 16 }, (_, seed) => widths(seed));
  const ratios = (of: "again" | "further") => all.map((one) => one[of] / one.own);
  // A seed far from its twin says that runs scatter more than they seemed to, and that is news.
  for (const ratio of ratios("again")) expect(ratio).toBeLessThan(1.12);
  expect(mean(ratios("again"))).toBeLessThanOrEqual(1 + errorOf(ratios("again")));
  for (const ratio of ratios("further")) expect(ratio).toBeLessThan(0.95);
});

test("tables over sizes and ratios: one more seed, and one more design at the top, in the same way", () => {
  const ratios = [0, 1, 2].map((seed) => {
    const random = new Random(seed, "table");
    const run = (c: number, ratio: number, number: number): TableRun => {
      const n = Math.sqrt(c / (6 * ratio));
      const loss = 1.8 + 480 * n ** -0.35 + 2085 * (ratio * n) ** -0.37;
      const scattered = loss * Math.exp(0.003 * random.normal());
      return { run: `${c} ${ratio}`, seed: number, n, d: ratio * n, c, loss: scattered };
    };
    const places = [1e18, 3e18, 1e19, 3e19, 1e20];
    const table = places.flatMap((c) => [6, 20, 60].map((ratio) => run(c, ratio, 1)));
    const [again, further] = [run(1e19, 20, 2), run(3e20, 20, 1)];
    const at = (runs: readonly TableRun[]) => logWidth(predict(study(runs).posterior, designOf(2e21)));
    const own = at(table);
    return { again: at([...table, again]) / own, further: at([...table, further]) / own };
  });
  for (const { again, further } of ratios) {
    expect(again).toBeLessThan(1.03);
    expect(further).toBeLessThan(1);
  }
});
