/** @file The loss curve to expect of the target, as a band: each point of the rungs' own curves is extrapolated like a final loss. */

import { assert, UserError } from "../../errors.ts";
import type { Design, Run } from "../../law/law.ts";
import type { Interval } from "../../math/interval.ts";
import { mean } from "../../math/statistics.ts";
import { type BackTestRow, backTest, type NamedRun, wideningFrom } from "./back-test.ts";
import { checkLadder } from "./forecast.ts";
import { mixtureQuantile, momentsOf } from "./mixture.ts";
import { posteriorOf } from "./posterior.ts";
import { TRENDS } from "./trend.ts";

/** A rung's training curve: `losses[k]` is the mean training loss around `fractions[k]` of its run. */
export type RungCurve = Design & { readonly run: string; readonly losses: readonly number[] };

/** The expected loss at one fraction of the run. */
export type BandPoint = Interval & { readonly fraction: number };

export type CurveBand = {
  readonly points: readonly BandPoint[];
  /** Scatter of single points about their own smooth curve, one standard deviation, in percent; part of the band. */
  readonly pointNoisePercent: number;
  /** Factor that the back-test put on the band. */
  readonly widening: number;
};

/** Points on either side that smoothing looks at. */
const HALF_WINDOW = 3;
/** Every how many points the back-test is run: neighbours say the same thing again. */
const BACK_TEST_STRIDE = 8;

/** Degree-1 local regression with triangular weights, on the log of the loss: keeps straight parts straight, at the ends too. */
export function smooth(values: readonly number[]): number[] {
  return values.map((_, centre) => {
    let w = 0;
    let wx = 0;
    let wy = 0;
    let wxx = 0;
    let wxy = 0;
    for (
      let i = Math.max(0, centre - HALF_WINDOW);
      i <= Math.min(values.length - 1, centre + HALF_WINDOW);
      i++
    ) {
      const x = i - centre;
      const weight = 1 - Math.abs(x) / (HALF_WINDOW + 1);
      w += weight;
      wx += weight * x;
      wy += weight * values[i]!;
      wxx += weight * x * x;
      wxy += weight * x * values[i]!;
    }
    const determinant = w * wxx - wx * wx;
    return determinant > 0 ? (wxx * wy - wx * wxy) / determinant : wy / w;
  });
}

/** Scatter of a curve about its own smooth version over the later half, where the curve itself bends little. */
function pointNoise(logs: readonly number[], smoothed: readonly number[]): number {
  const from = Math.floor(logs.length / 2);
  const squares = logs.slice(from).map((value, i) => (value - smoothed[from + i]!) ** 2);
  // The centre point has a weight of about 1/4 in its own smooth value, so residuals are about 3/4 of the noise.
  return Math.sqrt(mean(squares)) / 0.75;
}

function checkCurves(curves: readonly RungCurve[], fractions: readonly number[]): void {
  const short = curves.find((curve) => curve.losses.length !== fractions.length);
  if (short === undefined) return;
  throw new UserError(
    `the curve of ${short.run} has ${short.losses.length} points`,
    `${fractions.length}, one for each fraction`,
    "train the rung again; its series is incomplete",
  );
}

/**
 * Band that should hold 90 % of the target's points. `fractions` ascend in (0, 1]; all rungs are given at the same ones, because
 * runs of one recipe are alike at the same share of their schedule, not at the same step.
 */
export function forecastCurve(
  curves: readonly RungCurve[],
  target: Design,
  fractions: readonly number[],
): CurveBand {
  checkCurves(curves, fractions);
  const logs = curves.map((curve) => curve.losses.map(Math.log));
  const smoothed = logs.map(smooth);
  const atFraction = (k: number): NamedRun[] =>
    curves.map(({ run, n, d, c }, i) => ({ run, n, d, c, loss: Math.exp(smoothed[i]![k]!) }));
  checkLadder(atFraction(fractions.length - 1));
  const top = curves.reduce((best, curve) => (curve.c > best.c ? curve : best));
  const noise = mean(
    curves.flatMap((curve, i) => (curve.c === top.c ? [pointNoise(logs[i]!, smoothed[i]!)] : [])),
  );
  const reach = target.c / top.c;
  // A point averages a fixed share of the run's tokens, and its scatter is the choice of text: variance falls as 1 / D. On our own
  // ladders noise times root D of the target is 0.9 to 1.3 times that of the largest rung (docs/log.md).
  const noiseFactor = Math.min(1, Math.sqrt(top.d / target.d));
  const centre = fractions.map((_, k) => quantiles(atFraction(k), target, noise, noiseFactor));
  const widening = pooledWidening(fractions, atFraction, (rows, k) =>
    wideningFrom(rows, { sd: centre[k]!.sd, seedNoise: Math.max(noise, centre[k]!.seedNoise), reach }),
  );
  const parts = (["low", "middle", "high"] as const).map((part) =>
    smooth(centre.map((point) => point[part])),
  );
  const [low, middle, high] = parts;
  assert(low !== undefined && middle !== undefined && high !== undefined, "three quantiles");
  return {
    points: fractions.map((fraction, k) => ({
      fraction,
      median: Math.exp(middle[k]!),
      lo: Math.exp(middle[k]! + widening * (low[k]! - middle[k]!)),
      hi: Math.exp(middle[k]! + widening * (high[k]! - middle[k]!)),
    })),
    pointNoisePercent: 100 * noise,
    widening,
  };
}

type Quantiles = {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  readonly sd: number;
  readonly seedNoise: number;
};

function quantiles(runs: readonly Run[], target: Design, noise: number, noiseFactor: number): Quantiles {
  const posterior = posteriorOf(runs, TRENDS);
  const parts = posterior
    .predict(target, { noiseFactor })
    .map((part) => ({ ...part, sd: Math.hypot(part.sd, noiseFactor * noise) }));
  return {
    low: mixtureQuantile(parts, 0.05),
    middle: mixtureQuantile(parts, 0.5),
    high: mixtureQuantile(parts, 0.95),
    sd: momentsOf(parts).sd,
    seedNoise: posterior.seedNoise,
  };
}

/** Root mean square of the widenings that every few points ask for: one factor, so that the band stays smooth. */
function pooledWidening(
  fractions: readonly number[],
  atFraction: (k: number) => NamedRun[],
  wideningAt: (rows: readonly BackTestRow[], k: number) => number,
): number {
  const squares: number[] = [];
  for (let k = fractions.length - 1; k >= fractions.length / 8; k -= BACK_TEST_STRIDE) {
    squares.push(wideningAt(backTest(atFraction(k), TRENDS), k) ** 2);
  }
  return Math.sqrt(mean(squares));
}
