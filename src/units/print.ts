/** @file Numbers as people read them: few digits, a unit, one scale for an interval and its measurement. */

import type { Interval } from "../math/interval.ts";
import { HOUR_SECONDS } from "./kinds.ts";

/** A factor and the unit that it leads to: 0.042 s is 42 in `{ factor: 1e-3, unit: "ms" }`. */
export type Scale = {
  readonly factor: number;
  readonly unit: string;
};

const MISSING = "-";
const COUNT_UNITS = ["", "k", "M", "B", "T"];
const FLOP_UNITS = ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"];
const SPEED_UNITS = [...FLOP_UNITS, "PFLOP", "EFLOP", "ZFLOP"].map((unit) => `${unit}/s`);
const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** `digits` significant digits without an exponent where that stays readable: 0.0123, 1.20, 1230. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return MISSING;
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  if (magnitude < -4 || magnitude > 9) return scientific(value, digits);
  const rounded = Number(value.toPrecision(digits));
  const roundedMagnitude = Math.floor(Math.log10(Math.abs(rounded)) + 1e-12);
  return rounded.toFixed(Math.max(0, digits - 1 - roundedMagnitude));
}

/** A number in a sentence, whatever it counts: 3.21, 124 M, 6.00e18. */
export function formatNumber(value: number): string {
  return Math.abs(value) < 1e4 ? String(Number(value.toPrecision(3))) : formatCount(value);
}

/** 1.23e22, no plus in the exponent; without `digits` as many as the value has. */
export function scientific(value: number, digits?: number): string {
  return value.toExponential(digits && digits - 1).replace("e+", "e");
}

/** 950, 1.20 M, 3.05 B, 6.00e18. Whole numbers below 10 000 keep every digit. */
export function formatCount(value: number, digits = 3): string {
  if (Math.abs(value) >= 1e15 && Number.isFinite(value)) return scientific(value, digits);
  if (Number.isInteger(value) && Math.abs(value) < 10_000) return String(value);
  return prefixed(value, COUNT_UNITS, digits);
}

/** 131,072: a whole number with every digit. */
export function formatWhole(count: number): string {
  return count.toLocaleString("en");
}

/** 18.3 TFLOP; from 1e15 on as papers on scaling laws write it: 5.76e23 FLOP. */
export function formatFlops(value: number, digits = 3): string {
  if (Math.abs(value) >= 1e15 && Number.isFinite(value)) return `${scientific(value, digits)} FLOP`;
  return prefixed(value, FLOP_UNITS, digits);
}

/** 18.3 TFLOP/s. */
export function formatFlopsPerSecond(value: number, digits = 3): string {
  return prefixed(value, SPEED_UNITS, digits);
}

/** Decimal units, as disks and corpora are given: 22.5 MB is 22 500 000 bytes. */
export function formatBytes(value: number, digits = 3): string {
  if (Math.abs(value) < 1000) return `${fixed(value, 0)} B`;
  return prefixed(value, BYTE_UNITS, digits);
}

/** 12.3 ms, 4.20 s, 2 min 05 s, 3 h 07 min, 2 d 04 h: two units at most. */
export function formatSeconds(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  const magnitude = Math.abs(value);
  const sign = value < 0 ? "-" : "";
  if (magnitude === 0) return "0 s";
  if (magnitude < 59.95) return `${sign}${scaled(magnitude, scaleFor("s", magnitude), 3)}`;
  if (magnitude < 3599.5) return `${sign}${twoUnits(Math.round(magnitude), 60, "min", "s")}`;
  if (magnitude < 86_370) return `${sign}${twoUnits(Math.round(magnitude / 60), 60, "h", "min")}`;
  return `${sign}${twoUnits(Math.round(magnitude / HOUR_SECONDS), 24, "d", "h")}`;
}

/** `percent` is already in percent: 1.234 gives "1.2 %". */
export function formatPercent(percent: number, decimals = 1): string {
  return Number.isFinite(percent) ? `${fixed(percent, decimals)} %` : MISSING;
}

/** A share of one as a percentage: 0.01234 gives "1.2 %". */
export function formatShare(share: number, decimals = 1): string {
  return formatPercent(100 * share, decimals);
}

/** The same with its sign, for gaps and causes: +1.2 %, -0.4 %, 0.0 %. */
export function formatSignedPercent(percent: number, decimals = 1): string {
  if (!Number.isFinite(percent)) return MISSING;
  const text = fixed(percent, decimals);
  return `${Number(text) > 0 ? "+" : ""}${text} %`;
}

/** One value with its unit, each unit in its own way. */
export function formatQuantity(value: number, unit: string, digits = 4): string {
  if (!Number.isFinite(value)) return MISSING;
  if (isSeconds(unit)) return formatSeconds(value);
  return scaled(value, scaleFor(unit, value), digits);
}

