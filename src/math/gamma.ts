/** @file Gamma and Poisson: how sure a count makes us of a rate, and counts drawn from a rate. */

import { assert } from "../errors.ts";
import { normalQuantile } from "./normal.ts";
import type { Random } from "./random.ts";

// Lanczos 1964 with g = 7 and nine terms, the coefficients of Godfrey 2001: about 15 digits for x > 0.
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** log Gamma(x) for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (z + i);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** P(X <= x) for X of Gamma(shape, rate 1): the series below the mean, Lentz's fraction above. */
export function gammaCumulative(shape: number, x: number): number {
  if (x <= 0) return 0;
  const front = Math.exp(shape * Math.log(x) - x - logGamma(shape));
  if (x < shape + 1) {
    let term = 1 / shape;
    let sum = term;
    for (let n = 1; term > sum * 1e-16; n++) {
      term *= x / (shape + n);
      sum += term;
    }
    return front * sum;
  }
  let b = x + 1 - shape;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 100_000; i++) {
    const a = -i * (i - shape);
    b += 2;
    d = 1 / (a * d + b);
    c = b + a / c;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return 1 - front * h;
}

/** x with P(X <= x) = p for X of Gamma(shape, rate 1): bisection from Wilson and Hilferty's bracket. */
export function gammaQuantile(shape: number, p: number): number {
  assert(shape > 0 && p > 0 && p < 1, `a gamma quantile takes a shape above 0 and 0..1, got ${shape}, ${p}`);
  const ninth = 1 / (9 * shape);
  const guess = shape * Math.max(1e-3, 1 - ninth + normalQuantile(p) * Math.sqrt(ninth)) ** 3;
  let [lo, hi] = [guess, guess];
  while (gammaCumulative(shape, lo) > p) lo /= 2;
  while (gammaCumulative(shape, hi) < p) hi *= 2;
  for (let i = 0; i < 200 && hi - lo > 1e-14 * hi; i++) {
    const middle = (lo + hi) / 2;
    if (gammaCumulative(shape, middle) < p) lo = middle;
    else hi = middle;
  }
  return (lo + hi) / 2;
}

/** P(X <= count) for a Poisson count: P(X <= k) = 1 - P(Gamma(k + 1) <= mean). */
export function poissonCumulative(mean: number, count: number): number {
  if (count < 0) return 0;
  return mean === 0 ? 1 : 1 - gammaCumulative(Math.floor(count) + 1, mean);
}

/** Draws from Gamma(shape, rate 1): Marsaglia and Tsang 2000; below shape 1 by their boost from shape + 1. */
export function drawGamma(random: Random, shape: number): number {
  if (shape < 1) {
    const boost = (1 - random.uniform()) ** (1 / shape);
    return boost * drawGamma(random, shape + 1);
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** From this mean on a Poisson count is drawn by rejection rather than by counting arrivals. */
const FEW_ARRIVALS = 10;

/** Draws a Poisson count: arrivals for small means, else Hoermann's transformed rejection (PTRS, 1993). */
export function drawPoisson(random: Random, mean: number): number {
  if (mean < FEW_ARRIVALS) {
    const limit = Math.exp(-mean);
    let product = random.uniform();
    let count = 0;
    for (; product > limit; count++) product *= random.uniform();
    return count;
  }
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const accepted = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = random.uniform() - 0.5;
    const v = 1 - random.uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= accepted) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    const logV = Math.log((v * inverseAlpha) / (a / (us * us) + b));
    if (logV <= k * Math.log(mean) - mean - logGamma(k + 1)) return k;
  }
}
