/** @file Steps that are done again after a restart, held against what they came to before. */

import { existsSync } from "node:fs";
import { UserError } from "../../errors.ts";
import { type EventOf, eventsOf, type RecordEvent } from "../../record/events.ts";
import { readSeries, type Series, seriesPath } from "../../record/series.ts";
import { skippedSteps } from "../attempt-start.ts";
import type { DiffersSeen } from "../decide/sighting.ts";
import type { SeriesRow } from "../notice/step-row.ts";

/** How well a trainer repeats a step. */
export type Repeats = {
  /** How far apart the losses of a step may be that is done again; 0: the same bits. */
  readonly mostApart: number;
  /** Steps from an attempt's start on, after which small differences have grown too large to tell. */
  readonly forSteps: number;
};

/** What a step came to in an attempt before. */
export type EarlierStep = { readonly attempt: number; readonly loss: number; readonly batch: number | null };

/**
 * What an attempt's steps must come to again, by step: those beyond its start that attempts before it have
 * done, the newest one's where several have.
 * @param forSteps how many of them, from its start on
 * @param seriesOf the numbers of an attempt; null where there are none
 */
export function earlierSteps(
  events: readonly RecordEvent[],
  run: string,
  attempt: number,
  forSteps: number,
  seriesOf: (attempt: number) => Series | null,
): Map<number, EarlierStep> {
  const earlier = new Map<number, EarlierStep>();
  const current = eventsOf(events, "run-started", run).find(({ data }) => data.attempt === attempt);
  if (current === undefined) return earlier;
  const { fromStep } = current.data;
  for (const { start, untilStep } of comparable(events, run, current)) {
    const endStep = Math.min(untilStep, fromStep + forSteps + 1);
    const { step: steps, loss, batch } = seriesOf(start.data.attempt)?.values ?? {};
    steps?.forEach((step, i) => {
      if (step <= fromStep || step >= endStep || !Number.isFinite(loss?.[i])) return;
      const checksum = batch?.[i] ?? Number.NaN;
      earlier.set(step, {
        attempt: start.data.attempt,
        loss: loss![i]!,
        batch: Number.isNaN(checksum) ? null : checksum,
      });
    });
  }
  return earlier;
}

/**
 * Null where it came to the same, or cannot be compared.
 * @param mostApart relative difference of the losses; 0: the same bits
 */
export function differenceOf(
  { step, loss, batch }: SeriesRow,
  attempt: number,
  { attempt: earlierAttempt, ...earlier }: EarlierStep,
  mostApart: number,
): DiffersSeen | null {
  if (loss === null) return null;
  const isSameBatch = batch === null || earlier.batch === null || batch === earlier.batch;
  const apart = Math.abs(loss - earlier.loss) / Math.abs(earlier.loss);
  if (isSameBatch && (loss === earlier.loss || apart <= mostApart)) return null;
  const what = isSameBatch ? "loss" : "batch";
  return { kind: "differs", step, what, loss, attempt, earlierLoss: earlier.loss, earlierAttempt };
}

/** Null: there are none, or they cannot be read; then there is nothing to compare with. */
export function seriesOfAttempt(folder: string, run: string, attempt: number): Series | null {
  const path = seriesPath(folder, run, attempt);
  try {
    return existsSync(path) ? readSeries(path) : null;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

type Start = EventOf<"run-started">;

/**
 * Attempts before this one, oldest first, that were the same computation up to a step: by the same code and
 * instruction set, on one line of exact starts, and without the batches that were replaced meanwhile.
 */
function comparable(events: readonly RecordEvent[], run: string, current: Start) {
  if (!current.data.exact) return [];
  const before = eventsOf(events, "run-started", run).filter(({ sequence }) => sequence < current.sequence);
  const line = before.slice(
    Math.max(
      0,
      before.findLastIndex(({ data }) => !data.exact),
    ),
  );
  const [code, skip] = [codeAt(events, current), skippedSteps(events.slice(0, current.sequence), run)];
  return line
    .filter((start) => codeAt(events, start) === code)
    .map((start) => {
      const skippedThen = new Set(skippedSteps(events.slice(0, start.sequence), run));
      return { start, untilStep: skip.find((step) => !skippedThen.has(step)) ?? Number.POSITIVE_INFINITY };
    });
}

/** What the bits of a step may depend on, beside the run's specification. */
function codeAt(events: readonly RecordEvent[], { sequence }: Start): string {
  const environment = eventsOf(events.slice(0, sequence), "environment").at(-1)?.data;
  return JSON.stringify([environment?.commit, environment?.versions, environment?.instructionSet]);
}
