/** @file What a run is taken to be like where nobody says: values with their source, or assumed. */

import type { Interval } from "../../math/interval.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";

/**
 * Restart: from process start to the first step, median 434 s over 50 MLPerf submissions of language models,
 * 168 s (512 devices) to 832 s (11,616); loading a checkpoint is in some of them, scheduling in none.
 */
export const RESTART_SECONDS: Interval = { median: 434, lo: 250, hi: 750 };

/** Until it is noticed: crashes at once, hangs at a collective's time-out (10 min). Assumption. */
export const DETECTION_SECONDS: Interval = { median: 120, lo: 40, hi: 360 };

/** Mean of 584 repairs in StepFun's trace, 5.5 days (median 0.85): nodes out depend on it alone (Palm). */
export const REPAIR_SECONDS: Interval = {
  median: 5.5 * DAY_SECONDS,
  lo: 3.5 * DAY_SECONDS,
  hi: 8.5 * DAY_SECONDS,
};

/** Halls built for accelerators state 1.1 to 1.2, the average hall of surveys 1.5 and more. Assumption. */
export const PUE: Interval = { median: 1.25, lo: 1.1, hi: 1.45 };

/** Log sd of node power between makers and jobs: MLPerf power logs of 8 x H100 nodes, 6.85 to 8.1 kW. */
export const WATTS_LOG_SD = 0.06;

/** Storage that everybody writes to is faster or slower by half. Assumption. */
export const STORAGE_LOG_SD = 0.4;

/**
 * Bytes a second of storage for each device: Llama 3's sustains 2 TB/s for 16,384 (arXiv 2407.21783, 3.3.1).
 */
export const STORAGE_BANDWIDTH_PER_DEVICE = 2e12 / 16_384;
