import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import { type Covariance, measured, varianceAfter, varianceOf } from "./information.ts";

/** Covariance of random mixtures of `dimension` normals. */
function randomCovariance(seed: number, dimension: number): Covariance {
  const random = new Random(seed, "knowledge");
  const factor = Array.from({ length: dimension * dimension }, () => random.normal());
  const covariance = new Float64Array(dimension * dimension);
  for (let i = 0; i < dimension; i++)
    for (let j = 0; j < dimension; j++)
      for (let k = 0; k < dimension; k++)
        covariance[i * dimension + j]! += factor[i * dimension + k]! * factor[j * dimension + k]!;
  return { dimension, values: covariance };
}

test("one variable: precisions add up", () => {
  const prior = { dimension: 1, values: Float64Array.of(4) };
  // 1 / (1/4 + 1/1) = 0.8
  expect(varianceAfter(prior, 0, 0, 1)).toBeCloseTo(0.8, 12);
  expect(varianceOf(measured(prior, 0, 1), 0)).toBeCloseTo(0.8, 12);
});

test("two variables: the conditional covariance, written out", () => {
  const covariance = { dimension: 2, values: Float64Array.of(4, 1.5, 1.5, 2) };
  const after = measured(covariance, 1, 0.5);
  const expected = [4 - 1.5 ** 2 / 2.5, 1.5 - (1.5 * 2) / 2.5, 1.5 - (1.5 * 2) / 2.5, 2 - 4 / 2.5];
  expect([...after.values]).toEqual(expected.map((value) => expect.closeTo(value, 12)));
});

test("what a measurement is said to tell is what is known once it is made; it never widens, and order does not matter", () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.integer({ min: 2, max: 6 }), (seed, dimension) => {
      const covariance = randomCovariance(seed, dimension);
      for (let i = 0; i < dimension; i++) {
        const after = varianceAfter(covariance, 0, i, 0.3);
        expect(varianceOf(measured(covariance, i, 0.3), 0)).toBeCloseTo(after, 9);
        expect(after).toBeLessThanOrEqual(varianceOf(covariance, 0) * (1 + 1e-12));
      }
      const [a, b] = [
        measured(measured(covariance, 0, 0.3), 1, 0.2),
        measured(measured(covariance, 1, 0.2), 0, 0.3),
      ];
      a.values.forEach((value, i) => {
        expect(value).toBeCloseTo(b.values[i]!, 9);
      });
    }),
    { numRuns: 50 },
  );
});
