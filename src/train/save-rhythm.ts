/** @file When a run saves: to disk as asked, to memory by what that takes and how often the run fails. */

import { mean } from "../math/statistics.ts";
import type { Survives } from "../record/files.ts";

/** Of the time, for saves to memory: so much at most, however often a run fails. */
const MOST_SHARE = 0.05;
/** Of the time, while no failure has told how often there are some. */
const USUAL_SHARE = 0.005;
/** Saves that the next is expected to be like. */
const NUM_TIMED = 5;
/** Until one was timed: copied, summed up and written to the kernel's memory. Bytes a second; assumption. */
const SAVE_BANDWIDTH = 5e8;
/** The files of one, however small. Assumption. */
const LEAST_SAVE_SECONDS = 0.002;

/**
 * Seconds of training between two saves that lose the least time to saves and to steps done again together:
 * sqrt(2 save M), with M the mean time between failures (Young 1974).
 * @param failureSeconds null: not known
 */
export function saveInterval(saveSeconds: number, failureSeconds: number | null): number {
  if (failureSeconds === null) return saveSeconds / USUAL_SHARE;
  return Math.max(Math.sqrt(2 * saveSeconds * failureSeconds), saveSeconds / MOST_SHARE);
}

/** One attempt's saves, from its start. */
export class SaveRhythm {
  readonly #diskSeconds: number;
  readonly #failureSeconds: number | null;
  readonly #savedAt: Record<Survives, number>;
  readonly #expectedSeconds: number;
  #timed: readonly number[] = [];

  /**
   * @param diskSeconds between two saves to the disk, as the specification asks
   * @param failureSeconds mean time between failures; null: not known
   * @param numBytes of a checkpoint
   */
  constructor(diskSeconds: number, failureSeconds: number | null, numBytes: number) {
    this.#diskSeconds = diskSeconds;
    this.#failureSeconds = failureSeconds;
    this.#expectedSeconds = LEAST_SAVE_SECONDS + numBytes / SAVE_BANDWIDTH;
    const now = performance.now();
    this.#savedAt = { "power cut": now, kill: now };
  }

  /** What a save should survive that is to be made now; null: none is due. */
  due(): Survives | null {
    const since = (tier: Survives) => (performance.now() - this.#savedAt[tier]) / 1000;
    if (since("power cut") >= this.#diskSeconds) return "power cut";
    const saveSeconds = this.#timed.length > 0 ? mean(this.#timed) : this.#expectedSeconds;
    return since("kill") >= saveInterval(saveSeconds, this.#failureSeconds) ? "kill" : null;
  }

  /** What lies on the disk survives a kill, too. */
  saved(survives: Survives, seconds: number): void {
    this.#savedAt.kill = performance.now();
    if (survives === "power cut") this.#savedAt["power cut"] = performance.now();
    else this.#timed = [...this.#timed, seconds].slice(-NUM_TIMED);
  }
}
