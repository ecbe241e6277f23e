/** @file The record of a campaign, its only truth: an append-only chain of events in one file. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { isThere } from "../input-file.ts";
import { type Chain, type ChainBreak, lineOf, readChain } from "./chain.ts";
import type { EventDraft, EventKind, EventOf, RecordEvent, UnhashedEvent } from "./events.ts";
import { eventSchema, NO_PREVIOUS, RECORD_VERSION } from "./events.ts";
import { AppendFile, readOwnFile } from "./files.ts";
import { acquireLock, breakLock, isLocked, type LockJob, lockHolder, lockJob } from "./lock.ts";
import { checkRules } from "./rules.ts";
import { refuseCutShort } from "./traces.ts";
import { drainFile } from "./workspace.ts";

/** A whole record, as read. */
export type RecordContent = {
  readonly events: readonly RecordEvent[];
  readonly warnings: readonly string[];
  /** The hash of the last event: publish it, and nobody can change an event up to here unseen. */
  readonly head: string;
};

/** Whether the chain holds up to the end of the file; if not, where it breaks. */
export type Verification =
  | { readonly ok: true; readonly numEvents: number; readonly head: string }
  | ({ readonly ok: false; readonly numEvents: number; readonly head: string } & ChainBreak);

/** Where a campaign's record is. */
export function recordPath(campaignFolder: string): string {
  return join(campaignFolder, "record.jsonl");
}

/** Whether a process has a campaign's record open for writing. */
export function isBeingWritten(campaignFolder: string): boolean {
  return isLocked(lockPath(campaignFolder));
}

/** The process that has it open; null where nobody does. Throws a `UserError` for one out of reach. */
export function writerOf(campaignFolder: string): ReturnType<typeof lockHolder> {
  return lockHolder(lockPath(campaignFolder));
}

/** The job of Slurm's in which another machine has it open, or had; null: that is not so. */
export function writersJob(campaignFolder: string): LockJob | null {
  return lockJob(lockPath(campaignFolder));
}

/** Has it open no more, where that job is known to have ended. */
export function freeRecord(campaignFolder: string, job: LockJob): void {
  breakLock(lockPath(campaignFolder), job);
}

const WHAT = "the record of a campaign";

const lockPath = (campaignFolder: string) => join(campaignFolder, "record.lock");

/** Opens a record for writing, or creates it. Refuses a second writer, and one edited or cut short. */
export function openRecord(campaignFolder: string): RecordWriter {
  return RecordWriter.open(campaignFolder);
}

/**
 * Reads a campaign's record, also while it is being written. Throws a UserError where it has been edited, or
 * cut short: whoever writes has held the folder against it already, and goes on.
 */
export function readRecord(campaignFolder: string): RecordContent {
  const isUnderWay = isBeingWritten(campaignFolder);
  const record = readPerhapsCutShort(campaignFolder);
  if (!isUnderWay) refuseCutShort(campaignFolder, record.events);
  return record;
}

/** The same for `record verify` alone, which says all that is wrong and not only the first. */
export function readPerhapsCutShort(campaignFolder: string): RecordContent {
  const path = recordPath(campaignFolder);
  const chain = intact(path, readChain(readExisting(path)));
  return { events: chain.events, warnings: warningsOf(chain), head: chain.head };
}

/** Checks every event and the whole chain. Whole events cut off at the end show against a published head. */
export function verifyRecord(campaignFolder: string): Verification {
  const chain = readChain(readExisting(recordPath(campaignFolder)));
  const facts = { numEvents: chain.events.length, head: chain.head };
  const broken = chain.broken ?? tornEnd(chain);
  return broken === null ? { ok: true, ...facts } : { ok: false, ...facts, ...broken };
}

/** The number of the event with this hash, which proves that a published head is of this record; or null. */
export function sequenceOfHead(record: RecordContent, publishedHead: string): number | null {
  return record.events.find(({ hash }) => hash === publishedHead)?.sequence ?? null;
}

