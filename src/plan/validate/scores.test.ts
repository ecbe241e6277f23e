import { expect, test } from "vitest";
import { joinRankings, orderOf, summariseErrors } from "./scores.ts";

test("Spearman and regret of small orders", () => {
  const of = (pairs: readonly (readonly [number, number])[]) =>
    orderOf(pairs.map(([predicted, measured]) => ({ predicted, measured })));
  expect(
    of([
      [1, 10],
      [2, 20],
      [3, 30],
      [4, 40],
    ]),
  ).toMatchObject({ spearman: 1, regretPercent: 0 });
  expect(
    of([
      [4, 10],
      [3, 20],
      [2, 30],
      [1, 40],
    ]),
  ).toMatchObject({ spearman: -1, regretPercent: 300 });
  // 1 - 6 x (1 + 1) / (4 x 15)
  const swapped = of([
    [1, 11],
    [2, 10],
    [3, 30],
    [4, 40],
  ]);
  expect(swapped.spearman).toBeCloseTo(0.8, 12);
  expect(swapped.regretPercent).toBeCloseTo(10, 12);
});

test("rankings are joined by the number of their layouts", () => {
  const ranking = (layouts: number, spearman: number, regretPercent: number) => ({
    setting: "",
    layouts,
    spearman,
    regretPercent,
  });
  expect(joinRankings([])).toBeNull();
  expect(joinRankings([ranking(4, 1, 0), ranking(12, 0.5, 4)])).toEqual({
    spearman: 0.625,
    regretPercent: 3,
  });
});

test("errors: mean, median, ninth decile, worst and bias", () => {
  const errors = summariseErrors([
    { predicted: 1.1, measured: 1 },
    { predicted: 0.8, measured: 1 },
    { predicted: 3, measured: 2 },
  ]);
  expect(errors.rows).toBe(3);
  expect(errors.mapePercent).toBeCloseTo(80 / 3, 9);
  expect(errors.medianPercent).toBeCloseTo(20, 9);
  expect(errors.worstPercent).toBeCloseTo(50, 9);
  expect(errors.biasPercent).toBeCloseTo(10, 9);
});
