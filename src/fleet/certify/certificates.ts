/** @file Which checkpoints a record certifies, and which one has earned it by now. Pure. */

import type { EventOf, RecordEvent } from "../../record/events.ts";
import { sightingKind } from "../decide/incident-names.ts";
import { ADOPT_ROWS } from "../notice/spikes.ts";

/** One that was written and that no attempt has left behind since. */
export type StandingCheckpoint = {
  readonly step: number;
  /** Of the event that told of it: a run that goes back saves the same step again. */
  readonly sequence: number;
  readonly isCertified: boolean;
};

/** Steps of one attempt without a gap, each with a finite loss and gradient. */
export type SoundSteps = { readonly from: number; readonly to: number };

/** Steps that are in doubt, `until` excluded. */
type Trouble = {
  readonly kind: "spike" | "diverged" | "corrupted" | "disagreed" | "differs";
  readonly from: number;
  readonly until: number;
};

type Written = { readonly sequence: number; readonly throughStep: number | null };

/** What a run's events come to; whoever follows a run adds those that came since. */
export class CheckpointStanding {
  readonly #run: string;
  readonly #written = new Map<number, Written>();
  #troubles: readonly Trouble[] = [];
  readonly #unfounded: number[] = [];
  #numEvents = 0;

  constructor(run: string) {
    this.#run = run;
  }

  /** @param events the whole record */
  follow(events: readonly RecordEvent[]): this {
    for (const event of events.slice(this.#numEvents)) if (event.run === this.#run) this.#add(event);
    this.#numEvents = events.length;
    return this;
  }

  /** Ascending, by the record; whether they are still on the disk is another question. */
  get checkpoints(): readonly StandingCheckpoint[] {
    return [...this.#written].map(standing).sort((a, b) => a.step - b.step);
  }

  /** Steps whose certificate contradicts the record: no checkpoint of theirs had been written by then. */
  get unfounded(): readonly number[] {
    return this.#unfounded;
  }

  /**
   * Those that have earned a certificate, but for being read back, oldest first: the next `afterSteps` steps
   * of the same branch are sound, and no trouble that is open began before their end.
   */
  ripe(sound: SoundSteps, afterSteps: number): readonly StandingCheckpoint[] {
    const isRipe = ([step, { throughStep }]: readonly [number, Written]) =>
      throughStep === null &&
      sound.from <= step + 1 &&
      step + afterSteps <= sound.to &&
      !this.#troubles.some(({ from, until }) => from <= step + afterSteps && step < until);
    const found: (readonly [number, Written])[] = [];
    for (const each of this.#written) if (isRipe(each)) found.push(each);
    return found.map(standing).sort((a, b) => a.step - b.step);
  }

  #add(event: RecordEvent): void {
    switch (event.kind) {
      case "run-started":
        this.#start(event.data.fromStep);
        return;
      case "checkpoint-written":
        this.#written.set(event.data.step, { sequence: event.sequence, throughStep: null });
        return;
      case "checkpoint-certified": {
        const { step, throughStep } = event.data;
        const found = this.#written.get(step);
        if (found) this.#written.set(step, { ...found, throughStep });
        else this.#unfounded.push(step);
        return;
      }
      case "incident": {
        const trouble = troubleIn(event);
        if (trouble) this.#doubt(trouble);
      }
    }
  }

  /** Later checkpoints are of a branch that was left, and are deleted. */
  #start(fromStep: number): void {
    for (const step of this.#written.keys()) if (step > fromStep) this.#written.delete(step);
    const isCertified = typeof this.#written.get(fromStep)?.throughStep === "number";
    this.#troubles = this.#troubles.filter((trouble) => !isBehind(trouble, fromStep, isCertified));
  }

  #doubt(trouble: Trouble): void {
    this.#troubles = [...this.#troubles, trouble];
    for (const [step, written] of this.#written)
      if (written.throughStep !== null && written.throughStep >= trouble.from)
        this.#written.set(step, { ...written, throughStep: null });
  }
}

/** Of a record as it stands. */
export const standingOf = (events: readonly RecordEvent[], run: string) =>
  new CheckpointStanding(run).follow(events);

const standing = ([step, { sequence, throughStep }]: readonly [number, Written]): StandingCheckpoint => ({
  step,
  sequence,
  isCertified: throughStep !== null,
});

/**
 * Whether an attempt that starts from here does over again whatever was in doubt. Of two attempts that differ
 * nobody knows which was right, nor whether it was not their common checkpoint: only a certified one, whose
 * steps had come out alike before, is behind that, and the start.
 */
const isBehind = ({ kind, from }: Trouble, fromStep: number, isCertified: boolean) =>
  kind === "differs" ? fromStep === 0 || isCertified : fromStep < from;

/** Null: it says nothing against a checkpoint. */
function troubleIn({ data: { what, evidence, response } }: EventOf<"incident">): Trouble | null {
  const kind = sightingKind(what);
  const { seenStep, leadStep } = evidence as { readonly seenStep?: number; readonly leadStep?: number };
  if (seenStep === undefined) return null;
  if (kind === "diverged" || kind === "corrupted" || kind === "disagreed" || kind === "differs")
    return { kind, from: seenStep, until: Number.POSITIVE_INFINITY };
  if (kind !== "spike") return null;
  // Where nothing was done about it, the loss has come back by then, or its level is the new usual one.
  const until = response?.action === "nothing" ? seenStep + ADOPT_ROWS : Number.POSITIVE_INFINITY;
  return { kind, from: leadStep ?? seenStep, until };
}
