/** @file `longrun fleet replay`: what a policy would have decided over a past record or a trace of faults. */

import type { Command } from "commander";
import { DEFAULT_POLICY, type Policy, readPolicy } from "../../fleet/decide/policy.ts";
import { sightingText } from "../../fleet/decide/sighting.ts";
import { readFaultTrace } from "../../fleet/replay/fault-trace.ts";
import { type ReplayedIncident, replayRecord } from "../../fleet/replay/replay-record.ts";
import { type ReplayedFault, replayTrace, type TraceReplay } from "../../fleet/replay/replay-trace.ts";
import { isFolder } from "../../input-file.ts";
import { readRecord } from "../../record/record.ts";
import { left, right } from "../../report/markdown.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";
import { fixed, formatList } from "../../units/print.ts";
import { type CommonOptions, finish, wholeNumber } from "../arguments.ts";
import { printAside, printResult } from "../output.ts";
import { table, wrapped } from "../terminal/table.ts";

type ReplayOptions = CommonOptions & { readonly policy?: string; readonly spares?: number };

export function defineReplay(command: Command): void {
  finish(
    command
      .argument("<source>", "a campaign's folder, or a trace of faults by machine, in JSON")
      .option("--policy <file>", "a policy in YAML (default: the one in docs/fleet.md)")
      .option(
        "--spares <n>",
        "of a trace: spare machines there are (default: as many as it takes)",
        wholeNumber("--spares", 0),
      ),
    "longrun fleet replay runs/first-light --policy policy.yaml\nlongrun fleet replay faults.json --spares 32",
  ).action(runReplay);
}

function runReplay(source: string, { json, policy: path, spares }: ReplayOptions): void {
  const policy = path === undefined ? DEFAULT_POLICY : readPolicy(path);
  if (isFolder(source)) replayFolder(source, policy, { json });
  else {
    const replay = replayTrace(readFaultTrace(source), policy, spares ?? null);
    const totals = totalsOf(replay.faults.map(({ decision }) => decision.action));
    printResult({ json }, { policy, totals, ...replay }, () => traceText(replay, totals));
  }
}

function replayFolder(folder: string, policy: Policy, { json }: { readonly json: true | undefined }): void {
  const { events, warnings } = readRecord(folder);
  warnings.forEach(printAside);
  const incidents = replayRecord(events, policy);
  const totals = totalsOf(incidents.map(({ now }) => now.action));
  printResult({ json }, { policy, totals, incidents }, () =>
    incidents.length === 0 ? "no incident of a run is in the record" : recordText(incidents, totals),
  );
}

type Totals = Readonly<Record<string, number>>;

function totalsOf(actions: readonly string[]): Totals {
  const counts = [...Map.groupBy(actions, (action) => action)].map(([action, { length }]) => [
    action,
    length,
  ]);
  return Object.fromEntries(counts) as Totals;
}

const totalsText = (totals: Totals) =>
  Object.entries(totals)
    .map(([action, count]) => `${count} ${action}`)
    .join(", ");

function traceText(replay: TraceReplay, totals: Totals): string {
  const { faults, numPlaces, sparesUsed, mostSparesAtOnce, excluded, numAvoided } = replay;
  const days = (faults.at(-1)!.atSeconds - faults[0]!.atSeconds) / DAY_SECONDS;
  return [
    table(faults, [
      right("day", ({ atSeconds }: ReplayedFault) => fixed(atSeconds / DAY_SECONDS, 2)),
      left("machine", ({ place }) => place.slice(0, MOST_NAME)),
      left("decision", ({ decision }) => decision.action),
      wrapped("fault and reason", ({ what, decision }) => `${what}; ${decision.reason}`),
    ]),
    "",
    `${faults.length} faults on ${numPlaces} machines in ${fixed(days, 0)} days: ${totalsText(totals)}`,
    `spares: used ${sparesUsed} times, ${mostSparesAtOnce} at once at most`,
    `excluded: ${excluded.length} machines, on which ${numAvoided} later faults fell`,
  ].join("\n");
}

/** Names of machines are often 36 characters that nobody tells apart by more than the first. */
const MOST_NAME = 12;

function recordText(incidents: readonly ReplayedIncident[], totals: Totals): string {
  const changed = incidents.filter(({ decided, now }) => decided !== null && decided.action !== now.action);
  return [
    table(incidents, [
      right("#", ({ sequence }: ReplayedIncident) => String(sequence)),
      left("run", ({ run }) => run),
      right("step", ({ failure }) => String(failure.step)),
      left("then", ({ decided }) => decided?.action ?? "-"),
      left("now", ({ now }) => now.action),
      wrapped(
        "incident and reason",
        ({ failure, now }) => `${sightingText(failure.sighting)}; ${now.reason}`,
      ),
    ]),
    "",
    `${incidents.length} incidents: ${totalsText(totals)}`,
    changed.length === 0
      ? "nothing would be decided otherwise"
      : `decided otherwise: ${formatList(changed.map(({ sequence }) => `#${sequence}`))}`,
  ].join("\n");
}
