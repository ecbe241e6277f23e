import { expect, test } from "vitest";
import { rankCorrelation, ranksOf } from "./rank.ts";

test("ranks share ties", () => {
  expect(ranksOf([3, 1, 3, 2])).toEqual([3.5, 1, 3.5, 2]);
});

test("lists that rise together, apart, or not at all", () => {
  expect(rankCorrelation([1, 2, 3, 4], [10, 100, 1e3, 1e4])).toBe(1);
  expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1);
  expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBe(0);
  // By hand: ranks 0 1.5 1.5 3 against 0 1 2 3: 4.5 / sqrt(4.5 x 5).
  expect(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
});
