/** @file The public surface of the maths: random numbers, statistics, minimisation, the same everywhere. */

export { gammaCumulative, gammaQuantile, poissonCumulative } from "./gamma.ts";
export { type Interval, intervalAt, intervalOfDraws } from "./interval.ts";
export type { Line } from "./line.ts";
export { type MinimiseOptions, type Minimum, minimise, type Objective } from "./minimise.ts";
export type { Part } from "./mixture.ts";
export { normalCumulative, normalQuantile } from "./normal.ts";
export { normals, Random } from "./random.ts";
export { mean, median, type Numbers, quantile, standardDeviation } from "./statistics.ts";
