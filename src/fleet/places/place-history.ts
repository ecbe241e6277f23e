/**
 * @file Which places have failed runs on this machine or account, remembered from one campaign to the next: a
 * file of JSON lines in the user's state folder, to which every run with several places appends.
 */

import { closeSync, existsSync, fsyncSync, openSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { diskError, makeFolder, readOwnFile } from "../../record/files.ts";
import { countedFailures, excludedUntil } from "../decide/places.ts";
import type { Policy } from "../decide/policy.ts";
import { lastBytes } from "../process/attempt-folder.ts";

const place = z.string().min(1);
const time = z.iso.datetime();
const lineSchema = z.discriminatedUnion("kind", [
  /** A failure that it was blamed for, of a run in a folder. */
  z.strictObject({
    kind: z.literal("failed"),
    time,
    place,
    what: z.string(),
    folder: z.string(),
    run: z.string(),
  }),
  /** What it did before counts no more. */
  z.strictObject({ kind: z.literal("forgiven"), time, place }),
]);

type Line = Readonly<z.infer<typeof lineSchema>>;

/** A failure that a place was blamed for. */
export type PlaceFailure = Extract<Line, { readonly kind: "failed" }> & { readonly atSeconds: number };

/** What the file holds. */
export type PlaceHistory = {
  /** Those that were not forgiven since, oldest first. */
  readonly failures: readonly PlaceFailure[];
  /** When a place was forgiven last, in seconds since 1970. */
  readonly forgiven: ReadonlyMap<string, number>;
  /** Lines that are none of ours, or cut off: nothing is known from them. */
  readonly warnings: readonly string[];
};

/** In the folder that the system has for what programs remember (XDG). */
export const placesFile = () =>
  join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "longrun", "places.jsonl");

/** Throws a UserError where the file cannot be read. A line that cannot is passed over, with a warning. */
export function readPlaceHistory(): PlaceHistory {
  const path = placesFile();
  const texts = existsSync(path) ? readOwnFile(path, "places that failed").toString().split("\n") : [];
  const parsed = texts.map((text) => (text === "" ? null : lineOf(text)));
  const lines = parsed.filter((line) => line !== null && line !== "unreadable");
  const unreadable = parsed.flatMap((line, i) => (line === "unreadable" ? [i + 1] : []));
  const forgiven = new Map<string, number>();
  for (const line of lines) if (line.kind === "forgiven") forgiven.set(line.place, secondsOf(line));
  const failures = lines
    .filter((line) => line.kind === "failed")
    .map((line) => ({ ...line, atSeconds: secondsOf(line) }))
    .filter(({ place, atSeconds }) => atSeconds > (forgiven.get(place) ?? Number.NEGATIVE_INFINITY));
  const warnings =
    unreadable.length === 0
      ? []
      : [
          `${path}: passed over are ${unreadable.length} lines that tell of no place, the first of them line ` +
            `${unreadable[0]}; delete them to hear no more of it`,
        ];
  return { failures, forgiven, warnings };
}

const secondsOf = (line: Line) => Date.parse(line.time) / 1000;

function lineOf(text: string): Line | "unreadable" {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data ?? "unreadable";
  } catch {
    return "unreadable";
  }
}

/** Throws a UserError where it cannot be written. */
export function rememberFailure(failure: Omit<Extract<Line, { readonly kind: "failed" }>, "kind">): void {
  append({ kind: "failed", ...failure });
}

/** From now on a place is as good as new. Throws a UserError where that cannot be written. */
export function forgivePlace(place: string): void {
  append({ kind: "forgiven", time: new Date().toISOString(), place });
}

/** In one write, as other runs append too; after a line that was cut off, on one of its own. */
function append(line: Line): void {
  const path = placesFile();
  try {
    makeFolder(dirname(path));
    const isCutOff = ![undefined, "\n".charCodeAt(0)].includes(lastBytes(path, 1)[0]);
    const file = openSync(path, "a", 0o600);
    try {
      writeSync(file, `${isCutOff ? "\n" : ""}${JSON.stringify(line)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw diskError(error, path);
  }
}

/** How a place stands with new runs. */
export type PlaceStanding = {
  readonly place: string;
  readonly failures: readonly PlaceFailure[];
  /** Of them, within the policy's days. */
  readonly numCounted: number;
  /** In seconds since 1970; null: new runs use it. */
  readonly excludedUntilSeconds: number | null;
};

/** Of all places with failures that were not forgiven, by name. */
export function placeStandings(
  { failures }: Pick<PlaceHistory, "failures">,
  policy: Policy,
  nowSeconds: number,
): readonly PlaceStanding[] {
  const byPlace = Map.groupBy(failures, (failure) => failure.place);
  return [...byPlace.entries()]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([place, own]) => ({
      place,
      failures: own,
      numCounted: countedFailures(place, own, policy, nowSeconds).length,
      excludedUntilSeconds: excludedUntil(place, own, policy, nowSeconds),
    }));
}
