/** @file A number that is not known exactly: one value, or a 90 % interval taken as log-normal between its ends. */

import type { Interval } from "../math/interval.ts";
import { Z_90 } from "../math/normal.ts";
import type { Random } from "../math/random.ts";
import { quantileOfSorted, sorted } from "../math/statistics.ts";
import { type AmountKind, badAmount, parseAmount } from "../units/amount.ts";

/** A number known exactly. */
export function certain(value: number): Interval {
  return { median: value, lo: value, hi: value };
}

/** A positive number whose logarithm is normal with this standard deviation. */
export function within(median: number, logSd: number): Interval {
  const factor = Math.exp(Z_90 * logSd);
  return { median, lo: median / factor, hi: median * factor };
}

/** Standard deviation of the logarithm. */
export function logSdOf({ lo, hi }: Interval): number {
  return lo === hi ? 0 : Math.log(hi / lo) / (2 * Z_90);
}

/** Draws it. A certain number takes a draw too, so that what follows stays in step whatever is known. */
export function drawFrom(interval: Interval, random: Random): number {
  return interval.median * Math.exp(logSdOf(interval) * random.normal());
}

/** The other way round: median and 90 % interval of draws. */
export function intervalOf(draws: ArrayLike<number>): Interval {
  const ascending = sorted(draws);
  const at = (fraction: number) => quantileOfSorted(ascending, fraction);
  return { median: at(0.5), lo: at(0.05), hi: at(0.95) };
}

/** The same in other units. */
export function scaledBy({ median, lo, hi }: Interval, factor: number): Interval {
  return { median: median * factor, lo: lo * factor, hi: hi * factor };
}

/**
 * Reads "0.4" or "0.38..0.43": two ends are the 90 % interval, their geometric mean the middle. The unit may stand at the second
 * end alone ("5..12min").
 */
export function readUncertain(option: string, kind: AmountKind): (text: string) => Interval {
  return (text) => {
    const interval = parseUncertain(text, kind);
    if (interval === null) throw badAmount(option, text, `${kind.expected}; or a 90 % interval, lo..hi`);
    return interval;
  };
}

/** The same without the complaint: null where the text is none. */
export function parseUncertain(text: string, kind: AmountKind): Interval | null {
  const [first = "", second, ...more] = text.split("..");
  if (more.length > 0) return null;
  if (second === undefined) {
    const value = parseAmount(first, kind);
    return value === null ? null : certain(value);
  }
  const unit = /[a-z/%]*$/i.exec(second.trim())?.[0] ?? "";
  const hi = parseAmount(second, kind);
  if (hi === null) return null;
  // 5..12h is 5 h, 7..8B is 7B, where a bare number means something too; but 0.3..50% is 0.3.
  const readings = unit === "%" ? [first, first + unit] : [first + unit, first];
  const lo = readings.map((each) => parseAmount(each, kind)).find((value) => value !== null && value <= hi);
  if (lo == null) return null;
  return { median: Math.sqrt(lo * hi), lo, hi };
}
