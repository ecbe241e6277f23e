import { expect, test } from "vitest";
import { byDesign, compareDesigns, designGap } from "./pairs.ts";

const run = (n: number, loss: number, seed?: number, name = "line 2") => ({
  run: name,
  n,
  d: 20 * n,
  c: 120 * n * n,
  loss,
  ...(seed === undefined ? {} : { seed }),
});

test("runs of one seed are compared as pairs, and the seed that only one side has is left out", () => {
  const base = byDesign([run(1e6, 3, 1), run(1e6, 3.1, 2), run(1e6, 9, 3)]);
  const feature = byDesign([run(1e6, 2.9, 2), run(1e6, 2.8, 1)]);
  const [pair] = compareDesigns(base, feature).comparisons;
  const differences = [Math.log(2.9 / 3.1), Math.log(2.8 / 3)];
  const middle = (differences[0]! + differences[1]!) / 2;
  expect(pair).toMatchObject({ kind: "pairs", numPairs: 2, noiseFactor: 1 / 2, degreesOfFreedom: 1 });
  expect(pair!.value).toBeCloseTo(middle, 12);
  expect(pair!.scatter).toBeCloseTo((differences[0]! - middle) ** 2 + (differences[1]! - middle) ** 2, 12);
});

test("without common seeds the means are compared, and one run carries half a pair's variance", () => {
  const [means] = compareDesigns(
    byDesign([run(1e6, 3, 1), run(1e6, 3, 2)]),
    byDesign([run(1e6, 2.7, 5)]),
  ).comparisons;
  expect(means).toMatchObject({
    kind: "means",
    numPairs: 1,
    noiseFactor: 0.75,
    scatter: 0,
    degreesOfFreedom: 1,
  });
});

test("a change that adds 3 % parameters still answers its rung; a size 40 % away does not", () => {
  const base = byDesign([run(1e6, 3), run(4e6, 2.8)]);
  const near = { ...run(1.03e6, 2.9), d: 2e7 };
  const { comparisons, alone } = compareDesigns(base, byDesign([near, run(1.4e6, 2.85)]));
  expect(comparisons.map(({ feature }) => feature.n)).toEqual([1.03e6]);
  expect(alone.map(({ n }) => n)).toEqual([1.4e6]);
});

test("rungs of one name answer one another where designs alone would not, lines of files never do", () => {
  const [base, feature] = [run(1e6, 3, 1, "rung 1"), run(1.2e6, 2.9, 1, "rung 1")];
  expect(compareDesigns(byDesign([base]), byDesign([feature])).comparisons).toHaveLength(1);
  const lines = compareDesigns(
    byDesign([{ ...base, run: "line 2" }]),
    byDesign([{ ...feature, run: "line 2" }]),
  );
  expect(lines.comparisons).toHaveLength(0);
});

test("what a table does not have does not keep designs apart", () => {
  expect(designGap({ n: 1, d: Number.NaN, c: 2 }, { n: 1, d: 5, c: 2 })).toBe(0);
});
