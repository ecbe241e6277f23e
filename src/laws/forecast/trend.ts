/** @file A law as a forecast uses it: its shape relative to the largest rung, so that only an exponent and a floor are unknown. */

import type { Design } from "../../law/law.ts";

/** What is unknown of a law's shape. */
export type Shape = {
  /** b on compute. */
  readonly exponent: number;
  /** E / L(anchor). */
  readonly floorShare: number;
};

/** log of L(design) / L(anchor). The level L(anchor) itself is left to the data. */
export type Trend = {
  readonly name: string;
  readonly formula: string;
  readonly logRatio: (design: Design, anchor: Design, shape: Shape) => number;
};

const computeTrend: Trend = {
  name: "compute",
  formula: "L(C) = E + a C^-b",
  logRatio: (design, anchor, { exponent, floorShare }) =>
    Math.log(floorShare + (1 - floorShare) * (design.c / anchor.c) ** -exponent),
};

/**
 * Chinchilla with alpha = beta = 2 b (so that C ~ N D falls with b) and equal parts of size and data at the largest rung, as at
 * the compute optimum. It differs from the compute law where rungs differ in D / N, and where C is not proportional to N D.
 */
const chinchillaTrend: Trend = {
  name: "chinchilla",
  formula: "L(N, D) = E + A N^-alpha + B D^-alpha",
  logRatio(design, anchor, { exponent, floorShare }) {
    const size = (design.n / anchor.n) ** (-2 * exponent);
    const data = (design.d / anchor.d) ** (-2 * exponent);
    return Math.log(floorShare + (1 - floorShare) * 0.5 * (size + data));
  },
};

export const TRENDS: readonly Trend[] = [computeTrend, chinchillaTrend];
