/** @file The target's loss curve as a band: points of the rungs' curves extrapolated like a final loss. */

import { UserError } from "../../errors.ts";
import type { Design } from "../../law/law.ts";
import { averaged, logIntervalOf, partsOf } from "../../law/predict.ts";
import type { Interval } from "../../math/interval.ts";
import { mean } from "../../math/statistics.ts";
import { calibrate, studyCuts } from "./calibration.ts";
import { type CandidateLaw, candidateLawsFor } from "./candidate-laws.ts";
import { drawsGiven, type LadderRung, rungsOf } from "./model.ts";
import { suitableRuns } from "./suitable.ts";

/** A rung's training curve: `losses[k]` is the mean training loss around `fractions[k]` of its run. */
export type RungCurve = Design & { readonly run: string; readonly losses: readonly number[] };

/** The expected loss at one fraction of the run. */
export type BandPoint = Interval & { readonly fraction: number };

/** The band that a target's training curve should keep to. */
export type CurveBand = {
  readonly points: readonly BandPoint[];
  /** Standard deviation of points about their own smooth curve, in percent; part of the band. */
  readonly pointNoisePercent: number;
  /** Factor that the back-test put on the band. */
  readonly widening: number;
};

/** Points on either side that smoothing looks at. */
const HALF_WINDOW = 3;
/** Every how many points the back-test is run: neighbours say the same thing again. */
const BACK_TEST_STRIDE = 8;

/** Local linear regression with triangular weights on log loss: straight stays straight, at ends too. */
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

/** Scatter of a curve about its smooth version over the later half, where it bends little. */
function pointNoise(logs: readonly number[], smoothed: readonly number[]): number {
  const from = Math.floor(logs.length / 2);
  const squares = logs.slice(from).map((value, i) => (value - smoothed[from + i]!) ** 2);
  // The centre weighs about 1/4 in its own smooth value, so residuals are about 3/4 of the noise.
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
 * Band that should hold 90 % of the target's points. `fractions` ascend in (0, 1]; all rungs are given at the
 * same ones, because runs of one recipe are alike at the same share of their schedule, not at the same step.
 */
export function forecastCurve(
  curves: readonly RungCurve[],
  target: Design,
  fractions: readonly number[],
): CurveBand {
  checkCurves(curves, fractions);
  const logs = curves.map((curve) => curve.losses.map(Math.log));
  const smoothed = logs.map(smooth);
  const atFraction = (k: number) =>
    curves.map(({ run, n, d, c }, i) => ({ run, n, d, c, loss: Math.exp(smoothed[i]![k]!) }));
  suitableRuns(atFraction(fractions.length - 1));
  const top = curves.reduce((best, curve) => (curve.c > best.c ? curve : best));
  const noise = mean(
    curves.flatMap((curve, i) => (curve.c === top.c ? [pointNoise(logs[i]!, smoothed[i]!)] : [])),
  );
  const rungs = fractions.map((_, k) => rungsOf(atFraction(k)));
  const candidates = candidateLawsFor(rungs[0]!.map(({ design }) => design));
  const { weights, widening } = pooledCalibration(rungs, candidates);
  // A point averages a fixed share of the run's tokens, and its scatter is the choice of text: variance falls
  // as 1 / D. On our own ladders noise times root D of the target is 0.9 to 1.3 times that of the largest
  // rung (docs/log.md).
  const scatterFactor = Math.min(1, Math.sqrt(top.d / target.d));
  const points = rungs.map((own) => {
    const laws = candidates.map(({ reads }, j) => ({
      reads,
      draws: drawsGiven(candidates[j]!, own, NUM_DRAWS),
    }));
    const parts = averaged(
      laws.map((law) => partsOf(law, top.c, target, scatterFactor)),
      weights,
    ).map((part) => ({ ...part, sd: Math.hypot(part.sd, scatterFactor * noise) }));
    return logIntervalOf(parts, widening);
  });
  const [lo, median, hi] = (["lo", "median", "hi"] as const).map((part) =>
    smooth(points.map((point) => point[part])),
  );
  return {
    points: fractions.map((fraction, k) => ({
      fraction,
      median: Math.exp(median![k]!),
      lo: Math.exp(lo![k]!),
      hi: Math.exp(hi![k]!),
    })),
    pointNoisePercent: 100 * noise,
    widening,
  };
}

/** Draws of each law at a fraction: the band is smoothed over its neighbours besides. */
const NUM_DRAWS = 128;

/** One weight for each law and one widening, so that the band stays smooth: means past the first eighth. */
function pooledCalibration(rungs: readonly (readonly LadderRung[])[], candidates: readonly CandidateLaw[]) {
  const last = rungs.length - 1;
  const asked = Array.from(
    { length: Math.ceil(rungs.length / BACK_TEST_STRIDE) },
    (_, i) => last - i * BACK_TEST_STRIDE,
  );
  const calibrations = asked
    .filter((k) => k >= rungs.length / BACK_TEST_STRIDE)
    .map((k) => {
      const own = rungs[k]!;
      return calibrate(studyCuts(own, candidates), candidates, own.at(-1)!.design.c);
    });
  return {
    weights: candidates.map((_, k) => mean(calibrations.map(({ weights }) => weights[k]!))),
    // The laws are a tenth too wide for final losses, not for points of curves (docs/log.md): no narrowing.
    widening: Math.max(1, Math.sqrt(mean(calibrations.map(({ widening }) => widening ** 2)))),
  };
}