/** The one writer of a record. */
export class RecordWriter implements Disposable {
  readonly warnings: readonly string[];
  readonly #file: AppendFile;
  readonly #resources: Disposable;
  readonly #events: RecordEvent[];
  readonly #launch: number;
  readonly #openedAt = performance.now();
  readonly #listeners = new Set<(event: RecordEvent) => void>();

  /** See `openRecord`. */
  static open(campaignFolder: string): RecordWriter {
    const path = recordPath(campaignFolder);
    using stack = new DisposableStack();
    stack.use(acquireLock(lockPath(campaignFolder)));
    const chain = intact(path, readChain(isThere(path) ? readOwnFile(path, WHAT) : new Uint8Array()));
    refuseCutShort(campaignFolder, chain.events);
    const file = stack.use(new AppendFile(path));
    if (chain.wholeBytes < file.numBytes) file.truncate(chain.wholeBytes);
    // Whoever goes on has changed their mind.
    rmSync(drainFile(campaignFolder), { force: true });
    return new RecordWriter(file, chain, stack.move());
  }

  private constructor(file: AppendFile, chain: Chain, resources: Disposable) {
    this.warnings = warningsOf(chain);
    this.#file = file;
    this.#resources = resources;
    this.#events = [...chain.events];
    this.#launch = (chain.events.at(-1)?.launch ?? 0) + 1;
  }

  get events(): readonly RecordEvent[] {
    return this.#events;
  }

  get head(): string {
    return this.#events.at(-1)?.hash ?? NO_PREVIOUS;
  }

  /** Adds an event. Once this returns, the event survives a kill and a power cut. */
  append<K extends EventKind>(draft: EventDraft<K>): EventOf<K> {
    const line = lineOf(
      checked({
        v: RECORD_VERSION,
        sequence: this.#events.length,
        launch: this.#launch,
        seconds: Math.round(performance.now() - this.#openedAt) / 1000,
        time: new Date().toISOString(),
        run: draft.run,
        kind: draft.kind,
        data: draft.data,
        previous: this.head,
      }),
    );
    // Read back from the text, so that what the writer holds is exactly what a reader will get.
    const event = JSON.parse(line) as EventOf<K>;
    checkRules(this.#events, event);
    this.#file.append(Buffer.from(`${line}\n`));
    this.#events.push(event);
    for (const listener of this.#listeners) listener(event);
    return event;
  }

  /** Calls back for each event that is added; disposing ends that. */
  onAppend(listener: (event: RecordEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#resources[Symbol.dispose]();
  }
}

function checked(event: object): UnhashedEvent {
  const result = eventSchema.safeParse({ ...event, hash: NO_PREVIOUS });
  if (!result.success)
    throw new Error(`invariant broken: an event to append is not valid: ${z.prettifyError(result.error)}`);
  const { hash: _, ...unhashed } = result.data;
  return unhashed;
}

function warningsOf(chain: Chain): readonly string[] {
  const torn = tornEnd(chain);
  return torn ? [`${torn.found}: dropped`] : [];
}

function tornEnd({ events, tornBytes }: Chain): ChainBreak | null {
  if (tornBytes === 0) return null;
  const found = `the record's last line was never finished (${tornBytes} bytes after event ${events.length - 1})`;
  return {
    sequence: events.length,
    found,
    expected: "a whole event, ended by a line feed",
    remedy:
      "where a process was killed or a disk was full, launch again: the next writer cuts it off; " +
      "else put back an unchanged copy",
  };
}

function readExisting(path: string): Uint8Array {
  if (isThere(path)) return readOwnFile(path, WHAT);
  throw new UserError(
    `there is no ${path}`,
    "the folder of a campaign that has been launched",
    "give the campaign's folder, or launch the campaign first",
  );
}

function intact(path: string, chain: Chain): Chain {
  if (chain.broken === null) return chain;
  const { sequence, found, expected, remedy } = chain.broken;
  throw new UserError(
    `${path} has been changed since it was written: at sequence ${sequence}, ${found}`,
    expected,
    `${remedy}; \`longrun record verify\` checks it`,
  );
}
