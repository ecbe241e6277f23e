/** @file Time of one matrix product: peak rate, tiles dealt to units in waves, bytes to move. */

import { type Constants, constantsOn } from "../constants.ts";
import { type Accelerator, type Precision, widthOn } from "../hardware/accelerator.ts";

/** What the costs of operations depend on, worked out once per cluster, precision and set of constants. */
export type Rates = {
  readonly constants: Constants;
  readonly numUnits: number;
  /** FLOP/s of large products in the layout's precision, and in bf16 for what is never quantised. */
  readonly product: number;
  readonly bf16: number;
  /** In bf16, by kernels of the generation before. */
  readonly legacy: number;
  /** Bytes per second that streaming kernels reach. */
  readonly memory: number;
  /** Bytes of a quantised element; 2 for bf16. */
  readonly elementBytes: number;
  /** Bytes moved to quantise one element; 0 for bf16. */
  readonly castBytes: number;
  /** Exponentials per second. */
  readonly exponentials: number;
};

/** Clocks of training accelerators under load lie between 1.3 and 1.9 GHz (assumption: one for all). */
const CLOCK_HERTZ = 1.6e9;

/** Dense bf16 FLOP/s per watt of the limit: 312e12 / 400 (A100 datasheet). */
const A100_DENSITY = 0.78e12;

/** The rates of an accelerator at a precision. */
export function ratesOf(device: Accelerator, precision: Precision, given: Constants): Rates {
  const constants = constantsOn(device.kind, given);
  const width = widthOn(device, precision);
  const density = (device.peakFlops.bf16 ?? device.peakFlops.fp32 ?? 0) / device.deviceWatts / A100_DENSITY;
  const lasting = constants.sustained * Math.min(1, density ** -constants.throttle);
  const rate = (of: typeof width) => (device.peakFlops[of] ?? 0) * (device.reachable[of] ?? 0.7) * lasting;
  const quantised = width === "fp8" || width === "fp4";
  return {
    constants,
    numUnits: device.numUnits,
    product: rate(width),
    bf16: rate(device.peakFlops.bf16 ? "bf16" : "fp32"),
    legacy: rate(device.peakFlops.bf16 ? "bf16" : "fp32") * device.legacyRate,
    memory: device.memoryBandwidth * constants.memoryEfficiency,
    elementBytes: width === "fp32" ? 4 : width === "fp8" ? 1 : width === "fp4" ? 0.5 : 2,
    castBytes: quantised ? constants.castBytes : 0,
    exponentials: device.numUnits * device.exponentialsPerClock * CLOCK_HERTZ,
  };
}

/**
 * Output tiles that libraries choose from, with the part of the rate that their inner loop reaches
 * (assumption: fewer multiplications a byte loaded).
 */
const TILES = [
  { rows: 128, columns: 256, rate: 1 },
  { rows: 128, columns: 128, rate: 0.92 },
  { rows: 64, columns: 64, rate: 0.6 },
] as const;

/** `count` products [m, k] x [k, n] run as one kernel. */
export type Product = {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly count: number;
};

/** Seconds of a product forward, and of its two backward: towards its input and towards its weights. */
export function productPasses(
  rates: Rates,
  { m, n, k, count }: Product,
  rate = rates.product,
  elementBytes = rates.elementBytes,
): readonly [forward: number, towardsInput: number, towardsWeights: number] {
  const seconds = (rows: number, columns: number, inner: number) =>
    productSeconds(rates, rate, rows, columns, inner, count, elementBytes);
  return [seconds(m, n, k), seconds(m, k, n), seconds(n, k, m)];
}

/**
 * Seconds of `count` products [m, k] x [k, n] run as one kernel at `rate` FLOP/s.
 *
 * A tile takes 2 rows columns k / (rate / units) and a fixed prologue and epilogue; tiles run in waves of one
 * per unit, and the idle units of the last wave are lost in part (libraries split along k). The best tile is
 * taken, and the time to move the operands bounds it from below.
 */
export function productSeconds(
  rates: Rates,
  rate: number,
  m: number,
  n: number,
  k: number,
  count: number,
  elementBytes: number,
): number {
  const { tileSeconds, waveWeight, kernelSeconds } = rates.constants;
  const units = rates.numUnits;
  let best = Number.POSITIVE_INFINITY;
  for (const tile of TILES) {
    const tiles = Math.ceil(m / tile.rows) * Math.ceil(n / tile.columns) * count;
    const waves = tiles / units;
    const effective = Math.max(1, waves + waveWeight * (Math.ceil(waves) - waves));
    const each = (2 * tile.rows * tile.columns * k * units) / (rate * tile.rate) + tileSeconds;
    best = Math.min(best, effective * each);
  }
  const bytes = count * (elementBytes * k * (m + n) + 2 * m * n);
  return Math.max(best, bytes / rates.memory) + kernelSeconds;
}
