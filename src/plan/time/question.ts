/** @file What the whole-run question is made of: the work, the cluster's failures, its checkpoints, its power and its price. */

import type { Interval } from "../../math/interval.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";
import type { Ages } from "./burn-in.ts";
import type { FailureRecord } from "./causes.ts";

/** How much there is to do. */
export type Work =
  /** Training at full speed, uninterrupted, takes so long: how long does it take in all? */
  | { readonly kind: "productive"; readonly seconds: Interval }
  /** So much time passes: how much of it is productive? */
  | { readonly kind: "elapsed"; readonly seconds: number };

export type RunQuestion = {
  readonly work: Work;
  readonly numDevices: number;
  readonly devicesPerNode: number;
  readonly record: FailureRecord;
  /** How far this cluster may differ from the record's; 0 where the record is its own. Standard deviation of the log. */
  readonly clusterLogSd: number;
  readonly ages: Ages;
  /** Seconds that training stands still at a save, and until it is safe. */
  readonly stallSeconds: Interval;
  readonly lagSeconds: Interval;
  /** Seconds of training between saves; null: the best. */
  readonly intervalSeconds: number | null;
  readonly detectionSeconds: Interval;
  readonly restartSeconds: Interval;
  readonly plannedPerDay: number;
  /** From a node's failure to its return. */
  readonly repairSeconds: Interval;
  readonly nodeWattsPerDevice: Interval;
  readonly pue: Interval;
  /** Money an hour for each device; null: not asked. */
  readonly pricePerDeviceHour: Interval | null;
};

/**
 * Restart: from process start to the first step, median 434 s over 50 MLPerf submissions of language models, 168 s (512 devices) to 832 s
 * (11,616); loading a checkpoint is in some of them, scheduling in none.
 */
export const RESTART_SECONDS: Interval = { median: 434, lo: 250, hi: 750 };

/** Until somebody or something notices: crashes show at once, hangs at the time-out of a collective (10 min by default). Assumption. */
export const DETECTION_SECONDS: Interval = { median: 120, lo: 40, hi: 360 };

/** Mean of the 584 repairs of StepFun's trace, 5.5 days (their median is 0.85): nodes out depend on the mean alone (Palm). */
export const REPAIR_SECONDS: Interval = {
  median: 5.5 * DAY_SECONDS,
  lo: 3.5 * DAY_SECONDS,
  hi: 8.5 * DAY_SECONDS,
};

/** Halls built for accelerators state 1.1 to 1.2, the average hall of surveys 1.5 and more. Assumption. */
export const PUE: Interval = { median: 1.25, lo: 1.1, hi: 1.45 };

/** Spread of the log of node power between makers and jobs: MLPerf power logs of 8 x H100 nodes, 6.85 to 8.1 kW. */
export const WATTS_LOG_SD = 0.06;
