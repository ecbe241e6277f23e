/** @file `longrun flight`: why ranks stand still, from the dumps of their flight recorders. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import {
  type Dumps,
  type FlightVerdict,
  findDivergence,
  type GroupFront,
  mixedAttempts,
  type Slip,
} from "../audit/flight/divergence.ts";
import { type Call, readFlightDump } from "../audit/flight/dump.ts";
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
  printResult({ json }, { ...findings, reading }, () => `${frontTable(findings.groups)}\n\n${reading}`);
}

/** Files of a folder that begin as dumps do. */
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

/** What it comes to, in sentences. */
function verdictText(verdict: FlightVerdict): string {
  switch (verdict.kind) {
    case "differs": {
      const { group, number, sides, slip } = verdict;
      const told = sides.map(({ ranks, call }) => `${ranksText(ranks)} ${calls(ranks)} ${callText(call)}`);
      return `call ${number} of group ${group} is not the same on all ranks: ${told.join("; ")}.${slipText(slip)}`;
    }
    case "behind": {
      const { group, ranks, missed, slip } = verdict;
      const { call } = missed;
      return (
        `${ranksText(ranks)} did not come to call ${call.number} of group ${group}, ${callText(call)}, which ` +
        `${ranksText(missed.ranks)} ${missed.ranks.length === 1 ? "has" : "have"} made.${slipText(slip)}`
      );
    }
    case "crossed": {
      const told = verdict.waits.map(
        ({ ranks, group, number, waitsFor }) =>
          `${ranksText(ranks)} ${ranks.length === 1 ? "waits" : "wait"} in call ${number} of group ${group} for ` +
          `rank ${waitsFor}`,
      );
      return `calls of several groups are not in the same order on all ranks: ${told.join("; ")}.`;
    }
    case "absent": {
      const { ranks, last } = verdict;
      const others = last
        ? `; the others were last in call ${last.call.number} of group ${last.call.group}, ${callText(last.call)}`
        : "";
      return `${ranksText(ranks)} left no dump, and nobody else is behind: look there first${others}.`;
    }
    case "alike": {
      const { group, waiting } = verdict;
      const { call, ranks } = waiting;
      return (
        `all of ${ranksText(ranks)} are in call ${call.number} of group ${group} (${callText(call)}), and none ` +
        "has come through: the network, or a slow call, rather than a rank."
      );
    }
    case "done":
      return "no rank waits for another in a collective.";
  }
}

const calls = ({ length }: readonly number[]) => (length === 1 ? "calls" : "call");

function slipText(slip: Slip | null): string {
  if (slip === null) return "";
  const from = slip.call.site === null ? "" : `, from ${slip.call.site}`;
  const what = slip.how === "left out" ? "left out" : "made one call more:";
  return ` By the calls after it, it has ${what} ${callText(slip.call)}${from}.`;
}

const callText = ({ name, inputs, outputs, dtypes }: Call) => {
  const sizes = inputs.length > 0 ? inputs : outputs;
  return sizes.length === 0 ? name : `${name} of ${JSON.stringify(sizes)} ${dtypes[0] ?? ""}`.trimEnd();
};

function ranksText(ranks: readonly number[]): string {
  if (ranks.length === 1) return `rank ${ranks[0]}`;
  return `ranks ${ranks.slice(0, -1).join(", ")} and ${ranks.at(-1)}`;
}
