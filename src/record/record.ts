/** @file The record of a campaign, its only truth: an append-only chain of events in one file. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { jsonIn } from "../input-file.ts";
import {
  type EventDraft,
  type EventKind,
  type EventOf,
  eventSchema,
  NO_PREVIOUS,
  RECORD_VERSION,
  type RecordEvent,
} from "./events.ts";
import { AppendFile, sha256 } from "./files.ts";
import { acquireLock } from "./lock.ts";
import { checkRules } from "./rules.ts";

/** A whole record, as read. */
export type RecordContent = {
  readonly events: readonly RecordEvent[];
  readonly warnings: readonly string[];
  /** SHA-256 of the last line: publish it, and nobody can change an event up to here unseen. */
  readonly head: string;
};

/** Whether the chain holds; if not, where it breaks. */
export type Verification =
  | { readonly ok: true; readonly numEvents: number; readonly head: string }
  | ({ readonly ok: false } & ChainBreak);

/** The first event that is not what the chain says it was. */
export type ChainBreak = { readonly sequence: number; readonly found: string; readonly expected: string };

type Parsed = RecordContent & { readonly wholeBytes: number; readonly broken: ChainBreak | null };

/** Where a campaign's record is. */
export function recordPath(campaignFolder: string): string {
  return join(campaignFolder, "record.jsonl");
}

/** Opens a record for writing; creates it where there is none. Refuses an edited one and a second writer. */
export function openRecord(campaignFolder: string): RecordWriter {
  return RecordWriter.open(campaignFolder);
}

/** Reads a campaign's record, also while it is being written. Throws a UserError where it has been edited. */
export function readRecord(campaignFolder: string): RecordContent {
  const path = recordPath(campaignFolder);
  const { events, warnings, head } = intact(path, parseRecord(readExisting(path)));
  return { events, warnings, head };
}

/** Checks every event and the whole chain. An edit of the last event shows only against a published head. */
export function verifyRecord(campaignFolder: string): Verification {
  const { events, head, broken } = parseRecord(readExisting(recordPath(campaignFolder)));
  return broken === null ? { ok: true, numEvents: events.length, head } : { ok: false, ...broken };
}

/** The number of the event with this hash, which proves that a published head is of this record; or null. */
export function sequenceOfHead(record: RecordContent, publishedHead: string): number | null {
  if (record.events.length === 0) return null;
  if (record.head === publishedHead) return record.events.length - 1;
  const next = record.events.findIndex((event) => event.previous === publishedHead);
  return next > 0 ? next - 1 : null;
}

/** The one writer of a record. */
export class RecordWriter implements Disposable {
  readonly warnings: readonly string[];
  readonly #file: AppendFile;
  readonly #resources: Disposable;
  readonly #events: RecordEvent[];
  #head: string;

  /** See `openRecord`. */
  static open(campaignFolder: string): RecordWriter {
    const path = recordPath(campaignFolder);
    using stack = new DisposableStack();
    stack.use(acquireLock(join(campaignFolder, "record.lock")));
    const file = stack.use(new AppendFile(path));
    const parsed = intact(path, parseRecord(readFileSync(path)));
    if (parsed.wholeBytes < file.numBytes) file.truncate(parsed.wholeBytes);
    return new RecordWriter(file, parsed, stack.move());
  }

  private constructor(file: AppendFile, content: RecordContent, resources: Disposable) {
    this.warnings = content.warnings;
    this.#file = file;
    this.#resources = resources;
    this.#events = [...content.events];
    this.#head = content.head;
  }

  get events(): readonly RecordEvent[] {
    return this.#events;
  }

  get head(): string {
    return this.#head;
  }

