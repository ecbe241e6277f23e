/** @file The table of runs that a `longrun laws` command reads: its flags, its files, the rows set aside. */

import type { Command } from "commander";
import { ladderTable } from "../../campaign/account/ladder-table.ts";
import { UserError } from "../../errors.ts";
import { isFolder, isThere, readText } from "../../input-file.ts";
import { QUANTITIES } from "../../laws/table/column-names.ts";
import { parseColumns } from "../../laws/table/columns.ts";
import { readTable, type TableOptions } from "../../laws/table/read-table.ts";
import { joinTables, type RunTable, type SetAside } from "../../laws/table/run-table.ts";
import { formatList } from "../../units/print.ts";
import { type CommonOptions, given } from "../arguments.ts";
import { printAside } from "../output.ts";

export type TableFlags = CommonOptions & {
  readonly columns?: string;
  readonly where?: readonly string[];
  readonly keepAll?: true;
};

/** Adds --columns, --where and --keep-all. */
export function withTableFlags(command: Command): Command {
  return command
    .option(
      "--columns <names>",
      "what the table's columns are: n=params,d=tokens,c=flops,loss=val_loss,unique=...,weight=...",
    )
    .option(
      "--where <condition>",
      "use only these rows: column=value, or != < <= > >= between them; may be given again",
      (condition: string, before: readonly string[] = []) => [...before, condition],
    )
    .option("--keep-all", "keep the rows that would be set aside");
}

/** Reads the runs at `path`; several paths, with commas between them, are read as one table. */
export function readRunTable(path: string, options: TableOptions = {}): RunTable {
  const paths = isThere(path) ? [path] : path.split(",").filter((part) => part !== "");
  return joinTables(paths.map((part) => readOne(part, options)));
}

function readOne(path: string, options: TableOptions): RunTable {
  if (!isFolder(path)) return readTable(readText(path, WHAT), path, options);
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
    ...(flags.columns === undefined ? {} : { columns: parseColumns(flags.columns, QUANTITIES) }),
    ...given({ where: flags.where }),
    keepAll: flags.keepAll === true,
  };
}

/** How many runs were set aside, by reason, most first: one line, or a heading and a line for each. */
export function setAsideLines(setAside: readonly SetAside[]): readonly string[] {
  const groups = [...Map.groupBy(setAside, ({ reason }) => kindOf(reason)).values()].sort(
    (a, b) => b.length - a.length,
  );
  const total = `${setAside.length} ${setAside.length === 1 ? "run" : "runs"} set aside`;
  if (groups.length <= 1) return groups.map((group) => total + toldOf(group));
  return [`${total}:`, ...groups.map((group) => `  ${group.length}${toldOf(group)}`)];
}

/** Says the same on standard error. */
export function tellSetAside({ setAside }: Pick<RunTable, "setAside">): void {
  for (const line of setAsideLines(setAside)) printAside(line);
}

/** Reasons of one kind differ in their numbers, and in what they name before a colon. */
function kindOf(reason: string): string {
  return reason
    .split(": ")
    .at(-1)!
    .replaceAll(/[-+]?\d[\d.]*(e[-+]?\d+)?/gi, "#");
}

const MOST_NAMED = 6;

function toldOf(group: readonly SetAside[]): string {
  const [{ run, reason }] = group as [SetAside];
  if (group.length === 1) return ` (${run}): ${reason}`;
  if (group.some((other) => other.reason !== reason)) return `, such as ${run}: ${reason}`;
  const names = formatList(
    group.map((other) => other.run),
    MOST_NAMED,
  );
  return ` (${names}): ${reason}`;
}
