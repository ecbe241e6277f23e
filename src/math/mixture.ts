/** @file Quantiles of a mixture of normal distributions: how a posterior becomes a median and an interval. */

import { assert } from "../errors.ts";
import { normalCumulative, normalQuantile } from "./normal.ts";

/** A normal distribution with a weight; the weights of a mixture need not add up to 1. */
export type Part = { readonly weight: number; readonly mean: number; readonly sd: number };

/** Mean and standard deviation of a mixture. */
export function momentsOf(parts: readonly Part[]): { readonly mean: number; readonly sd: number } {
  let total = 0;
  let first = 0;
  for (const part of parts) {
    total += part.weight;
    first += part.weight * part.mean;
  }
  assert(total > 0, "a mixture has weight");
  const mean = first / total;
  let second = 0;
  for (const part of parts) second += part.weight * ((part.mean - mean) ** 2 + part.sd ** 2);
  return { mean, sd: Math.sqrt(second / total) };
}

/** Share of the mixture below x. */
function mixtureCumulative(parts: readonly Part[], x: number): number {
  let sum = 0;
  let total = 0;
  for (const part of parts) {
    sum += part.weight * normalCumulative((x - part.mean) / part.sd);
    total += part.weight;
  }
  return sum / total;
}

/** The x below which `fraction` of the mixture lies, to 1e-7 of its deviation (Illinois secant). */
export function mixtureQuantile(parts: readonly Part[], fraction: number): number {
  const { mean, sd } = momentsOf(parts);
  const guess = mean + sd * normalQuantile(fraction);
  let low = guess - 0.5 * sd;
  let high = guess + 0.5 * sd;
  let atLow = mixtureCumulative(parts, low) - fraction;
  while (atLow > 0) {
    low -= sd;
    atLow = mixtureCumulative(parts, low) - fraction;
  }
  let atHigh = mixtureCumulative(parts, high) - fraction;
  while (atHigh < 0) {
    high += sd;
    atHigh = mixtureCumulative(parts, high) - fraction;
  }
  while (high - low > 1e-7 * sd) {
    const x = high - (atHigh * (high - low)) / (atHigh - atLow);
    const at = mixtureCumulative(parts, x) - fraction;
    if (Math.abs(at) < 1e-9) return x;
    if (at < 0) {
      low = x;
      atLow = at;
      atHigh /= 2;
    } else {
      high = x;
      atHigh = at;
      atLow /= 2;
    }
  }
  return (low + high) / 2;
}
