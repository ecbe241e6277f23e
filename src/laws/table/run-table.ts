/** @file A table of finished runs as data, and several tables as one. */

import { assert, UserError } from "../../errors.ts";
import type { Run } from "../../law/law.ts";

/** One run of a table. What the table does not say and no law asked for is NaN. */
export type TableRun = Run & {
  /** A name to call it by: its own, or its line in the file. Rows of one run (its checkpoints) share it. */
  readonly run: string;
  /** Runs of one design with different seeds, where the table says so. */
  readonly seed?: number;
  /** How much the run counts in a fit; left out: 1. */
  readonly weight?: number;
  /** Numbers of the columns asked for by `TableOptions.extra`; left out where the cell has none. */
  readonly extra?: Readonly<Record<string, number>>;
};

/** A run that was not used, and why. */
export type SetAside = { readonly run: string; readonly reason: string };

/** A table of finished runs, in one convention. */
export type RunTable = {
  /** What was read: a path, for messages. */
  readonly source: string;
  readonly runs: readonly TableRun[];
  readonly setAside: readonly SetAside[];
  readonly warnings: readonly string[];
  /** What N, C and D are taken to count, and in which column the loss stands. */
  readonly conventions: {
    readonly parameters: string;
    readonly compute: string;
    readonly tokens?: string;
    readonly loss?: string;
  };
};

/** Joins tables; their runs' names say the source. Throws a `UserError` where conventions differ. */
export function joinTables(tables: readonly RunTable[]): RunTable {
  const [first, ...others] = tables;
  assert(first, "there is a table to join");
  if (others.length === 0) return first;
  const odd = others.find(
    ({ conventions }) => JSON.stringify(conventions) !== JSON.stringify(first.conventions),
  );
  if (odd) {
    const counting = ({ source, conventions: { parameters, compute } }: RunTable) =>
      `${source} has N ${parameters} and C ${compute}`;
    throw new UserError(
      `${counting(first)}; ${counting(odd)}`,
      "tables that count parameters and FLOPs alike",
      "bring the files to one convention, with the same headings",
    );
  }
  const inSource = <Row extends { readonly run: string }>(source: string, rows: readonly Row[]) =>
    rows.map((row) => ({ ...row, run: `${source}: ${row.run}` }));
  return {
    source: tables.map(({ source }) => source).join(", "),
    runs: tables.flatMap(({ source, runs }) => inSource(source, runs)),
    setAside: tables.flatMap(({ source, setAside }) => inSource(source, setAside)),
    warnings: tables.flatMap(({ warnings }) => warnings),
    conventions: first.conventions,
  };
}