  /** Adds an event. Once this returns, the event survives a kill and a power cut. */
  append<K extends EventKind>(draft: EventDraft<K>): EventOf<K> {
    const checkedEvent = checked({
      v: RECORD_VERSION,
      sequence: this.#events.length,
      time: new Date().toISOString(),
      run: draft.run,
      kind: draft.kind,
      data: draft.data,
      previous: this.#head,
    });
    checkRules(this.#events, checkedEvent);
    const line = JSON.stringify(checkedEvent);
    this.#file.append(Buffer.from(`${line}\n`));
    // Read back from the text, so that what the writer holds is exactly what a reader will get.
    const event = JSON.parse(line) as EventOf<K>;
    this.#events.push(event);
    this.#head = sha256(line);
    return event;
  }

  [Symbol.dispose](): void {
    this.#resources[Symbol.dispose]();
  }
}

function checked(event: unknown): RecordEvent {
  const result = eventSchema.safeParse(event);
  if (!result.success)
    throw new Error(`invariant broken: an event to append is not valid: ${z.prettifyError(result.error)}`);
  return result.data;
}

function readExisting(path: string): Uint8Array {
  if (existsSync(path)) return readFileSync(path);
  throw new UserError(
    `there is no ${path}`,
    "the folder of a campaign that has been launched",
    "give the campaign's folder, or launch the campaign first",
  );
}

function intact(path: string, parsed: Parsed): Parsed {
  if (parsed.broken === null) return parsed;
  const { sequence, found, expected } = parsed.broken;
  throw new UserError(
    `${path} has been changed since it was written: at sequence ${sequence}, ${found}`,
    expected,
    "put back an unchanged copy, or start again in a new folder; `longrun record verify` checks it",
  );
}

/** Works on bytes, not text: damage that is no longer UTF-8 must not hash like its replacement character. */
function parseRecord(bytes: Uint8Array): Parsed {
  refuseOtherVersion(bytes);
  const events: RecordEvent[] = [];
  let head = NO_PREVIOUS;
  let start = 0;
  let broken: ChainBreak | null = null;
  for (let end = bytes.indexOf(10); end >= 0 && broken === null; end = bytes.indexOf(10, start)) {
    const line = bytes.subarray(start, end);
    const parsed = parseLine(line, events.length, head);
    if ("found" in parsed) {
      broken = parsed;
      break;
    }
    events.push(parsed);
    head = sha256(line);
    start = end + 1;
  }
  const numTornBytes = broken === null ? bytes.byteLength - start : 0;
  const warnings =
    numTornBytes > 0
      ? [
          `the record's last line was never finished ` +
            `(${numTornBytes} bytes after event ${events.length - 1}): dropped`,
        ]
      : [];
  return { events, head, warnings, wholeBytes: start, broken };
}

function parseLine(line: Uint8Array, sequence: number, head: string): RecordEvent | ChainBreak {
  const event = eventSchema.safeParse(jsonIn(Buffer.from(line).toString("utf8")));
  if (!event.success) {
    const text = Buffer.from(line).toString("utf8");
    const shown = text.length > 120 ? `${text.slice(0, 120)}...` : text;
    const problem = z.prettifyError(event.error).replaceAll("\n", " ");
    const found = `the line is not an event (${problem}): ${shown}`;
    return { sequence, found, expected: "a line of JSON that this version of longrun knows" };
  }
  if (event.data.sequence !== sequence) {
    return { sequence, found: `the event has number ${event.data.sequence}`, expected: `number ${sequence}` };
  }
  if (event.data.previous === head) return event.data;
  // The line before no longer has the hash that this one kept of it: that one has been changed.
  const changed = Math.max(0, sequence - 1);
  return {
    sequence: changed,
    found: `event ${changed} has the hash ${head}`,
    expected: `the hash ${event.data.previous}, which event ${sequence} kept of the one before it`,
  };
}

/** Two first events of another version: a record not ours to read, rather than a broken one. */
function refuseOtherVersion(bytes: Uint8Array): void {
  const second = bytes.indexOf(10) + 1;
  const lines = [bytes.subarray(0, second), bytes.subarray(second, bytes.indexOf(10, second) + 1)];
  const versions = lines.flatMap(
    (line) => z.object({ v: z.int() }).safeParse(jsonIn(Buffer.from(line).toString("utf8"))).data?.v ?? [],
  );
  if (versions.length === 0 || versions.includes(RECORD_VERSION)) return;
  throw new UserError(
    `a record of version ${versions[0]}`,
    `version ${RECORD_VERSION}`,
    "go on with the longrun that began the campaign, or launch into a new folder",
  );
}
