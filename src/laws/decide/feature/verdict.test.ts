import { expect, test } from "vitest";
import { judge, multiplierText } from "./verdict.ts";

const range = (median: number, lo: number, hi: number) => ({ median, lo, hi });
const factsWith = (multiplier: ReturnType<typeof range>, probabilityHelps: number) => ({
  atTarget: {
    computeMultiplier: multiplier,
    probabilityHelps,
  },
  reach: 12.34,
  minimumDetectable: { atLargestPercent: 0.2, atTargetPercent: 0.456, atTargetMultiplier: 1.1 },
  furtherRung: {
    c: 3e19,
    n: 1e9,
    d: 2e10,
    numPairs: 2,
    cost: 1.2e20,
    widthNowPercent: 1.234,
    widthAfterPercent: 0.987,
  },
});
const WORTH = 1.02;

test("a whole interval above 1 is adopted, with the numbers", () => {
  expect(judge(factsWith(range(1.2, 1.05, 1.4), 0.981), WORTH)).toEqual({
    decision: "adopt",
    reason:
      "adopt: at the target, 12 times the largest rung, it is worth 1.2 (1.05 to 1.4) times the compute " +
      "and helps with probability 0.98",
  });
});

test("a whole interval below 1 is dropped, and so is one that is not worth having", () => {
  expect(judge(factsWith(range(0.8, 0.7, 0.95), 0.001), WORTH).reason).toMatch(
    /^drop: .*probability below 0.01; it harms$/,
  );
  expect(judge(factsWith(range(1.005, 0.99, 1.015), 0.7), WORTH)).toMatchObject({
    decision: "drop",
    reason: expect.stringMatching(/even the upper end is less than the 1.02 worth having$/),
  });
});

test("what is left is undecided, with what the ladder could have seen and what would tell more", () => {
  const facts = factsWith(range(1.1, 0.95, Number.POSITIVE_INFINITY), 0.85);
  expect(judge(facts, WORTH)).toEqual({
    decision: "undecided",
    reason:
      "undecided: at the target, 12 times the largest rung, it is worth 1.1 (0.95 to unbounded) times the " +
      "compute and helps with probability 0.85; this ladder finds an effect of 0.46 % of the loss there 4 " +
      "times out of 5; 2 more pairs at 3.0e19 FLOP would narrow the interval from 1.23 to 0.99 % of the loss",
  });
  expect(judge({ ...facts, furtherRung: null }, WORTH).reason).toMatch(/no rung up to the target's compute/);
  // A real effect that is too small to be worth having is not adopted.
  expect(judge(factsWith(range(1.01, 1.002, 1.03), 0.99), WORTH).decision).toBe("undecided");
});

test("multipliers keep three digits, and their ends have names", () => {
  expect([1.23456, 1e7, 0.00012, 0, Number.POSITIVE_INFINITY].map(multiplierText)).toEqual([
    "1.23",
    "10000000",
    "0.00012",
    "0",
    "unbounded",
  ]);
});

test("near 1 a factor keeps three decimals", () => {
  expect([0.996, 1, 1.0004, 1.05, 0.9].map(multiplierText)).toEqual([
    "0.996",
    "1.000",
    "1.000",
    "1.05",
    "0.9",
  ]);
});
