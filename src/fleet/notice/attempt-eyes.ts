/** @file Looks at a running attempt for what a person would watch: its rows, memory and disk, each second. */

import { existsSync, statfsSync } from "node:fs";
import { memoryBytes } from "../../machine/this-machine.ts";
import { type Series, SeriesTail } from "../../record/series.ts";
import type { Attempt } from "../backend.ts";
import { machineOf } from "../decide/places.ts";
import type { Sighting } from "../decide/sighting.ts";
import { oomKills } from "../process/proc.ts";
import type { Notices } from "./notices.ts";
import type { SeriesRow } from "./step-row.ts";

/** Numbers per step come each second. */
const ROWS_MS = 1000;
/** Looking at a process reads all of /proc. */
const MACHINE_MS = 20_000;
/** So many processes a look, in turn. */
const MOST_PROBES = 8;

/** What is to be looked at. */
export type EyesOn = {
  readonly attempt: Attempt;
  readonly notices: Notices;
  /** Numbers per step, which may not be there yet. */
  readonly seriesPath: string;
  /** Takes them after they were looked at, each second, none too. */
  readonly rowsSeen: (rows: readonly SeriesRow[]) => readonly Sighting[];
};

/** One attempt's. */
export class AttemptEyes implements Disposable {
  readonly #on: EyesOn;
  readonly #folder: string;
  #tail: SeriesTail | null = null;
  readonly #oomKills = oomKills();
  #rowsAt = Number.NEGATIVE_INFINITY;
  #machineAt: number;
  #nextRank = 0;

  /** @param folder on the disk that the run writes to */
  constructor(on: EyesOn, folder: string) {
    this.#on = on;
    this.#folder = folder;
    this.#machineAt = performance.now();
    on.notices.started();
  }

  /** @param now in milliseconds, of `performance.now()` */
  look(now: number): readonly Sighting[] {
    const rows = now - this.#rowsAt >= ROWS_MS ? this.#rows(now) : [];
    return now - this.#machineAt >= MACHINE_MS ? [...rows, ...this.#machine(now)] : rows;
  }

  /** Of the memory that a rank may take; 1 where the kernel has killed for want of it. Null: not known. */
  memoryShare(rank: number): number | null {
    return oomKills() === this.#oomKills ? this.#on.notices.memoryShare(rank) : 1;
  }

  [Symbol.dispose](): void {
    this.#tail?.[Symbol.dispose]();
  }

  #rows(now: number): readonly Sighting[] {
    const { notices, seriesPath, attempt, rowsSeen } = this.#on;
    this.#rowsAt = now;
    if (!this.#tail && existsSync(seriesPath)) this.#tail = new SeriesTail(seriesPath);
    const rows = this.#tail ? seriesRows(this.#tail.read()) : [];
    const seen = [...rows.flatMap((row) => notices.step(row)), ...rowsSeen(rows)];
    if (rows.length === 0) return seen;
    return [...seen, ...notices.slowRanks(rows.at(-1)!.step, attempt.places, now / 1000)];
  }

  #machine(now: number): readonly Sighting[] {
    this.#machineAt = now;
    const { notices, attempt } = this.#on;
    const { places } = attempt;
    const turn = Array.from({ length: Math.min(MOST_PROBES, places.length) }, (_, i) => this.#nextRank + i);
    this.#nextRank = (this.#nextRank + turn.length) % places.length;
    const residents = turn.flatMap((each) => {
      const rank = each % places.length;
      const bytes = attempt.probe(rank)?.residentBytes;
      return bytes ? [{ rank, place: places[rank]!, bytes }] : [];
    });
    const perMachine = Object.values(Object.groupBy(places, machineOf)).map((ranks) => ranks!.length);
    const limitBytes = memoryBytes() / Math.max(...perMachine);
    return notices.machine({
      atSeconds: now / 1000,
      freeBytes: freeBytes(this.#folder),
      residents,
      limitBytes,
    });
  }
}

function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** NaN in a series: there is no value. */
function seriesRows({ numRows, values }: Series): readonly SeriesRow[] {
  const valueAt = (name: string, i: number) => {
    const value = values[name]?.[i] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  };
  return Array.from({ length: numRows }, (_, i) => ({
    step: values.step![i]!,
    loss: valueAt("loss", i),
    gradientNorm: valueAt("gradientNorm", i),
    stepSeconds: valueAt("stepSeconds", i),
    batch: valueAt("batch", i),
  }));
}
