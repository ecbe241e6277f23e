/** @file Certifies the checkpoints of a run while it goes on: at the edge of certificates.ts. */

import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { RecordWriter } from "../../record/record.ts";
import { checkpointsFolder } from "../../record/workspace.ts";
import { listCheckpoints } from "../../train/checkpoint.ts";
import { UNREADABLE_CHECKPOINT } from "../decide/incident-names.ts";
import type { Sighting } from "../decide/sighting.ts";
import type { SeriesRow } from "../notice/step-row.ts";
import { CheckpointStanding, type SoundSteps, type StandingCheckpoint } from "./certificates.ts";
import {
  differenceOf,
  type EarlierStep,
  earlierSteps,
  type Repeats,
  seriesOfAttempt,
} from "./replayed-steps.ts";

const WORKER = join(import.meta.dirname, `read-back-worker${extname(import.meta.filename)}`);

/** Whose checkpoints, and by what measure. */
export type Certified = {
  readonly record: RecordWriter;
  readonly folder: string;
  readonly run: string;
  /** Of the policy. */
  readonly afterSteps: number;
  readonly repeats: Repeats;
};

type Reading = StandingCheckpoint & { readonly path: string };

/** It goes with a run through all its attempts. */
export class Certifier implements AsyncDisposable {
  readonly #of: Certified;
  readonly #standing: CheckpointStanding;
  #attempt = 0;
  /** Null: its rows have not come yet. */
  #earlier: Map<number, EarlierStep> | null = null;
  #sound: SoundSteps | null = null;
  #worker: Worker | null = null;
  #reading: Reading | null = null;
  #read: (Reading & { readonly damage: string | null }) | null = null;
  /** By the event that told of them: a person has been told. */
  readonly #damaged = new Set<number>();

  constructor(of: Certified) {
    this.#of = of;
    this.#standing = new CheckpointStanding(of.run);
  }

  /**
   * Takes the rows that came since, none too. What they show is told by the caller, and stands in the record
   * before the next call: only then is anything certified by them, though its reading may begin.
   */
  take(attempt: number, rows: readonly SeriesRow[]): readonly Sighting[] {
    if (attempt !== this.#attempt) [this.#attempt, this.#earlier, this.#sound] = [attempt, null, null];
    this.#append();
    const seen = rows.length > 0 ? this.#rows(rows) : [];
    this.#readNext();
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #rows(rows: readonly SeriesRow[]): readonly Sighting[] {
    const { record, run, folder, repeats } = this.#of;
    const seriesOf = (earlier: number) => seriesOfAttempt(folder, run, earlier);
    this.#earlier ??= earlierSteps(record.events, run, this.#attempt, repeats.forSteps, seriesOf);
    const earlier = this.#earlier;
    return rows.flatMap((row) => this.#row(row, earlier));
  }

  #row(row: SeriesRow, earlier: Map<number, EarlierStep>): readonly Sighting[] {
    const { step, loss, gradientNorm } = row;
    const isSound = Number.isFinite(loss) && Number.isFinite(gradientNorm);
    const isNext = this.#sound?.to === step - 1;
    this.#sound = isSound ? { from: isNext ? this.#sound!.from : step, to: step } : null;
    const before = earlier.get(step);
    earlier.delete(step);
    const seen = before && differenceOf(row, this.#attempt, before, this.#of.repeats.mostApart);
    // All that follows stands on it.
    if (seen) earlier.clear();
    return seen ? [seen] : [];
  }

  #ripe(): readonly StandingCheckpoint[] {
    const { record, afterSteps } = this.#of;
    return this.#sound ? this.#standing.follow(record.events).ripe(this.#sound, afterSteps) : [];
  }

  /** The newest: an older one will be deleted first. */
  #readNext(): void {
    if (this.#reading) return;
    const ripe = this.#ripe().filter(({ sequence }) => !this.#damaged.has(sequence));
    if (ripe.length === 0) return;
    const listed = listCheckpoints(checkpointsFolder(this.#of.folder, this.#of.run));
    const paths = new Map(listed.map(({ step, path }) => [step, path]));
    const newest = ripe.findLast(({ step }) => paths.has(step));
    if (newest === undefined) return;
    this.#reading = { ...newest, path: paths.get(newest.step)! };
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage(this.#reading.path);
  }

  /** It keeps no process alive. */
  #startWorker(): Worker {
    const worker = new Worker(WORKER);
    worker.unref();
    const isRead = (damage: string | null) => {
      this.#read = { ...this.#reading!, damage };
      this.#reading = null;
    };
    worker.on("message", isRead);
    worker.on("error", (error) => {
      this.#worker = null;
      isRead(String(error));
    });
    return worker;
  }

  /** It may have been put in doubt, deleted or left behind while it was read. */
  #append(): void {
    const read = this.#read;
    this.#read = null;
    const { record, run, afterSteps } = this.#of;
    if (!read || !existsSync(read.path)) return;
    if (!this.#ripe().some(({ sequence }) => sequence === read.sequence)) return;
    const { step, path, damage } = read;
    if (damage === null) {
      record.append({ run, kind: "checkpoint-certified", data: { step, throughStep: step + afterSteps } });
      return;
    }
    this.#damaged.add(read.sequence);
    const data = {
      what: UNREADABLE_CHECKPOINT,
      evidence: { step, path, damage },
      severity: "warning",
    } as const;
    record.append({ run, kind: "incident", data });
  }
}
