import { expect, test } from "vitest";
import { mixtureQuantile } from "./mixture.ts";

test("quantiles of a mixture: one part is a normal, two far apart split at the weights", () => {
  expect(mixtureQuantile([{ weight: 3, mean: 1, sd: 2 }], 0.95)).toBeCloseTo(1 + 2 * 1.6448536269514722, 6);
  const two = [
    { weight: 0.3, mean: 0, sd: 0.01 },
    { weight: 0.7, mean: 1, sd: 0.01 },
  ];
  expect(mixtureQuantile(two, 0.15)).toBeCloseTo(0, 4);
  expect(mixtureQuantile(two, 0.65)).toBeCloseTo(1, 4);
});
