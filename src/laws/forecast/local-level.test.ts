import fc from "fast-check";
import { expect, test } from "vitest";
import { localLevel } from "./local-level.ts";

/** The same the long way: the joint covariance of all residuals, the level's start under a flat prior. */
function byCovariance(
  residuals: readonly number[],
  places: readonly number[],
  variances: readonly number[],
  drift: number,
) {
  const n = residuals.length;
  const covariance = residuals.map((_, i) =>
    residuals.map(
      (__, j) => drift ** 2 * (Math.min(places[i]!, places[j]!) - places[0]!) + (i === j ? variances[i]! : 0),
    ),
  );
  const solve = (right: readonly number[]) => {
    const rows = covariance.map((row, i) => [...row, right[i]!]);
    let logDeterminant = 0;
    for (let i = 0; i < n; i++) {
      logDeterminant += Math.log(rows[i]![i]!);
      for (let k = i + 1; k < n; k++) {
        const factor = rows[k]![i]! / rows[i]![i]!;
        for (let j = i; j <= n; j++) rows[k]![j]! -= factor * rows[i]![j]!;
      }
    }
    const x = new Array<number>(n).fill(0);
    for (let i = n - 1; i >= 0; i--) {
      let sum = rows[i]![n]!;
      for (let j = i + 1; j < n; j++) sum -= rows[i]![j]! * x[j]!;
      x[i] = sum / rows[i]![i]!;
    }
    return { x, logDeterminant };
  };
  const { x: ones, logDeterminant } = solve(residuals.map(() => 1));
  const { x: data } = solve(residuals);
  const total = ones.reduce((sum, v) => sum + v, 0);
  const start = data.reduce((sum, v) => sum + v, 0) / total;
  const quadratic = residuals.reduce((sum, r, i) => sum + r * (data[i]! - start * ones[i]!), 0);
  return { logLikelihood: -(logDeterminant + Math.log(total) + quadratic) / 2 };
}

const step = fc.double({ min: 0, max: 1, noNaN: true });
const variance = fc.double({ min: 0.1, max: 2, noNaN: true });
const residual = fc.double({ min: -2, max: 2, noNaN: true });

test("the filter's likelihood is that of the joint normal with a flat start, up to the first variance's constant", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(step, variance, residual), { minLength: 2, maxLength: 7 }),
      fc.double({ min: 0.05, max: 2, noNaN: true }),
      (rows, drift) => {
        let place = 0;
        const places = rows.map(([dx]) => (place += dx));
        const variances = rows.map(([, v]) => v);
        const residuals = rows.map(([, , r]) => r);
        const { logLikelihood } = localLevel(
          Float64Array.from(residuals),
          Float64Array.from(places),
          Float64Array.from(variances),
          drift,
        );
        expect(logLikelihood).toBeCloseTo(byCovariance(residuals, places, variances, drift).logLikelihood, 8);
      },
    ),
    { numRuns: 60 },
  );
});

test("without drift the level is the weighted mean, and its variance falls with every run", () => {
  const { level, variance: left } = localLevel(
    Float64Array.of(1, 3),
    Float64Array.of(0, 1),
    Float64Array.of(1, 3),
    0,
  );
  expect(level).toBeCloseTo(1.5, 12);
  expect(left).toBeCloseTo(0.75, 12);
});