/** The scale in which `magnitude` reads best; an interval and its measurement share one. */
export function scaleFor(unit: string, magnitude: number): Scale {
  const size = Math.abs(magnitude);
  if (isSeconds(unit)) {
    if (size < 1e-3) return { factor: 1e-6, unit: "µs" };
    if (size < 1) return { factor: 1e-3, unit: "ms" };
    if (size < 600) return { factor: 1, unit: "s" };
    return size < 3 * HOUR_SECONDS ? { factor: 60, unit: "min" } : { factor: HOUR_SECONDS, unit: "h" };
  }
  if (unit === "bytes" || unit === "B") return prefixScale(size, BYTE_UNITS);
  if (unit === "FLOP" || unit === "FLOPs") return prefixScale(size, FLOP_UNITS);
  if (size < 10_000) return { factor: 1, unit };
  const scale = prefixScale(size, COUNT_UNITS);
  return { factor: scale.factor, unit: `${scale.unit} ${unit}`.trim() };
}

/** Decimals that show two digits of an interval's width and three of its median (four below 10). */
export function intervalDecimals(interval: Interval, scale: Scale): number {
  const width = Math.abs(interval.hi - interval.lo) / scale.factor;
  const median = Math.abs(interval.median) / scale.factor;
  const forWidth = width > 0 ? 1 - Math.floor(Math.log10(width)) : 0;
  const forMedian = median > 0 ? Math.max(median < 10 ? 3 : 0, 2 - Math.floor(Math.log10(median))) : 0;
  return Math.min(6, Math.max(0, forWidth, forMedian));
}

/** "91.7 % (88.3 % to 94.0 %)", each number in the given format; the value alone where it is exact. */
export function formatInterval({ median, lo, hi }: Interval, format: (value: number) => string): string {
  const [value, low, high] = [median, lo, hi].map((end) =>
    Number.isFinite(end) ? format(end) : "unbounded",
  );
  return lo === hi ? value! : `${value} (${low} to ${high})`;
}

/** "2.123 (2.101 to 2.145)" without its unit, in the given scale, with digits enough for its width. */
export function formatScaled(interval: Interval, scale: Scale): string {
  const decimals = intervalDecimals(interval, scale);
  return formatInterval(interval, (value) => fixed(value / scale.factor, decimals));
}

/** "2.122 (2.102 to 2.143)": a loss, in whatever unit, wherever it is printed. */
export function formatLoss(loss: Interval): string {
  return formatScaled(loss, { factor: 1, unit: "" });
}

/** "2.050 bits per byte (90 % interval 2.000 to 2.100)", for a sentence. */
export function formatRange(interval: Interval, unit: string): string {
  const scale = scaleFor(unit, interval.median);
  const [median, ends] = formatScaled(interval, scale).split(" (");
  return `${median} ${scale.unit}${ends === undefined ? "" : ` (90 % interval ${ends}`}`;
}

/** "a, b, c": at most so many, then how many more there are. */
export function formatList(items: readonly string[], most = 12): string {
  const rest = items.length - most;
  return items.slice(0, most).join(", ") + (rest > 0 ? `, and ${rest} more` : "");
}

/** A value to a fixed number of decimals; never "-0.0". */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return MISSING;
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/**
 * Rounds parts so that what is printed adds up to the printed total: each is rounded down, then the units
 * that are left go to the largest remainders (Hamilton's method). The parts must add up to the total, but for
 * floating-point error.
 */
export function roundToSum(parts: readonly number[], total: number, decimals: number): number[] {
  const unit = 10 ** decimals;
  const floors = parts.map((part) => Math.floor(part * unit));
  const left = Math.round(total * unit) - floors.reduce((sum, floor) => sum + floor, 0);
  const byRemainder = parts
    .map((part, index) => ({ index, remainder: part * unit - floors[index]! }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  const extra = new Map<number, number>();
  for (let given = 0; given < left; given++) {
    const { index } = byRemainder[given % parts.length]!;
    extra.set(index, (extra.get(index) ?? 0) + 1);
  }
  return floors.map((floor, index) => (floor + (extra.get(index) ?? 0)) / unit);
}

function isSeconds(unit: string): boolean {
  return unit === "s" || unit === "seconds";
}

function prefixScale(size: number, units: readonly string[]): Scale {
  const step = size < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(size) / 3 + 1e-12));
  return { factor: 1000 ** step, unit: units[step]! };
}

/** Rounding can carry into the next prefix: 999 999 is 1.00 M, not 1000 k. */
function prefixed(value: number, units: readonly string[], digits: number): string {
  if (!Number.isFinite(value)) return MISSING;
  return scaled(value, prefixScale(Math.abs(Number(value.toPrecision(digits))), units), digits);
}

function scaled(value: number, scale: Scale, digits: number): string {
  return `${significant(value / scale.factor, digits)} ${scale.unit}`.trim();
}

function twoUnits(count: number, ratio: number, large: string, small: string): string {
  return `${Math.floor(count / ratio)} ${large} ${String(count % ratio).padStart(2, "0")} ${small}`;
}

/** As a shell takes it for one word. */
export function shellWord(text: string): string {
  return /^[\w./:=#-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
