/** @file `longrun flight`: why ranks stand still, from the dumps of their flight recorders. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import { type Dumps, findDivergence, type GroupFront, mixedAttempts } from "../audit/flight/divergence.ts";
import { readFlightDump } from "../audit/flight/dump.ts";
import { callText, verdictText } from "../audit/flight/reading.ts";
import { UserError } from "../errors.ts";
import { isFolder } from "../input-file.ts";
import { left, orDash, right } from "../report/markdown.ts";
import { formatSeconds } from "../units/print.ts";
import { type CommonOptions, finish } from "./arguments.ts";
import { printResult } from "./output.ts";
import { table } from "./terminal/table.ts";

export function defineFlight(command: Command): void {
  command.argument("<dumps...>", "a dump of each rank, or the folder that they are in");
  finish(command, "longrun flight /tmp/nccl_trace_rank_*").action(runFlight);
}

function runFlight(paths: readonly string[], { json }: CommonOptions): void {
  const dumps = readDumps(paths.flatMap(filesIn));
  const mixed = mixedAttempts(dumps);
  if (mixed !== null)
    throw new UserError(
      `dumps of different attempts: ${callText(mixed.call)} of ranks ${mixed.ranks.join(" and ")} ` +
        `${formatSeconds(mixed.seconds)} apart, and both say that they met`,
      "one attempt's",
      "give those of one attempt alone; or set the clocks of the nodes",
    );
  const findings = findDivergence(dumps);
  const reading = verdictText(findings.verdict);
  printResult({ json }, { ...findings, reading }, () => `${frontTable(findings.groups)}\n\n${reading}.`);
}

/** Of a folder, those whose names end with a rank. */
function filesIn(path: string): readonly string[] {
  if (!isFolder(path)) return [path];
  const files = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile());
  const dumps = files.map(({ name }) => join(path, name)).filter((file) => rankIn(file) !== null);
  if (dumps.length > 0) return dumps;
  throw new UserError(
    `no dump in ${path}`,
    "files whose names end with the rank: dump_0, rank-0.flight.json, nccl_trace_rank_0",
    "name the files themselves, or another folder",
  );
}

function readDumps(files: readonly string[]): Dumps {
  const dumps = new Map<
    number,
    { readonly file: string; readonly dump: ReturnType<typeof readFlightDump> }
  >();
  for (const file of files) {
    const rank = rankIn(file);
    const before = rank === null ? undefined : dumps.get(rank);
    if (rank === null || before)
      throw new UserError(
        before ? `two dumps of rank ${rank}: ${before.file} and ${file}` : `no rank in the name of ${file}`,
        "a dump of each rank, whose name ends with its number: dump_0, rank-0.flight.json",
        before ? "leave one of them out" : "rename it",
      );
    dumps.set(rank, { file, dump: readFlightDump(readFileSync(file), file) });
  }
  return new Map([...dumps].map(([rank, { dump }]) => [rank, dump] as const).sort(([a], [b]) => a - b));
}

/** The last number of a file's name; null: it has none. */
function rankIn(file: string): number | null {
  const name = basename(file, extname(file).replace(/^\.\d+$/, ""));
  const digits = name.match(/\d+/g)?.at(-1);
  return digits === undefined ? null : Number(digits);
}

function frontTable(groups: readonly GroupFront[]): string {
  const rows = groups.flatMap(({ group, fronts, absent }) => [
    ...fronts.map((front) => ({ group, ...front })),
    ...absent.map((rank) => ({ group, rank, joined: null, completed: null, last: null })),
  ]);
  return table(rows, [
    left("group", ({ group }) => group),
    right("rank", ({ rank }) => String(rank)),
    right("called", ({ joined }) => orDash(joined, String)),
    right("done", ({ completed }) => orDash(completed, String)),
    left("last call", ({ joined, last }) => (joined === null ? "no dump" : last ? callText(last) : "-")),
    left("from", ({ last }) => last?.site ?? "-"),
  ]);
}
