/** @file How a process tells how it goes, in two files: events, which last, and a beat, which does not. */

import { closeSync, existsSync, openSync, readSync, writeSync } from "node:fs";
import { z } from "zod";
import { assert } from "../../errors.ts";
import { diskError, writeFully } from "../../record/files.ts";
import { type RunEvent, runEventSchema } from "../../train/run-event.ts";
import { SECTIONS, type Section } from "../../train/section.ts";
import { beatFile, eventsFile } from "./attempt-folder.ts";
import { FileTail } from "./file-tail.ts";

const amount = z.number().nonnegative();

const scoredSchema = z.strictObject({
  kind: z.literal("scored"),
  heldOut: z.record(z.string(), z.strictObject({ nats: amount, tokens: amount, bytes: amount })),
  startSeconds: amount,
  evaluationSeconds: amount,
  /** Resident and on GPUs, of all ranks together at their peaks. */
  peakBytes: amount,
});

/** The end of a run whose trainer leaves its summary to the supervisor. */
export type Scored = Readonly<z.infer<typeof scoredSchema>>;

const messageSchema = z.union([
  runEventSchema,
  scoredSchema,
  /** It cannot go on, and a person can put it right. */
  z.strictObject({
    kind: z.literal("refused"),
    found: z.string(),
    expected: z.string(),
    remedy: z.string(),
  }),
]);

export type Message =
  | RunEvent
  | Scored
  | Extract<z.infer<typeof messageSchema>, { readonly kind: "refused" }>;

const beatSchema = z.strictObject({
  /** Grows by one: two beats are never alike. */
  count: z.int().nonnegative(),
  section: z.enum(SECTIONS),
  step: z.int().nonnegative(),
  loss: z.number().nullable(),
  stepSeconds: z.number().nullable(),
  /** Without those in which it waited for other ranks; left out by a trainer that has none. */
  ownSeconds: z.number().nullable().optional(),
  /** Seconds between two beats, at most, by the section of the first one. */
  longest: z.partialRecord(z.enum(SECTIONS), z.number().nonnegative()),
});

/** Where a process is: alive as long as it changes. */
export type Beat = Readonly<z.infer<typeof beatSchema>>;

/** Beats have one size, so that a shorter one leaves nothing of a longer one. */
const BEAT_BYTES = 256;

/** The process's side. */
export class SpoolWriter implements Disposable {
  readonly #events: number;
  readonly #beat: number;
  readonly #path: string;
  readonly #longest: Partial<Record<Section, number>> = {};
  #last: { readonly section: Section; readonly ms: number } | null = null;
  #count = 0;

  constructor(attempt: string, rank: number) {
    this.#path = eventsFile(attempt, rank);
    this.#events = openSync(this.#path, "a");
    this.#beat = openSync(beatFile(attempt, rank), "w");
  }

  /** Steps are told by beats alone: months of them would fill the disk. */
  send(message: Exclude<Message, { readonly kind: "step" }>): void {
    try {
      writeFully(this.#events, Buffer.from(`${JSON.stringify(message)}\n`));
    } catch (error) {
      throw diskError(error, this.#path);
    }
  }

  beat(section: Section, step: number, loss: number | null = null, stepSeconds: number | null = null): void {
    const ms = performance.now();
    if (this.#last) {
      const seconds = Math.ceil(ms - this.#last.ms) / 1000;
      this.#longest[this.#last.section] = Math.max(seconds, this.#longest[this.#last.section] ?? 0);
    }
    this.#last = { section, ms };
    const beat: Beat = { count: this.#count++, section, step, loss, stepSeconds, longest: this.#longest };
    const text = JSON.stringify(beat);
    assert(text.length < BEAT_BYTES, "a beat fits into its file");
    writeSync(this.#beat, text.padEnd(BEAT_BYTES), 0);
  }

  [Symbol.dispose](): void {
    closeSync(this.#events);
    closeSync(this.#beat);
  }
}

/** The supervisor's side: what came since it last looked. */
export class SpoolReader implements Disposable {
  readonly #attempt: string;
  readonly #rank: number;
  readonly #events: FileTail;
  #beat: number | null = null;

  constructor(attempt: string, rank: number) {
    this.#attempt = attempt;
    this.#rank = rank;
    this.#events = new FileTail(eventsFile(attempt, rank));
  }

  /** Whole lines that came since; a line that a kill has torn stays unread. */
  messages(): readonly Message[] {
    return Array.from(this.#events.lines(), (line) => messageSchema.parse(JSON.parse(line)));
  }

  /** Null: none yet, or one that is being written. */
  beat(): Beat | null {
    const path = beatFile(this.#attempt, this.#rank);
    if (this.#beat === null && !existsSync(path)) return null;
    this.#beat ??= openSync(path, "r");
    const bytes = Buffer.alloc(BEAT_BYTES);
    const text = bytes.toString("utf8", 0, readSync(this.#beat, bytes, 0, BEAT_BYTES, 0)).trimEnd();
    return beatIn(text);
  }

  [Symbol.dispose](): void {
    this.#events[Symbol.dispose]();
    if (this.#beat !== null) closeSync(this.#beat);
  }
}

function beatIn(text: string): Beat | null {
  try {
    return beatSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
