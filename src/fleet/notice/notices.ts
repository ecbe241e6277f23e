/** @file What a run that goes on has to be watched for, all together: rows, saves and the machine's state. */

import type { Sighting } from "../decide/sighting.ts";
import { MemoryTrend } from "./memory.ts";
import { RankPace, StepPace } from "./pace.ts";
import { SpikeDetector } from "./spikes.ts";
import type { StepRow } from "./step-row.ts";
import { CheckpointPace, DiskRoom } from "./storage.ts";

/** What the machines are like at a moment. */
export type MachineState = {
  /** Of a clock that grows evenly. */
  readonly atSeconds: number;
  /** Null: the disk cannot be asked. */
  readonly freeBytes: number | null;
  /** Of the ranks that were looked at. */
  readonly residents: readonly { readonly rank: number; readonly place: string; readonly bytes: number }[];
  /** What one rank may take. */
  readonly limitBytes: number;
};

/** One may be a batch's, and of mixed precision; so many in a row are the model's. */
const ROWS_NOT_FINITE = 10;

/** It goes with a run through all its attempts. */
export class Notices {
  readonly #spikes = new SpikeDetector();
  readonly #stepPace: StepPace;
  readonly #rankPace = new RankPace();
  readonly #disk = new DiskRoom();
  readonly #checkpoints = new CheckpointPace();
  #memory = new Map<number, MemoryTrend>();
  #memoryShares = new Map<number, number>();
  #checkpointBytes: number | null = null;
  /** Steps in a row whose loss was told and was no number. */
  #notFiniteSince: number[] = [];

  /** @param plannedStepSeconds the most that was forecast for a step; null: nothing was */
  constructor(plannedStepSeconds: number | null = null) {
    this.#stepPace = new StepPace(plannedStepSeconds);
  }

  /** A new attempt has started: its processes are new, what is known of the run stays. */
  started(): void {
    this.#checkpoints.started();
    this.#rankPace.started();
    this.#notFiniteSince = [];
    this.#memory = new Map();
    this.#memoryShares = new Map();
  }

  step(row: StepRow): readonly Sighting[] {
    return [this.#notFinite(row), this.#spikes.take(row), this.#stepPace.take(row)].filter(
      (seen) => seen !== null,
    );
  }

  /**
   * A trainer that does not stop at it by itself has spoilt its parameters, if not one loss is a number any
   * more. A gradient alone may be infinite: loss scaling skips such a step.
   */
  #notFinite({ step, loss }: StepRow): Sighting | null {
    if (loss === null) return null;
    if (Number.isFinite(loss)) this.#notFiniteSince = [];
    else this.#notFiniteSince.push(step);
    if (this.#notFiniteSince.length !== ROWS_NOT_FINITE) return null;
    const first = this.#notFiniteSince[0]!;
    return { kind: "diverged", step: first, what: "its loss or gradient", loss: null, gradientNorm: null };
  }

  /** A rank's own seconds of a step, without those in which it waited for others. */
  rankStep(rank: number, ownSeconds: number): void {
    this.#rankPace.take(rank, ownSeconds);
  }

  /** @param atSeconds of a clock that grows evenly */
  slowRanks(step: number, places: readonly string[], atSeconds: number): readonly Sighting[] {
    return this.#rankPace.slowRanks(step, places, atSeconds);
  }

  saved(step: number, bytes: number, saveSeconds: number | null, atSeconds: number): readonly Sighting[] {
    this.#checkpointBytes = bytes;
    const seen = this.#checkpoints.saved(step, atSeconds, saveSeconds);
    return seen ? [seen] : [];
  }

  machine({ atSeconds, freeBytes, residents, limitBytes }: MachineState): readonly Sighting[] {
    const memory = residents.map(({ rank, place, bytes }) => {
      const trend = this.#memory.get(rank) ?? new MemoryTrend({ rank, place });
      this.#memory.set(rank, trend);
      this.#memoryShares.set(rank, bytes / limitBytes);
      return trend.take(atSeconds, bytes, limitBytes);
    });
    const isUnknown = freeBytes === null || this.#checkpointBytes === null;
    const disk = isUnknown ? null : this.#disk.take(freeBytes, this.#checkpointBytes!);
    return [...memory, disk, this.#checkpoints.look(atSeconds)].filter((seen) => seen !== null);
  }

  /** What a rank held of what it may take, when it was last looked at; null: never. */
  memoryShare(rank: number): number | null {
    return this.#memoryShares.get(rank) ?? null;
  }
}
