/** @file Memory that grows from hour to hour: by a robust slope, and when it comes to the limit. */

import { quantileOfSorted, sorted } from "../../math/statistics.ts";
import type { MemorySeen, OfRank } from "../decide/sighting.ts";

/** Samples that a slope is drawn through; when there are more, every other one is dropped. */
const MOST_SAMPLES = 128;
const LEAST_SAMPLES = 32;
/** Before, what grows are caches and pools that fill. */
const LEAST_SECONDS = 3600;
/** Growth that comes to the limit later than this is not told. */
const MOST_HOURS_LEFT = 48;
/** Of the slopes of all pairs of samples, so many must rise: noise rises in half of them. */
const RISING_SHARE = 0.9;
/** And in all it must have grown by this share. */
const LEAST_GROWTH = 0.02;

type Sample = { readonly seconds: number; readonly bytes: number };

/** One process. It tells once; what is true of a leak in one hour is true in the next. */
export class MemoryTrend {
  readonly #who: OfRank;
  #samples: Sample[] = [];
  /** Every how many-th sample is kept, so that months fit. */
  #stride = 1;
  #numSeen = 0;
  #isTold = false;

  constructor(who: OfRank) {
    this.#who = who;
  }

  /** @param seconds of a clock that grows evenly */
  take(seconds: number, residentBytes: number, limitBytes: number): MemorySeen | null {
    if (this.#isTold || this.#numSeen++ % this.#stride > 0) return null;
    this.#samples.push({ seconds, bytes: residentBytes });
    if (this.#samples.length > MOST_SAMPLES) {
      this.#samples = this.#samples.filter((_, i) => i % 2 === 0);
      this.#stride *= 2;
    }
    const passed = seconds - this.#samples[0]!.seconds;
    if (this.#samples.length < LEAST_SAMPLES || passed < LEAST_SECONDS) return null;
    // What fills and then is full rises less and less: the newer half alone must rise as well.
    const newer = this.#samples.slice(Math.floor(this.#samples.length / 2));
    const bytesPerHour = Math.min(risingSlope(this.#samples), risingSlope(newer));
    if (bytesPerHour <= 0) return null;
    const hoursLeft = Math.max(0, limitBytes - residentBytes) / bytesPerHour;
    const grown = (bytesPerHour * passed) / 3600 / residentBytes;
    if (hoursLeft > MOST_HOURS_LEFT || grown < LEAST_GROWTH) return null;
    this.#isTold = true;
    return { kind: "memory", ...this.#who, residentBytes, bytesPerHour, limitBytes, hoursLeft };
  }
}

/** Bytes an hour by Theil and Sen, the median slope of all pairs; 0 where too few of them rise. */
function risingSlope(samples: readonly Sample[]): number {
  const slopes = sorted(
    samples.flatMap(({ seconds, bytes }, i) =>
      samples.slice(i + 1).map((later) => (3600 * (later.bytes - bytes)) / (later.seconds - seconds)),
    ),
  );
  return quantileOfSorted(slopes, 1 - RISING_SHARE) > 0 ? quantileOfSorted(slopes, 0.5) : 0;
}
