/** @file The table of runs that a `longrun laws` command was given: a file, or folders of campaigns. */

import { readFileSync, statSync } from "node:fs";
import { ladderTable } from "../../campaign/account/ladder-table.ts";
import { UserError } from "../../errors.ts";
import { unknownQuantity } from "../../laws/table/columns.ts";
import { QUANTITIES, type TableQuantity } from "../../laws/table/names.ts";
import { readTable, type TableOptions } from "../../laws/table/read-table.ts";
import { joinTables, type RunTable } from "../../laws/table/table.ts";
import type { TableFlags } from "./options.ts";

/** Reads the runs at `path`; several paths, with commas between them, are read as one table. */
export function readRunTable(path: string, options: TableOptions = {}): RunTable {
  const whole = statSync(path, { throwIfNoEntry: false });
  const paths = whole ? [path] : path.split(",").filter((part) => part !== "");
  return joinTables(paths.map((part) => readOne(part, options)));
}

function readOne(path: string, options: TableOptions): RunTable {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new UserError(`no file ${path}`, WHAT, "check the path");
  if (!found.isDirectory()) return readTable(readFileSync(path, "utf8"), path, options);
  if (options.columns ?? options.where?.length)
    throw new UserError(
      `--columns or --where for ${path}, a folder`,
      "a file of runs",
      "leave them out: a record has no columns",
    );
  const [column] = Object.keys(options.extra ?? {});
  if (column !== undefined)
    throw new UserError(
      `the column ${column} of ${path}, a folder`,
      "a file of runs with that column",
      `write one: longrun eval ${path} --csv FILE`,
    );
  return ladderTable(path);
}

const WHAT =
  "CSV, TSV, JSON lines or a JSON array of runs, or the folder of a campaign whose ladder is finished";

/** What the flags --columns, --where and --keep-all ask of the table. */
export function tableOptions(flags: TableFlags): TableOptions {
  return {
    ...(flags.columns === undefined ? {} : { columns: parseColumns(flags.columns) }),
    ...(flags.where === undefined ? {} : { where: flags.where }),
    keepAll: flags.keepAll === true,
  };
}

/** Parses `--columns n=...,d=...`. A name may hold , and =: only known quantities start a new one. */
export function parseColumns(text: string): Partial<Record<TableQuantity, string>> {
  const pairs: [string, string][] = [];
  for (const part of text.split(",")) {
    const [, quantity, name] = /^\s*(\w+)\s*=\s*(.*)$/.exec(part) ?? [];
    const known = quantity !== undefined && (QUANTITIES as readonly string[]).includes(quantity);
    const last = pairs.at(-1);
    if (known) pairs.push([quantity, name!.trim()]);
    else if (last && quantity === undefined) last[1] += `,${part}`;
    else throw unknownQuantity(quantity ?? part.trim());
  }
  return Object.fromEntries(pairs);
}
