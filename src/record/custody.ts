/** @file Files that the record vouches for: their sizes and hashes stand in it, and are held against them. */

import { readdirSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { UserError } from "../errors.ts";
import { isThere } from "../input-file.ts";
import type { EventDraft, EventOf, RecordEvent } from "./events.ts";
import { sha256File } from "./files.ts";
import { type RecordWriter, readRecord, recordPath } from "./record.ts";

/** What the files are of: the corpus and the model are replaced as a whole, each run has its own. */
export type FilesOf = EventOf<"files-written">["data"]["of"];

/** A file that is no longer what the record says. */
export type DamagedFile = {
  /** Relative to the campaign's folder. */
  readonly path: string;
  readonly of: FilesOf;
  readonly found: string;
  readonly expected: string;
};

type Vouched = {
  readonly path: string;
  readonly of: FilesOf;
  readonly bytes: number;
  readonly sha256: string;
  /** Of the event that says so. */
  readonly sequence: number;
};

/** Above this a look at a campaign reads no file in full; `record verify --all` does. */
export const LARGE_BYTES = 2 ** 28;

/** The event that vouches for these files or folders, given relative to the campaign's folder. */
export function filesWritten(
  folder: string,
  of: FilesOf,
  run: string | null,
  places: readonly string[],
): EventDraft<"files-written"> {
  const paths = places.flatMap((place) => filesIn(folder, place)).sort();
  const files = Object.fromEntries(
    paths.map((path) => {
      const file = join(folder, path);
      return [path, { bytes: statSync(file).size, sha256: sha256File(file) }];
    }),
  );
  return { run, kind: "files-written", data: { of, files } };
}

/** Appends it, unless the record says the same already. */
export function vouch(record: RecordWriter, draft: EventDraft<"files-written">): void {
  const last = record.events.findLast(
    (event) => event.kind === "files-written" && subjectOf(event) === subjectOf(draft),
  );
  const isSaid = last?.run === draft.run && JSON.stringify(last.data) === JSON.stringify(draft.data);
  if (!isSaid) record.append(draft);
}

const subjectOf = ({ run, data: { of } }: EventDraft<"files-written">) => (of === "run" ? `run ${run}` : of);

/** The vouched files that are missing, of another size, or (where `isRead`) of other content. */
export function damagedFiles(
  folder: string,
  events: readonly RecordEvent[],
  isMeant: (file: Pick<Vouched, "path" | "of">) => boolean = () => true,
  isRead: (file: Vouched) => boolean = () => true,
): readonly DamagedFile[] {
  return vouchedFiles(events)
    .filter(isMeant)
    .flatMap((file) => {
      const found = differenceOf(join(folder, file.path), file, isRead(file));
      if (found === null) return [];
      const expected = `${file.bytes} bytes with the SHA-256 ${file.sha256}, as event ${file.sequence} says`;
      return [{ path: file.path, of: file.of, found, expected }];
    });
}

/** Whether the record vouches for this file, and it is what the record says. */
export function isVouchedFor(folder: string, events: readonly RecordEvent[], path: string): boolean {
  const file = vouchedFiles(events).find((vouched) => vouched.path === path);
  return file !== undefined && differenceOf(join(folder, path), file, true) === null;
}

/** One line of what is wrong with it. */
export const damageText = ({ path, found, expected }: DamagedFile) =>
  `${path} ${found}; expected: ${expected}`;

/** What a look at a campaign checks: all sizes, and the content of what is neither large nor corpus text. */
export function damageInSight(folder: string, events: readonly RecordEvent[]): readonly DamagedFile[] {
  const isRead = ({ path, bytes }: Vouched) =>
    bytes <= LARGE_BYTES && !/^corpus\/(text|tokens)\/.*\.(txt|bin)$/.test(path);
  return damagedFiles(folder, events, undefined, isRead);
}

/** A corpus follows from its sources, and may have been deleted to save room; a curve or a model may not. */
export const isTruth = ({ of }: DamagedFile) => of !== "corpus";

/** How many files the record vouches for, and their bytes. */
export function vouchedTotals(events: readonly RecordEvent[]) {
  const files = vouchedFiles(events);
  return { numFiles: files.length, numBytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Throws a `UserError` that names the first of the damaged files; nothing where there is none. */
export function refuseDamaged(folder: string, damaged: readonly DamagedFile[]): void {
  const [first] = damaged;
  if (first === undefined) return;
  const others = damaged.length > 1 ? ` (and ${damaged.length - 1} more)` : "";
  throw new UserError(
    `${join(folder, first.path)} ${first.found}${others}`,
    first.expected,
    REMEDIES[first.of],
  );
}

/** Of a campaign's folder; a folder without a record has nobody who vouches for its files. */
export function refuseDamagedIn(
  folder: string,
  isMeant: (file: Pick<Vouched, "path" | "of">) => boolean,
): void {
  if (isThere(recordPath(folder)))
    refuseDamaged(folder, damagedFiles(folder, readRecord(folder).events, isMeant));
}

/** What to say of a model in a campaign's folder whose record does not know it; a model alone is fine. */
export function modelWarnings(model: string): readonly string[] {
  const folder = dirname(model);
  const record = recordPath(folder);
  const isKnown = isThere(record) && vouchedFiles(readRecord(folder).events).some(({ of }) => of === "model");
  const isOfCampaign = isThere(record) || ["runs", "series"].every((name) => isThere(join(folder, name)));
  if (isKnown || !isOfCampaign) return [];
  return [
    isThere(record)
      ? `no event of ${record} vouches for ${model}: nothing shows whether it is as it was written`
      : `${record} is missing, which vouches for ${model}: nothing shows whether it is as it was written`,
  ];
}

const REMEDIES: Readonly<Record<FilesOf, string>> = {
  corpus: "give the launch or run command again: it prepares the corpus anew from its sources",
  run: "put back an unchanged copy; the numbers in the record itself are whole",
  model: "give the launch or run command again: it writes the model anew from the run's last checkpoint",
};

/** The last word on each subject holds. */
function vouchedFiles(events: readonly RecordEvent[]): readonly Vouched[] {
  const last = new Map<string, EventOf<"files-written">>();
  for (const event of events) if (event.kind === "files-written") last.set(subjectOf(event), event);
  return [...last.values()].flatMap(({ sequence, data: { of, files } }) =>
    Object.entries(files).map(([path, file]) => ({ path, of, sequence, ...file })),
  );
}

function differenceOf(path: string, expected: Vouched, isRead: boolean): string | null {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats?.isFile()) return stats ? "is no file" : "is missing";
    if (stats.size !== expected.bytes) return `has ${stats.size} bytes`;
    const found = isRead ? sha256File(path) : expected.sha256;
    return found === expected.sha256 ? null : `has the SHA-256 ${found}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return `cannot be read (${code})`;
  }
}

/** Files under a place, without the hidden ones that are still being written. */
function filesIn(folder: string, place: string): readonly string[] {
  const stats = statSync(join(folder, place), { throwIfNoEntry: false });
  if (stats?.isFile()) return [place];
  if (!stats) return [];
  return readdirSync(join(folder, place))
    .filter((name) => !name.startsWith("."))
    .flatMap((name) => filesIn(folder, posix.join(place, name)));
}
