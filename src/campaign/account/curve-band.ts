/** @file The target's curve against its locked band, for verdict, report, figure and live status alike. */

import type { BandPoint } from "../../laws/forecast/curve.ts";
import { bandAt, type SeenPoint } from "../../laws/forecast/reforecast.ts";
import { WARM_UP_SHARE } from "../../train/schedule.ts";

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

/** The points of a finished run's curve: the middles of stretches of equal length. */
export function curvePoints(curve: readonly number[]): readonly SeenPoint[] {
  return curve.map((loss, i) => ({ fraction: (i + 0.5) / curve.length, loss }));
}

/** Ends included; between the points of the band, log loss goes in straight lines. */
export function curveAgainstBand(band: readonly BandPoint[], seen: readonly SeenPoint[]): CurveInBand {
  const points = seen.map(({ fraction, loss }): JudgedPoint => {
    const { lo, hi } = bandAt(band, fraction);
    return { fraction, loss, inside: fraction > WARM_UP_SHARE ? lo <= loss && loss <= hi : null };
  });
  return {
    points,
    scored: points.filter(({ inside }) => inside !== null).length,
    inside: points.filter(({ inside }) => inside).length,
  };
}
