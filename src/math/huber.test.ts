import { expect, test } from "vitest";
import { huber, huberResidual } from "./huber.ts";

test("Huber's loss is quadratic inside delta, linear outside, smooth between", () => {
  expect(huber(0.5, 1)).toBe(0.125);
  expect(huber(-3, 1)).toBe(2.5);
  expect(huber(1 + 1e-9, 1)).toBeCloseTo(huber(1, 1), 8);
});

test("the residual keeps its sign; half its square is the loss", () => {
  expect(huberResidual(-0.5, 1)).toBe(-0.5);
  expect(huberResidual(-3, 1) ** 2 / 2).toBeCloseTo(2.5, 12);
});
