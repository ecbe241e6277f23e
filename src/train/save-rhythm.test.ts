import { expect, test } from "vitest";
import { saveInterval } from "./save-rhythm.ts";

test("saves of 40 ms and a failure each 50 s make sqrt(2 x 0.04 x 50) = 2 s, but for their share of it", () => {
  expect(saveInterval(0.04, 50)).toBeCloseTo(2, 12);
  expect(saveInterval(0.4, 1)).toBe(8);
  expect(saveInterval(0.004, 50)).toBeCloseTo(Math.sqrt(0.4), 12);
  expect(saveInterval(0.004, 5000)).toBeCloseTo(Math.sqrt(40), 12);
});

test("where no failure is known, saves take a two-hundredth of the time", () => {
  expect(saveInterval(0.004, null)).toBeCloseTo(0.8, 12);
});
