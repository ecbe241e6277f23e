/** @file The same run on clusters of other sizes: how failures eat goodput as a cluster grows. */

import type { Interval } from "../../math/interval.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";
import { forecastRun } from "./forecast.ts";
import type { RunInputs } from "./run-inputs.ts";

export type GoodputAtSize = {
  readonly numDevices: number;
  readonly goodput: Interval;
  readonly intervalSeconds: number;
};

const NUM_DRAWS = 300;
/** Quarters of a decade, from a hundredth of the size to thirty times it. */
const QUARTERS = Array.from({ length: 15 }, (_, i) => i - 8);
const MOST_DEVICES = 3e6;
const FEWEST_DEVICES = 8;

/**
 * Goodput over thirty days at sizes around the one asked for, each with its own best interval. The save costs
 * what it costs at this size: storage that grows with the cluster would be faster, a model that grows with it
 * slower.
 */
export function goodputOverSize(inputs: RunInputs): readonly GoodputAtSize[] {
  return QUARTERS.map((quarter) => Math.round(inputs.numDevices * 10 ** (quarter / 4)))
    .filter((size) => size >= FEWEST_DEVICES && size <= MOST_DEVICES)
    .map((numDevices) => {
      const forecast = forecastRun(
        {
          ...inputs,
          numDevices,
          intervalSeconds: null,
          work: { kind: "elapsed", seconds: 30 * DAY_SECONDS },
        },
        NUM_DRAWS,
      );
      return { numDevices, goodput: forecast.goodput, intervalSeconds: forecast.checkpoint.usedSeconds };
    });
}
