/** @file Checkpoints: what one costs, the productive share at an interval, the best interval. */

import { crossing } from "../../math/univariate.ts";

/** Time constants of losing and getting back. All in seconds. */
export type Losses = {
  /** Mean time between interruptions. */
  readonly failureSeconds: number;
  /** Training stands still so long at every save. */
  readonly stallSeconds: number;
  /** Until a save is safe on storage after training went on: 0 for a save that training waits for. */
  readonly lagSeconds: number;
  /** From the interruption to training again: detection and restart. */
  readonly recoverySeconds: number;
};

/** Copy of the device's part to host memory, bytes a second: PCIe 4 x16 as it is reached. Assumption. */
const HOST_COPY_BANDWIDTH = 20e9;

/** Barriers, planning and metadata of a save. Assumption; saves of small models stall for seconds too. */
const SAVE_OVERHEAD_SECONDS = 2;

/** What one save costs. */
export type SaveCost = {
  readonly bytes: number;
  readonly writeSeconds: number;
  readonly stallSeconds: number;
  readonly lagSeconds: number;
};

/** A save that training waits for, or one that is copied to host memory and written beside it. */
export function saveCost(
  bytes: number,
  numDevices: number,
  storageBandwidth: number,
  mode: "sync" | "async",
): SaveCost {
  const writeSeconds = bytes / storageBandwidth;
  if (mode === "sync") {
    return { bytes, writeSeconds, stallSeconds: writeSeconds + SAVE_OVERHEAD_SECONDS, lagSeconds: 0 };
  }
  const copySeconds = bytes / numDevices / HOST_COPY_BANDWIDTH;
  return { bytes, writeSeconds, stallSeconds: copySeconds + SAVE_OVERHEAD_SECONDS, lagSeconds: writeSeconds };
}

/**
 * Share of the time that is productive, at `intervalSeconds` of training between saves. Interruptions come as
 * a Poisson process at rate r, during saves and restarts as well; one throws training back to the last save.
 * Daly 2006: an interval T with its save s takes e^(rR) (e^(r(T + s)) - 1) / r on average. Of a save that is
 * safe only after a lag, the lag is lost as well, as if recovery took longer.
 */
export function productiveShare(losses: Losses, intervalSeconds: number): number {
  const { failureSeconds, stallSeconds, lagSeconds, recoverySeconds } = losses;
  const cycle = (intervalSeconds + stallSeconds) / failureSeconds;
  const back = (recoverySeconds + lagSeconds) / failureSeconds;
  return intervalSeconds / (failureSeconds * Math.exp(back) * Math.expm1(cycle));
}

/** Mean time that one interruption costs: half an interval, the lag, and recovery. */
export function lossPerFailure(losses: Losses, intervalSeconds: number): number {
  return (intervalSeconds + losses.stallSeconds) / 2 + losses.lagSeconds + losses.recoverySeconds;
}

/** Young 1974: sqrt(2 Tf Ts). */
export function youngInterval({ failureSeconds, stallSeconds }: Losses): number {
  return Math.sqrt(2 * failureSeconds * stallSeconds);
}

/** Saxena et al., arXiv 2410.18124: Ts + sqrt(2 (Tf + Tr) Ts + Ts^2), save to save, Ts of it the save. */
export function availabilityOptimalInterval({
  failureSeconds,
  stallSeconds,
  recoverySeconds,
}: Losses): number {
  return stallSeconds + Math.sqrt(2 * (failureSeconds + recoverySeconds) * stallSeconds + stallSeconds ** 2);
}

/**
 * The interval that makes `productiveShare` largest: its derivative is zero where T / Tf = 1 - e^(-(T + s) /
 * Tf), which has one root. An interval shorter than the lag would start a save before the last one is safe,
 * so the lag is the least.
 */
export function bestInterval({ failureSeconds, stallSeconds, lagSeconds }: Losses): number {
  const s = stallSeconds / failureSeconds;
  const share = crossing((x) => x + Math.expm1(-(x + s)), 0, 1) ?? 1;
  return Math.max(lagSeconds, share * failureSeconds);
}
