/** @file Functions of one number: their lowest point, and where they cross zero. */

/** Points of the first look: 1.2 apart in the log of a budget, finer than any published optimum. */
const NUM_LOOKS = 41;

type Lowest = { readonly argument: number; readonly value: number; readonly interior: boolean };

/**
 * The lowest point of a function with one valley: a look at even distances, golden section, two Newton steps.
 */
export function lowest(at: (x: number) => number, from: number, to: number): Lowest {
  const step = (to - from) / (NUM_LOOKS - 1);
  let best = 0;
  let bestValue = Infinity;
  for (let i = 0; i < NUM_LOOKS; i++) {
    const value = at(from + i * step);
    if (value < bestValue) [best, bestValue] = [i, value];
  }
  const x = golden(at, from + Math.max(0, best - 1) * step, from + Math.min(NUM_LOOKS - 1, best + 1) * step);
  const argument = sharpened(at, sharpened(at, x));
  const value = at(argument);
  const edge = best === 0 ? from : best === NUM_LOOKS - 1 ? to : null;
  if (edge !== null && bestValue <= value) return { argument: edge, value: bestValue, interior: false };
  return { argument, value, interior: true };
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Golden section to near the bottom. */
function golden(at: (x: number) => number, from: number, to: number): number {
  let [a, b] = [from, to];
  let x1 = b - GOLDEN * (b - a);
  let x2 = a + GOLDEN * (b - a);
  let [f1, f2] = [at(x1), at(x2)];
  while (b - a > 1e-3) {
    if (f1 <= f2) {
      b = x2;
      [x2, f2] = [x1, f1];
      x1 = b - GOLDEN * (b - a);
      f1 = at(x1);
    } else {
      a = x1;
      [x1, f1] = [x2, f2];
      x2 = a + GOLDEN * (b - a);
      f2 = at(x2);
    }
  }
  return (a + b) / 2;
}

/**
 * One Newton step on the slope, from five points. Comparing values finds a bottom to the root of the rounding
 * error only; the slope crosses zero there with all its digits.
 */
function sharpened(at: (x: number) => number, x: number): number {
  const h = 3e-3;
  const [a, b, c, d, e] = [at(x - 2 * h), at(x - h), at(x), at(x + h), at(x + 2 * h)];
  const slope = (a - 8 * b + 8 * d - e) / (12 * h);
  const curvature = (-a + 16 * b - 30 * c + 16 * d - e) / (12 * h * h);
  const moved = x - slope / curvature;
  return Math.abs(moved - x) < h && at(moved) <= c ? moved : x;
}

/**
 * Where a function that is below zero at `inside` crosses zero on the way to `outside`; null if it never
 * does. False position with Illinois' rule (the end that stays counts half), halving where a value is
 * infinite.
 */
export function crossing(at: (x: number) => number, inside: number, outside: number): number | null {
  let [low, high] = [inside, outside];
  let [below, above] = [at(low), at(high)];
  if (!(above > 0)) return null;
  if (!(below < 0)) return low;
  for (let i = 0; i < 200 && Math.abs(high - low) > 1e-11 * Math.max(1, Math.abs(high)); i++) {
    const secant = high - (above * (high - low)) / (above - below);
    const x = Number.isFinite(secant) && i % 8 < 7 ? secant : (low + high) / 2;
    const value = at(x);
    if (value === 0) return x;
    if (value > 0) {
      [high, above] = [x, value];
      below /= 2;
    } else {
      [low, below] = [x, value];
      above /= 2;
    }
  }
  return (low + high) / 2;
}
