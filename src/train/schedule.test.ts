import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { learningRateAt, numWarmUpSteps } from "./schedule.ts";

const steps = (numSteps: number, peak: number) =>
  Array.from({ length: numSteps }, (_, i) => learningRateAt(i + 1, numSteps, peak));

describe("the learning rate", () => {
  test("of forty steps rises over two and falls over the rest, by hand", () => {
    const rates = steps(40, 0.78);
    expect(rates.slice(0, 4)).toEqual([0.39, 0.78, (0.78 * 38) / 39, (0.78 * 37) / 39]);
    expect(rates.at(-1)).toBeCloseTo(0.02, 12);
    expect(learningRateAt(41, 40, 0.78)).toBe(0);
  });

  test("of a single step is the peak", () => expect(steps(1, 0.5)).toEqual([0.5]));

  test("warms up for a twentieth of the steps, and for one at least", () => {
    expect([1, 10, 29, 30, 100, 1000].map(numWarmUpSteps)).toEqual([1, 1, 1, 2, 5, 50]);
  });

  test("reaches its peak once, rises before and falls after, always above zero", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), (numSteps) => {
        const rates = steps(numSteps, 3);
        const top = rates.indexOf(3);
        expect(top + 1).toBe(numWarmUpSteps(numSteps));
        for (let i = 1; i < numSteps; i++)
          expect(Math.sign(rates[i]! - rates[i - 1]!)).toBe(i <= top ? 1 : -1);
        expect(Math.min(...rates)).toBeGreaterThan(0);
      }),
      { numRuns: 50 },
    );
  });

  test("falls in a straight line: equal steps, which would reach zero one step after the last", () => {
    const rates = steps(200, 1).slice(9);
    const fall = rates[0]! - rates[1]!;
    for (let i = 1; i < rates.length; i++) expect(rates[i - 1]! - rates[i]!).toBeCloseTo(fall, 12);
    expect(rates.at(-1)).toBeCloseTo(fall, 12);
  });
});
