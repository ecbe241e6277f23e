import fc from "fast-check";
import { expect, test } from "vitest";
import { hash32, permute } from "./permutation.ts";

test("every key permutes every size", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), (size, key) => {
      const places = Array.from({ length: size }, (_, i) => permute(i, size, key));
      expect(new Set(places).size).toBe(size);
      expect(Math.max(...places)).toBe(size - 1);
    }),
    { numRuns: 60 },
  );
});

test("large sizes stay in range and do not repeat", () => {
  const size = 3_000_000_019;
  const places = Array.from({ length: 2000 }, (_, i) => permute(i * 1_500_000, size, 7));
  expect(new Set(places).size).toBe(2000);
  expect(places.every((place) => Number.isInteger(place) && place >= 0 && place < size)).toBe(true);
});

test("keys give unrelated orders, and no order is near the sorted one", () => {
  const size = 1000;
  const order = (key: number) => Array.from({ length: size }, (_, i) => permute(i, size, key));
  const [a, b] = [order(1), order(2)];
  const sorted = Array.from({ length: size }, (_, i) => i);
  // The correlation of two independent orders of 1000 has a standard deviation of 0.032.
  expect(Math.abs(correlation(a, b))).toBeLessThan(0.13);
  expect(Math.abs(correlation(a, sorted))).toBeLessThan(0.13);
});

test("each first place is equally likely over keys", () => {
  const counts = new Array<number>(5).fill(0);
  for (let key = 0; key < 5000; key++) counts[permute(0, 5, hash32(key))]! += 1;
  // Binomial: 1000 expected, standard deviation 28.
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (a.length - 1) / 2;
  const covariance = a.reduce((sum, value, i) => sum + (value - mean) * (b[i]! - mean), 0);
  return covariance / a.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}
