import fc from "fast-check";
import { expect, test } from "vitest";
import { robustScale } from "../../math/statistics.ts";
import { costOf, freeResiduals, type Loss } from "./loss.ts";

const residual = fc.double({ min: -1, max: 1, noNaN: true });

test("the losses at known residuals", () => {
  const at = (loss: Loss, r: number) => costOf(loss, r);
  expect(at({ kind: "squared" }, 0.2)).toBeCloseTo(0.02, 15);
  expect(at({ kind: "absolute" }, -0.2)).toBe(0.2);
  expect(at({ kind: "huber", delta: 0.1 }, 0.2)).toBeCloseTo(0.015, 15);
  expect(at({ kind: "asymmetric", delta: 0.1, penalty: 10 }, 0.2)).toBeCloseTo(0.015, 15);
  expect(at({ kind: "asymmetric", delta: 0.1, penalty: 10 }, -0.2)).toBeCloseTo(0.15, 14);
});

test("every loss is zero at zero, never falls away from it, and only the asymmetric one has sides", () => {
  const losses: readonly Loss[] = [
    { kind: "huber", delta: 0.01 },
    { kind: "absolute" },
    { kind: "squared" },
    { kind: "asymmetric", delta: 0.01, penalty: 3 },
  ];
  fc.assert(
    fc.property(fc.constantFrom(...losses), residual, residual, (loss, a, b) => {
      expect(costOf(loss, 0)).toBe(0);
      if (a * b >= 0 && Math.abs(a) <= Math.abs(b))
        expect(costOf(loss, a)).toBeLessThanOrEqual(costOf(loss, b));
      if (loss.kind !== "asymmetric") expect(costOf(loss, a)).toBe(costOf(loss, -a));
    }),
  );
});

test("the robust scale is that of the bulk", () => {
  expect(robustScale([-0.1, 0.1, 0.1, -0.1, 50])).toBeCloseTo(0.14826, 12);
});

test("what a fit passes through is left out of its noise", () => {
  expect([...freeResiduals([1e-9, -3, 0, 2, -1], 2)]).toEqual([-3, 2, -1]);
  expect([...freeResiduals([1, 2], 5)]).toEqual([2]);
});
