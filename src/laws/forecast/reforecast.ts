/** @file Forecasts the end anew while the target runs: the more of it is seen, the more its curve counts. */

import { assert } from "../../errors.ts";
import { type Interval, intervalAlong, logSdOf, within } from "../../math/interval.ts";
import { mean } from "../../math/statistics.ts";
import { fixed, formatPercent, formatShare } from "../../units/print.ts";
import type { BandPoint } from "./curve.ts";

/** A point of the target's training curve so far. */
export type SeenPoint = { readonly fraction: number; readonly loss: number };

/** The end of a run forecast anew from its curve so far. */
export type Reforecast = Interval & {
  readonly onTrack: "on track" | "above" | "below";
  /** One sentence with numbers. */
  readonly reason: string;
};

/** Only the latest part of the curve counts, this share of the run: older points say less of the end. */
const WINDOW = 0.1;

/** The band at any fraction, linear in log loss between its points and flat outside. */
export function bandAt(band: readonly BandPoint[], fraction: number): Interval {
  return intervalAlong(
    band.map((point) => point.fraction),
    band,
    fraction,
  );
}

/**
 * The final loss given the curve so far. The distance of the curve from the expected one at share s of the
 * run is taken as the final distance plus a random walk of variance proportional to (1 - s) / s; with a prior
 * as wide as the locked forecast the best guess of the final distance is s times the distance now, and the
 * variance left is (1 - s) of the forecast's. A run that has only begun changes nothing; one that is done
 * decides.
 */
export function reforecast(
  locked: Interval,
  band: readonly BandPoint[],
  seen: readonly SeenPoint[],
): Reforecast {
  assert(band.length > 0, "a band has points");
  const last = seen.at(-1);
  if (last === undefined)
    return { ...locked, onTrack: "on track", reason: "no point of the run has been seen yet" };
  const recent = seen.filter((point) => point.fraction > last.fraction - WINDOW);
  const distance = mean(recent.map((point) => Math.log(point.loss / bandAt(band, point.fraction).median)));
  const share = Math.min(1, Math.max(0, last.fraction));
  // What stays at the end: training curve against held-out loss, and the scatter of the recent points.
  const spread = logSdOf(locked);
  const scatter = Math.sqrt(
    mean(recent.map((p) => (Math.log(p.loss / bandAt(band, p.fraction).median) - distance) ** 2)),
  );
  const left = Math.sqrt(spread ** 2 * (1 - share) + scatter ** 2 / recent.length + FLOOR ** 2);
  const middle = Math.log(locked.median) + share * distance;
  const here = bandAt(band, last.fraction);
  const onTrack = sideOf(here, distance);
  const now = within(Math.exp(middle), left);
  return { ...now, onTrack, reason: reasonFor(onTrack, share, distance, here, now.median, locked.median) };
}

/** Least uncertainty of the held-out loss of a run all but done: training curve against held-out text. */
const FLOOR = 0.003;

function sideOf(here: Interval, distance: number): Reforecast["onTrack"] {
  if (distance > Math.log(here.hi / here.median)) return "above";
  return distance < Math.log(here.lo / here.median) ? "below" : "on track";
}

function reasonFor(
  onTrack: Reforecast["onTrack"],
  share: number,
  distance: number,
  here: Interval,
  median: number,
  lockedMedian: number,
): string {
  const percent = 100 * Math.expm1(distance);
  const low = 100 * (here.lo / here.median - 1);
  const high = 100 * (here.hi / here.median - 1);
  const side = onTrack === "on track" ? "inside" : onTrack;
  return (
    `at ${formatShare(share, 0)} of the run the loss is ${percent >= 0 ? "+" : ""}${formatPercent(percent, 2)} from the expected curve, ` +
    `${side} its band of ${fixed(low, 2)} to +${formatPercent(high, 2)}; final loss now expected at ${fixed(median, 4)} bits per byte, by the locked forecast ${fixed(lockedMedian, 4)}`
  );
}
