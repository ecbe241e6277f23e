import { expect, test } from "vitest";
import type { Design } from "../../law/law.ts";
import { isOneRecipe } from "./candidate-laws.ts";

const design = (n: number, d: number): Design => ({ n, d, c: 6 * n * d });

test("a ladder of one ratio is one recipe, and so is one whose smallest rungs share a width", () => {
  const straight = [1e6, 2e6, 4e6, 8e6].map((n) => design(n, 20 * n));
  const shared = [1, 2, 4, 8].map((ratio) => design(2.5e4, ratio * 2.5e4));
  expect(isOneRecipe(straight)).toBe(true);
  expect(isOneRecipe([...shared, ...shared.slice(0, 2), design(5e4, 5e5), design(1e5, 1e6)])).toBe(true);
});

test("sizes that are traded for data at one compute are not", () => {
  const grid = [1e6, 2e6, 4e6, 8e6].flatMap((n) => [5, 20, 80].map((ratio) => design(n, ratio * n)));
  expect(isOneRecipe(grid)).toBe(false);
  expect(isOneRecipe([...grid.slice(0, 3), design(5e5, 3e8)])).toBe(false);
});
