import fc from "fast-check";
import { expect, test } from "vitest";
import { residuals, solveNonNegative } from "./least-squares.ts";

const rowsOf = (rows: readonly (readonly number[])[]) => ({
  terms: Float64Array.from(rows.flat()),
  numTerms: rows[0]!.length,
});

test("an exact solution without negative parts is found", () => {
  const rows = rowsOf([
    [1, 2, 0],
    [0, 1, 3],
    [2, 0, 1],
  ]);
  const found = solveNonNegative(rows, Float64Array.of(1, 1, 1));
  // By elimination: c3 = 3 - 12 c3, c1 = 6 c3 - 1, c2 = 1 - 3 c3.
  for (const [k, value] of [5 / 13, 4 / 13, 3 / 13].entries()) expect(found[k]).toBeCloseTo(value, 12);
  for (const residual of residuals(rows, found)) expect(residual).toBeCloseTo(0, 12);
});

test("what would be negative is zero, and the rest is solved again", () => {
  const rows = rowsOf([
    [1, 1],
    [1, 2],
    [1, 4],
  ]);
  // Freely: the constant column alone is exact. With a rising target the constant would have to be negative.
  expect([...solveNonNegative(rows, Float64Array.of(1, 1, 1))].map((c) => c.toFixed(9))).toEqual([
    "1.000000000",
    "0.000000000",
  ]);
  const rising = rowsOf([
    [1, 1],
    [1 / 3, 2 / 3],
    [1 / 9, 4 / 9],
  ]);
  const [constant, slope] = solveNonNegative(rising, Float64Array.of(1, 1, 1));
  expect(constant).toBe(0);
  // Least squares of 1 on (1, 2/3, 4/9): sum x / sum x^2.
  expect(slope).toBeCloseTo(19 / 9 / (133 / 81), 12);
});

test("the conditions of the optimum hold: no slope where positive, none downhill where zero", () => {
  const value = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value, value), { minLength: 4, maxLength: 12 }), (table) => {
      const rows = rowsOf(table);
      const found = solveNonNegative(rows, new Float64Array(table.length).fill(1));
      const errors = residuals(rows, found);
      for (let k = 0; k < 3; k++) {
        const slope = table.reduce((sum, row, i) => sum + row[k]! * errors[i]!, 0);
        if (found[k]! > 0) expect(Math.abs(slope)).toBeLessThan(1e-6);
        else expect(slope).toBeLessThan(1e-6);
      }
    }),
    { numRuns: 60 },
  );
});
