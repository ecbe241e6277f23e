/** @file A number in a sentence: 3.21, 124 M, 6.00e18. */

import { formatCount } from "../../units/print.ts";

/** Three digits; counts with a prefix up to billions, FLOPs with an exponent. */
export function short(value: number): string {
  if (Math.abs(value) < 1e4) return String(Number(value.toPrecision(3)));
  return Math.abs(value) < 1e15 ? formatCount(value) : value.toExponential(2);
}
