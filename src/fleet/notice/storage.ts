/** @file A disk that has room for few checkpoints more; checkpoints that get slow or stop coming. */

import { median } from "../../math/statistics.ts";
import type { CheckpointsSeen, DiskSeen } from "../decide/sighting.ts";

/** A save writes the new one before it deletes an old one. */
const CHECKPOINTS_OF_ROOM = 3;
/** Well again with one more: the next save must not tell it anew. */
const WELL_CHECKPOINTS = 4;

/** Free bytes against the size of the newest checkpoint. */
export class DiskRoom {
  #isTight = false;

  take(freeBytes: number, checkpointBytes: number): DiskSeen | null {
    const room = freeBytes / checkpointBytes;
    const isNews = room < CHECKPOINTS_OF_ROOM && !this.#isTight;
    this.#isTight = room < (this.#isTight ? WELL_CHECKPOINTS : CHECKPOINTS_OF_ROOM);
    return isNews ? { kind: "disk", freeBytes, checkpointBytes } : null;
  }
}

/** Saves and pauses that a median is taken of. */
const MOST_SAVES = 32;
const LEAST_SAVES = 4;
/** So many times the usual. */
const FAR_LONGER = 3;
/** Shorter than these nothing is worth telling: a busy machine makes a save of 50 ms take a second. */
const [LEAST_SLOW_SECONDS, LEAST_MISSING_SECONDS] = [10, 60];

/** The saves of an attempt: how long each took, how long ago the last one was. */
export class CheckpointPace {
  #saves: number[] = [];
  #pauses: number[] = [];
  #last: { readonly step: number; readonly atSeconds: number } | null = null;
  #isMissing = false;

  /** A start: the pause before it was none. */
  started(): void {
    this.#last = null;
    this.#isMissing = false;
  }

  /** @param saveSeconds null: its trainer does not say */
  saved(step: number, atSeconds: number, saveSeconds: number | null): CheckpointsSeen | null {
    if (this.#last) this.#pauses = [...this.#pauses, atSeconds - this.#last.atSeconds].slice(-MOST_SAVES);
    this.#last = { step, atSeconds };
    this.#isMissing = false;
    if (saveSeconds === null) return null;
    const before = this.#saves;
    this.#saves = [...before, saveSeconds].slice(-MOST_SAVES);
    if (before.length < LEAST_SAVES) return null;
    const expectedSeconds = median(before);
    if (saveSeconds < Math.max(LEAST_SLOW_SECONDS, FAR_LONGER * expectedSeconds)) return null;
    return { kind: "checkpoints", step, seconds: saveSeconds, expectedSeconds, what: "slow" };
  }

  /** Whether one should have come by now. */
  look(atSeconds: number): CheckpointsSeen | null {
    if (this.#last === null || this.#isMissing || this.#pauses.length < LEAST_SAVES) return null;
    const expectedSeconds = median(this.#pauses);
    const seconds = atSeconds - this.#last.atSeconds;
    if (seconds < Math.max(LEAST_MISSING_SECONDS, FAR_LONGER * expectedSeconds)) return null;
    this.#isMissing = true;
    return { kind: "checkpoints", step: this.#last.step, seconds, expectedSeconds, what: "missing" };
  }
}
