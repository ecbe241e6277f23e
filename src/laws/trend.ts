/** @file A law as a forecast uses it: its shape relative to the largest rung, so that only exponent, floor and start are unknown. */

import type { Design } from "./law.ts";

/** What is unknown of a law's shape. */
export type Shape = {
  /** b on compute. */
  readonly exponent: number;
  /** E / L(anchor). */
  readonly floorShare: number;
  /**
   * FLOPs added to those of every run. A model that has seen next to nothing still knows the frequencies of words, so its loss is
   * bounded, while a power law grows without end: the shift bends the law over near the bottom of a small ladder.
   */
  readonly start: number;
};

/** log of L(design) / L(anchor). The level L(anchor) itself is left to the data. */
export type Trend = {
  readonly name: string;
  readonly formula: string;
  readonly logRatio: (design: Design, anchor: Design, shape: Shape) => number;
};

const computeTrend: Trend = {
  name: "compute",
  formula: "L(C) = E + a (C + C0)^-b",
  logRatio: (design, anchor, { exponent, floorShare, start }) =>
    Math.log(floorShare + (1 - floorShare) * ((design.c + start) / (anchor.c + start)) ** -exponent),
};

/** Tokens per parameter at which compute at the start, C0 = 6 N0 D0, is split: the recipe's own ratio. */
const START_RATIO = 10;

/**
 * Chinchilla with alpha = beta = 2 b (so that C ~ N D falls with b) and equal parts of size and data at the largest rung, as at
 * the compute optimum. It differs from the compute law where rungs differ in D / N, and where C is not proportional to N D.
 */
const chinchillaTrend: Trend = {
  name: "chinchilla",
  formula: "L(N, D) = E + A (N + N0)^-alpha + B (D + D0)^-alpha",
  logRatio(design, anchor, { exponent, floorShare, start }) {
    const n0 = Math.sqrt(start / (6 * START_RATIO));
    const d0 = START_RATIO * n0;
    const size = ((design.n + n0) / (anchor.n + n0)) ** (-2 * exponent);
    const data = ((design.d + d0) / (anchor.d + d0)) ** (-2 * exponent);
    return Math.log(floorShare + (1 - floorShare) * 0.5 * (size + data));
  },
};

export const TRENDS: readonly Trend[] = [computeTrend, chinchillaTrend];
