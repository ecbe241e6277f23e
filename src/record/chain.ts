/** @file The lines of a record: each carries its own hash and that of the one before; an edit is placed. */

import { z } from "zod";
import { UserError } from "../errors.ts";
import { jsonIn } from "../input-file.ts";
import { eventSchema, NO_PREVIOUS, RECORD_VERSION, type RecordEvent, type UnhashedEvent } from "./events.ts";
import { sha256 } from "./files.ts";

/** The first event that is not what the chain says it was. */
export type ChainBreak = {
  readonly sequence: number;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;
};

/** What the lines of a record hold. */
export type Chain = {
  readonly events: readonly RecordEvent[];
  /** The hash of the last event. */
  readonly head: string;
  /** Up to the end of the last whole line. */
  readonly wholeBytes: number;
  /** Of a last line without its end: it was never finished, or has been cut off. */
  readonly tornBytes: number;
  readonly broken: ChainBreak | null;
};

/** What is nested too deep, the events' own schema names. */
const ANY_LEVELS = Number.POSITIVE_INFINITY;
const REMEDY = "put back an unchanged copy, or start again in a new folder";
const HASH_BYTES = hashField(NO_PREVIOUS).length;

/** The line of an event, which ends with its hash: the SHA-256 of the line without that field. */
export function lineOf(event: UnhashedEvent): string {
  const unhashed = JSON.stringify(event);
  return unhashed.slice(0, -1) + hashField(sha256(unhashed));
}

/** Works on bytes, not text: damage that is no longer UTF-8 must not hash like its replacement character. */
export function readChain(bytes: Uint8Array): Chain {
  refuseOtherVersion(bytes);
  const events: RecordEvent[] = [];
  let head = NO_PREVIOUS;
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    const parsed = parseLine(bytes.subarray(start, end), events.length, head);
    if ("found" in parsed) return { events, head, wholeBytes: start, tornBytes: 0, broken: parsed };
    events.push(parsed);
    head = parsed.hash;
    start = end + 1;
  }
  return { events, head, wholeBytes: start, tornBytes: bytes.byteLength - start, broken: null };
}

function parseLine(line: Uint8Array, sequence: number, head: string): RecordEvent | ChainBreak {
  if (line.at(-1) === 13) {
    const found = "the line ends with CR LF: a program or Git has changed the line ends";
    const remedy = "put back an unchanged copy, one that no program for text has had in its hands";
    return { sequence, found, expected: "a line feed alone at the end of each line", remedy };
  }
  const event = eventSchema.safeParse(jsonIn(Buffer.from(line).toString("utf8"), ANY_LEVELS));
  if (!event.success) {
    const text = Buffer.from(line).toString("utf8");
    const shown = text.length > 120 ? `${text.slice(0, 120)}...` : text;
    const problem = z.prettifyError(event.error).replaceAll("\n", " ");
    const found = `the line is not an event (${problem}): ${shown}`;
    return { sequence, found, expected: "a line of JSON that this version of longrun knows", remedy: REMEDY };
  }
  const { hash, previous } = event.data;
  const unhashed = Buffer.concat([line.subarray(0, -HASH_BYTES), Buffer.from("}")]);
  const own = sha256(unhashed);
  if (own !== hash || Buffer.from(line.subarray(-HASH_BYTES)).toString("latin1") !== hashField(hash)) {
    const found = `event ${sequence} now has the hash ${own}: ${editedField(event.data, sequence, head)}`;
    return { sequence, found, expected: `the hash ${hash}, which the event carries`, remedy: REMEDY };
  }
  if (event.data.sequence !== sequence) {
    const found = `the event has number ${event.data.sequence}`;
    return { sequence, found, expected: `number ${sequence}`, remedy: REMEDY };
  }
  if (previous === head) return event.data;
  // Both carry their right hash, so that the one before is another than the one this was written after.
  const rewritten = Math.max(0, sequence - 1);
  return {
    sequence: rewritten,
    found: `event ${rewritten} was written anew, or put in: it has the hash ${head}`,
    expected: `the hash ${previous}, which event ${sequence} kept of the one before it`,
    remedy: REMEDY,
  };
}

/** What can be put right by what stands around it is named; of the rest only that it was one of them. */
function editedField(event: RecordEvent, sequence: number, head: string): string {
  const { hash, ...unhashed } = event;
  const isRestoredBy = (change: Partial<UnhashedEvent>) =>
    sha256(JSON.stringify({ ...unhashed, ...change })) === hash;
  if (isRestoredBy({ sequence })) return "its sequence was changed";
  if (isRestoredBy({ previous: head })) return "its previous was changed";
  return "a field of it was changed, neither sequence nor previous";
}

/** Two first events of another version: a record not ours to read, rather than a broken one. */
function refuseOtherVersion(bytes: Uint8Array): void {
  const second = bytes.indexOf(10) + 1;
  const lines = [bytes.subarray(0, second), bytes.subarray(second, bytes.indexOf(10, second) + 1)];
  const versions = lines.flatMap(
    (line) =>
      z.object({ v: z.int() }).safeParse(jsonIn(Buffer.from(line).toString("utf8"), ANY_LEVELS)).data?.v ??
      [],
  );
  if (versions.length === 0 || versions.includes(RECORD_VERSION)) return;
  throw new UserError(
    `a record of version ${versions[0]}`,
    `version ${RECORD_VERSION}`,
    "go on with the longrun that began the campaign, or launch into a new folder",
  );
}

function hashField(hash: string): string {
  return `,"hash":"${hash}"}`;
}
