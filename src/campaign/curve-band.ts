/** @file The target's curve against its locked band, for verdict, report, figure and live status alike. */

import type { BandPoint } from "../laws/forecast/curve.ts";
import { bandAt, type SeenPoint } from "../laws/forecast/reforecast.ts";
import { holds } from "../math/interval.ts";
import { bitsPerByte } from "../train/bits-per-byte.ts";
import { curveFractions, curveOf, NUM_CURVE_POINTS } from "../train/curve.ts";
import { WARM_UP_SHARE } from "../train/schedule.ts";

/** A point of it. */
export type JudgedPoint = SeenPoint & {
  /** Null during the warm-up, where the band does not apply. */
  readonly inside: boolean | null;
};

/** A curve judged against its band. */
export type CurveInBand = {
  readonly points: readonly JudgedPoint[];
  /** Points after the warm-up, and those of them inside the band. */
  readonly scored: number;
  readonly inside: number;
};

/** The points of a curve; of one that is not finished, so many in the end. */
export function curvePoints(curve: readonly number[], numPoints = curve.length): readonly SeenPoint[] {
  const fractions = curveFractions(numPoints);
  return curve.map((loss, i) => ({ fraction: fractions[i]!, loss }));
}

/** The points so far of a run, in bits per byte, from the losses of its steps in nats per token. */
export function seenPoints(losses: Float64Array, numSteps: number, bytesPerToken: number) {
  const curve = curveOf(losses, numSteps).map((nats) => bitsPerByte(nats, bytesPerToken));
  return curvePoints(curve, NUM_CURVE_POINTS);
}

/** Ends included; between the points of the band, log loss goes in straight lines. */
export function curveAgainstBand(band: readonly BandPoint[], seen: readonly SeenPoint[]): CurveInBand {
  const points = seen.map(({ fraction, loss }): JudgedPoint => {
    return { fraction, loss, inside: fraction > WARM_UP_SHARE ? holds(bandAt(band, fraction), loss) : null };
  });
  return {
    points,
    scored: points.filter(({ inside }) => inside !== null).length,
    inside: points.filter(({ inside }) => inside).length,
  };
}
