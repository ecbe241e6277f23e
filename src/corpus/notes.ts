/** @file What reading repaired, dropped and passed over: one list of counts for all who tell of it. */

import * as z from "zod";
import { formatBytes, formatCount } from "../units/print.ts";

const count = z.int().min(0);

export const noteSchema = z.strictObject({
  kind: z.enum(["repaired", "dropped", "passed over"]),
  /** What it came to, in words. */
  what: z.string(),
  unit: z.enum(["documents", "passages", "lines", "rows", "files", "folders"]),
  items: count,
  /** Of these how many there were in all; null where nobody counts them. */
  of: count.nullable(),
  /** Bytes that were changed or dropped; 0 where bytes say nothing. */
  bytes: count,
  /** Names of the first. */
  first: z.array(z.string()),
});

/** One kind of thing that happened to a source, counted. */
export type Note = z.infer<typeof noteSchema>;
type Key = Pick<Note, "kind" | "what" | "unit">;
type Counted = Key & { items: number; bytes: number; readonly first: string[] };

const FIRST_NAMES = 3;

/** Counts what happens to a source. */
export class Tally {
  readonly totals: Record<Note["unit"], number> = {
    documents: 0,
    passages: 0,
    lines: 0,
    rows: 0,
    files: 0,
    folders: 0,
  };
  readonly #counted = new Map<string, Counted>();

  add(kind: Note["kind"], unit: Note["unit"], what: string, name: string, bytes = 0): void {
    const key = `${unit} ${what}`;
    let counted = this.#counted.get(key);
    if (counted === undefined) {
      counted = { kind, what, unit, items: 0, bytes: 0, first: [] };
      this.#counted.set(key, counted);
    }
    counted.items += 1;
    counted.bytes += bytes;
    if (counted.first.length < FIRST_NAMES) counted.first.push(name);
  }

  get notes(): Note[] {
    return [...this.#counted.values()].map(({ kind, what, unit, items, bytes, first }) => {
      const of = this.totals[unit] || null;
      return { kind, what, unit, items, of, bytes, first };
    });
  }
}

/** A line for each note: `tales: 7 of 19 documents: bytes that are no UTF-8 replaced (23 B; a.txt, ...)`. */
export function noteLines(
  sources: readonly { readonly name: string; readonly notes: readonly Note[] }[],
): string[] {
  return sources.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${noteText(note)}`));
}

function noteText({ what, unit, items, of, bytes, first }: Note): string {
  const share = of === null ? formatCount(items) : `${formatCount(items)} of ${formatCount(of)}`;
  const names = first.length === 0 ? [] : [first.join(", ") + (items > first.length ? ", ..." : "")];
  const details = [...(bytes === 0 ? [] : [formatBytes(bytes)]), ...names].join("; ");
  return `${share} ${of === null && items === 1 ? unit.slice(0, -1) : unit}: ${what} (${details})`;
}
