/** @file `longrun status`: where a campaign stands: its record, and Slurm where a job carries it. */

import type { Command } from "commander";
import { accountOf } from "../campaign/account/account.ts";
import { incidentsIn } from "../campaign/account/incidents.ts";
import { type RunState, runStates } from "../campaign/account/run-states.ts";
import { jobsOfFolder } from "../fleet/account/folder-jobs.ts";
import type { JobStatus } from "../fleet/account/job-status.ts";
import { isThere } from "../input-file.ts";
import { damageText, isTruth, refuseDamaged } from "../record/custody.ts";
import { eventsOf } from "../record/events.ts";
import { type RecordContent, readRecord, recordPath } from "../record/record.ts";
import type { CampaignStatus, IncidentFact, ReportData } from "../report/data.ts";
import { featureJson, featureLine } from "../report/feature-section.ts";
import { left, orDash, right } from "../report/markdown.ts";
import { formatCount, formatSeconds, significant } from "../units/print.ts";
import { type CommonOptions, DEFAULT_FOLDER, finish } from "./arguments.ts";
import { jobLines } from "./jobs-status.ts";
import { printResult } from "./output.ts";
import { type Paint, paintFor } from "./terminal/paint.ts";
import { table, truncate } from "./terminal/table.ts";
import { verdictTable } from "./terminal/verdict-table.ts";

export function defineStatus(command: Command): void {
  command.argument("[folder]", "the campaign's folder", DEFAULT_FOLDER);
  finish(command, "longrun status runs/first-light").action(runStatus);
}

async function runStatus(folder: string, { json }: CommonOptions): Promise<void> {
  const jobs = await jobsOfFolder(folder);
  if (jobs && !isThere(recordPath(folder))) {
    printResult({ json }, { runs: [], ...jobs }, () => jobLines(jobs, terminalWidth()).join("\n"));
    return;
  }
  const record = readRecord(folder);
  const runs = runStates(record.events);
  if (eventsOf(record.events, "campaign-planned").length === 0 && (runs.length > 0 || jobs)) {
    runsStatus(folder, record, { runs, jobs }, json);
    return;
  }
  const account = accountOf(folder);
  printResult({ json }, { ...statusJson(account, runs), ...jobs }, () => statusText(account, runs, jobs));
  refuseDamaged(folder, account.damaged.filter(isTruth));
}

const terminalWidth = () => process.stdout.columns ?? 110;

/** Runs without a campaign: of `longrun run`, from a file or of a command. */
function runsStatus(
  folder: string,
  { events, head }: RecordContent,
  { runs, jobs }: { readonly runs: readonly RunState[]; readonly jobs: JobStatus | null },
  json: CommonOptions["json"],
): void {
  const incidents = incidentsIn(folder, events);
  const record = { events: events.length, headHash: head, path: recordPath(folder) };
  printResult({ json }, { runs, ...jobs, incidents, record }, () =>
    [
      ...(runs.length > 0 ? [runsTable(runs, paintFor(process.stdout), terminalWidth())] : []),
      ...titled("jobs", jobLines(jobs, terminalWidth())),
      ...titled("incidents", incidents.map(incidentLine)),
      "",
      recordLine(record),
    ].join("\n"),
  );
}

const incidentLine = ({ at, run, kind, evidence, recovery }: IncidentFact) =>
  `${at.slice(0, 19)} ${run}: ${kind} (${truncate(evidence, 400)}); ${recovery}`;

const recordLine = ({ path, events, headHash }: ReportData["record"]) =>
  `${path}: ${events} events, head ${headHash}`;

function statusJson(
  { campaign, gates, features, verdict, damaged, incidents, record }: ReportData,
  runs: readonly RunState[],
): object {
  return {
    campaign,
    runs,
    gates,
    ...(features.length > 0 ? { features: features.map(featureJson) } : {}),
    predictions: verdict,
    damaged,
    incidents,
    record,
  };
}

function statusText(
  { campaign, gates, features, verdict, damaged, incidents, record }: ReportData,
  runs: readonly RunState[],
  jobs: JobStatus | null,
): string {
  const paint = paintFor(process.stdout);
  const width = terminalWidth();
  const gateLines = gates.map(
    ({ gate, decision, reason, accepted }) =>
      `${gate}: ${decision}, ${reason}${accepted === null ? "" : ` (accepted: ${accepted.because})`}`,
  );
  return [
    `${campaign.name}: ${statusLine(campaign.status)}; ` +
      `${formatSeconds(campaign.seconds)} of work since ${campaign.startedAt.slice(0, 19)}`,
    ...titled("runs", runs.length === 0 ? [] : [runsTable(runs, paint, width)]),
    ...titled("jobs", jobLines(jobs, width)),
    ...titled("features", features.map(featureLine)),
    ...titled("gates", gateLines),
    ...titled("predictions", verdict.length === 0 ? [] : [verdictTable(verdict, paint, width)]),
    ...titled("files that are no longer what the record says", damaged.map(damageText)),
    ...titled("incidents", incidents.map(incidentLine)),
    "",
    recordLine(record),
  ].join("\n");
}

const titled = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : ["", title, ...lines]);

function statusLine(status: CampaignStatus): string {
  if (status.kind === "finished") return "finished";
  return status.kind === "running" ? `stage ${status.stage}` : `${status.kind}, ${status.reason}`;
}

const COLOURS = {
  completed: "green",
  "under way": "yellow",
  stopped: "yellow",
  held: "red",
  diverged: "red",
} as const;

function runsTable(runs: readonly RunState[], paint: Paint, width: number): string {
  const reasons = runs.flatMap(({ run, state, reason }) =>
    reason === null ? [] : [`${run} is ${state}: ${reason}`],
  );
  const states = table(
    runs,
    [
      left("run", ({ run }) => run),
      left("state", ({ state }) => paint(COLOURS[state], state)),
      right("attempts", ({ attempts }) => String(attempts)),
      right("steps", ({ steps }) => formatCount(steps)),
      right("bits per byte", ({ bitsPerByte }) => orDash(bitsPerByte, (value) => significant(value, 4))),
      right("nats per token", ({ natsPerToken }) => orDash(natsPerToken, (value) => significant(value, 4))),
      right("time", ({ seconds }) => orDash(seconds, formatSeconds)),
    ],
    width,
  );
  return [states, ...reasons].join("\n");
}
